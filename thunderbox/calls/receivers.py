"""Receivers: which servers are asked who answers a call, and in which order.

A session in a web page is asked about only where a publishable key with a webhook opens it:
that webhook is asked alone. Everybody else is told that the session begins (events/outbox.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from thunderbox.events import catalogue
from thunderbox.store import organization_webhooks, webhook_endpoints
from thunderbox.store.calls import Direction
from thunderbox.store.database import Source
from thunderbox.store.phone_numbers import PhoneNumber
from thunderbox.store.publishable_keys import PublishableKey
from thunderbox.store.webhook_events import KEY, LEGACY, NUMBER


@dataclass(frozen=True, slots=True)
class Receiver:
    """One server that is asked."""

    name: str
    """For the log; never the URL, which may hold a password."""

    url: str
    event: str
    """What it knows the question as: `telephony.incoming`, or `call.incoming`."""

    secrets: tuple[str, ...]
    """What signs the question, the newest first; that one signs the call's tool requests, too."""

    key: str
    """What the log of deliveries knows it as."""

    endpoint_id: str | None = None
    """None for the single URLs."""


async def of_number(db: Source, line: PhoneNumber, now_ms: int) -> list[Receiver]:
    """Who is asked about a call to a number; the first of them that configures the call wins.

    A number's own webhook is asked alone. Otherwise every endpoint is that wants to know, the
    oldest first, and after them the single URL of the organization.
    """
    if line.webhook_url and line.webhook_signing_secret:
        secrets = (line.webhook_signing_secret,)
        event = catalogue.legacy_name(event_of("inbound"))
        name, key = f"the webhook of {line.number}", f"{NUMBER}{line.id}"
        return [Receiver(name, line.webhook_url, event, secrets, key)]
    return await of_organization(db, line.org_id, "inbound", line.inbound_agent_id, now_ms)


def of_key(key: PublishableKey) -> list[Receiver]:
    """Who is asked about a session that a key opens: its own webhook, or nobody."""
    if key.mode != "webhook" or not key.webhook_url:
        return []
    event = catalogue.legacy_name(event_of("widget"))
    name, receiver = f"the webhook of publishable key {key.id}", f"{KEY}{key.id}"
    return [Receiver(name, key.webhook_url, event, (key.webhook_secret,), receiver)]


async def of_organization(
    db: Source, org_id: int, direction: Direction, agent_id: int | None, now_ms: int
) -> list[Receiver]:
    """Who is asked where nothing nearer to the call has a webhook of its own.

    Of a session in a web page they are told, not asked; the secret of the first of them signs the
    requests of its tools.
    """
    event = event_of(direction)
    found = [
        Receiver(
            f'endpoint {endpoint.id} ("{endpoint.label}")',
            endpoint.url,
            event,
            endpoint.signing_secrets(now_ms),
            endpoint.id,
            endpoint.id,
        )
        for endpoint in await webhook_endpoints.subscribed(db, org_id, event, agent_id)
    ]
    single = await organization_webhooks.get(db, org_id)
    if single is not None and single.url:
        event = catalogue.legacy_name(event)
        name, key = "the organization's webhook", f"{LEGACY}{org_id}"
        found.append(Receiver(name, single.url, event, (single.secret,), key))
    return found


def event_of(direction: Direction) -> str:
    """What endpoints know the question as."""
    return catalogue.of_call(direction, "incoming")
