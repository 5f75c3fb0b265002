"""Targets: where each receiver is, and what signs what it gets."""

from __future__ import annotations

from collections.abc import Callable

from thunderbox.events.sender import Target
from thunderbox.store import organization_webhooks, publishable_keys, webhook_endpoints
from thunderbox.store.database import Source
from thunderbox.store.webhook_events import KEY, LEGACY


async def of(db: Source, receiver: str) -> Callable[[int], Target] | None:
    """Where a receiver is, at a time in ms; None while it wants nothing."""
    if receiver.startswith(LEGACY):
        webhook = await organization_webhooks.get(db, int(receiver.removeprefix(LEGACY)))
        return _single(webhook.url, webhook.secret) if webhook is not None else None
    if receiver.startswith(KEY):
        key = await publishable_keys.by_id(db, int(receiver.removeprefix(KEY)))
        if key is None or key.mode != "webhook":
            return None
        return _single(key.webhook_url or "", key.webhook_secret)
    endpoint = await webhook_endpoints.by_id(db, receiver)
    if endpoint is None or endpoint.status == "disabled":
        return None
    return lambda now: Target(endpoint.url, endpoint.signing_secrets(now))


def _single(url: str, secret: str) -> Callable[[int], Target] | None:
    """A URL with one secret, whenever it is."""
    target = Target(url, (secret,))
    return (lambda _: target) if url else None
