"""Webhook endpoints: the URLs that are told of an organization's events, each with its secret."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json
from thunderbox.store.webhook_events import CHANGES

_SELECT = (
    "SELECT webhook_endpoints.*, agents.name AS agent_name FROM webhook_endpoints "
    "LEFT JOIN agents ON agents.id = webhook_endpoints.agent_id "
    "AND agents.org_id = webhook_endpoints.org_id WHERE webhook_endpoints."
)


class NewWebhookEndpoint(Struct, kw_only=True):
    """What a writer decides about an endpoint."""

    label: str
    url: str
    events: list[str] = msgspec.field(default_factory=list)
    """The names of events; none means all."""
    agent_id: int | None = None
    """Only what this agent's calls bring; None for all."""
    status: str = "active"
    """`active`, `disabled`, or `failing`: nothing arrived for a day, and it goes on trying."""


class WebhookEndpoint(NewWebhookEndpoint, kw_only=True):
    """An endpoint; `agent_name` is None where there is no agent. Times in ms."""

    id: str
    org_id: int
    failing_since: int | None
    secret: str
    previous_secret: str | None
    previous_secret_until: int | None
    created_at: int
    updated_at: int
    agent_name: str | None

    def signing_secrets(self, now: int) -> tuple[str, ...]:
        """What signs at this time: the secret, and for a while the one before it."""
        if self.previous_secret is None or now >= (self.previous_secret_until or 0):
            return (self.secret,)
        return (self.secret, self.previous_secret)


def new_secret() -> str:
    """A fresh signing secret, `whsec_…`."""
    return f"whsec_{secrets.token_urlsafe(32)[:42]}"


async def insert(
    tx: Transaction, org_id: int, new: NewWebhookEndpoint, secret: str
) -> WebhookEndpoint:
    """Add an endpoint."""
    now = now_ms()
    endpoint_id = str(uuid.uuid4())
    await tx.execute(
        "INSERT INTO webhook_endpoints (id, org_id, label, url, events, agent_id, status, secret, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (endpoint_id, org_id, *_values(new), secret, now, now),
    )
    return await _stored(tx, endpoint_id)


async def get(db: Source, org_id: int, endpoint_id: str) -> WebhookEndpoint | None:
    """One endpoint."""
    row = await db.fetch_one(
        f"{_SELECT}id = ? AND webhook_endpoints.org_id = ?", (endpoint_id, org_id)
    )
    return read_optional(WebhookEndpoint, row)


async def by_id(db: Source, endpoint_id: str) -> WebhookEndpoint | None:
    """One endpoint, whoever owns it."""
    return read_optional(WebhookEndpoint, await db.fetch_one(f"{_SELECT}id = ?", (endpoint_id,)))


async def page(db: Source, org_id: int) -> list[WebhookEndpoint]:
    """Every endpoint of an organization, newest first."""
    rows = await db.fetch_all(
        f"{_SELECT}org_id = ? ORDER BY webhook_endpoints.created_at DESC, "
        "webhook_endpoints.rowid DESC",
        (org_id,),
    )
    return read_all(WebhookEndpoint, rows)


async def count(db: Source, org_id: int) -> int:
    """How many endpoints an organization has."""
    row = await db.fetch_one(
        "SELECT count(*) AS found FROM webhook_endpoints WHERE org_id = ?", (org_id,)
    )
    return 0 if row is None else int(row["found"])


async def subscribed(
    db: Source, org_id: int, event_type: str, agent_id: int | None, *, unasked: bool = True
) -> list[WebhookEndpoint]:
    """The endpoints that are to hear of an event of an agent's call, oldest first.

    `unasked` says whether those hear of it, too, that name no events.
    """
    rows = await db.fetch_all(
        f"{_SELECT}org_id = ? AND webhook_endpoints.status <> 'disabled' "  # noqa: S608 - fixed text
        "AND (webhook_endpoints.agent_id IS NULL OR webhook_endpoints.agent_id = ?) "
        "AND (EXISTS (SELECT 1 FROM json_each(webhook_endpoints.events) WHERE value = ?) "
        "OR (? AND webhook_endpoints.events = '[]')) "
        "ORDER BY webhook_endpoints.created_at, webhook_endpoints.rowid",
        (org_id, agent_id, event_type, unasked),
    )
    return read_all(WebhookEndpoint, rows)


async def update(tx: Transaction, old: WebhookEndpoint, new: NewWebhookEndpoint) -> WebhookEndpoint:
    """Replace what a writer decides; one that is made active has not failed yet."""
    await tx.execute(
        "UPDATE webhook_endpoints SET label = ?, url = ?, events = ?, agent_id = ?, status = ?, "
        "failing_since = ?, updated_at = max(?, updated_at + 1) WHERE id = ?",
        (
            *_values(new),
            None if new.status == "active" else old.failing_since,
            now_ms(),
            old.id,
        ),
    )
    tx.notify(CHANGES, [old.id])
    return await _stored(tx, old.id)


async def rotate(
    tx: Transaction, endpoint_id: str, secret: str, overlap_ms: int
) -> WebhookEndpoint:
    """Give an endpoint another secret; the old one signs beside it for a while."""
    now = now_ms()
    await tx.execute(
        "UPDATE webhook_endpoints SET previous_secret = CASE WHEN ? > 0 THEN secret END, "
        "previous_secret_until = CASE WHEN ? > 0 THEN ? END, secret = ?, "
        "updated_at = max(?, updated_at + 1) WHERE id = ?",
        (overlap_ms, overlap_ms, now + overlap_ms, secret, now, endpoint_id),
    )
    tx.notify(CHANGES, [endpoint_id])
    return await _stored(tx, endpoint_id)


async def delete(tx: Transaction, org_id: int, endpoint_id: str) -> bool:
    """Take an endpoint away with its deliveries; False when there is none."""
    row = await tx.fetch_one(
        "DELETE FROM webhook_endpoints WHERE id = ? AND org_id = ? RETURNING id",
        (endpoint_id, org_id),
    )
    tx.notify(CHANGES, [endpoint_id])
    return row is not None


async def note_success(tx: Transaction, endpoint_id: str) -> None:
    """Something arrived: an endpoint that failed has healed."""
    await tx.execute(
        "UPDATE webhook_endpoints SET failing_since = NULL, "
        "status = CASE status WHEN 'failing' THEN 'active' ELSE status END "
        "WHERE id = ? AND (failing_since IS NOT NULL OR status = 'failing')",
        (endpoint_id,),
    )


async def note_failure(tx: Transaction, endpoint_id: str, at_ms: int, patience_ms: int) -> bool:
    """Something did not arrive; True when the endpoint has become failing by it."""
    row = await tx.fetch_one(
        "UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, ?) "
        "WHERE id = ? RETURNING failing_since, status",
        (at_ms, endpoint_id),
    )
    if row is None or row["status"] != "active" or at_ms - row["failing_since"] < patience_ms:
        return False
    await tx.execute("UPDATE webhook_endpoints SET status = 'failing' WHERE id = ?", (endpoint_id,))
    return True


def _values(new: NewWebhookEndpoint) -> tuple[Any, ...]:
    """The columns of NewWebhookEndpoint in their order."""
    return (new.label, new.url, to_json(new.events), new.agent_id, new.status)


async def _stored(tx: Transaction, endpoint_id: str) -> WebhookEndpoint:
    row = await tx.fetch_one(f"{_SELECT}id = ?", (endpoint_id,))
    assert row is not None
    return read(WebhookEndpoint, row)
