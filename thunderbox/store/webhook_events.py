"""Webhook events: what happened, written with the fact itself, and who is to be told.

Each receiver gets a delivery of its own (webhook_deliveries). The channel CHANNEL names the
receivers that something waits for, once the transaction is committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read_all, to_json

CHANNEL = "webhooks"
CHANGES = "webhook receivers"
"""The channel that names receivers whose URL, secret or status has changed."""
LEGACY = "legacy:"
"""The receiver that is the single URL of an organization: this, and the organization's id."""
NUMBER = "number:"
"""The receiver that is the webhook of a number: this, and the number's id."""
KEY = "key:"
"""The receiver that is the webhook of a publishable key: this, and the key's id."""


class Receiver(Struct, kw_only=True, frozen=True):
    """Who is told; `endpoint_id` is None for the URL of an organization or a publishable key."""

    key: str
    endpoint_id: str | None


class NewWebhookEvent(Struct, kw_only=True):
    """An event; `data` is the JSON that is sent."""

    org_id: int
    type: str
    legacy_type: str
    """Its name at what is no endpoint."""
    call_id: int | None
    agent_id: int | None
    data: str


async def receivers(
    db: Source,
    org_id: int,
    event_type: str,
    agent_id: int | None,
    *,
    on_demand: bool,
    key_id: int | None = None,
) -> list[Receiver]:
    """Who is to be told of an event; of one on demand only who names it.

    Of a session that a publishable key with a webhook opened, that one is told in the place of
    the single URL of the organization.
    """
    rows = await db.fetch_all(
        "WITH own AS (SELECT id FROM publishable_keys WHERE id = ?6 AND org_id = ?1 "
        "AND mode = 'webhook' AND webhook_url IS NOT NULL) "
        "SELECT id AS key, id AS endpoint_id FROM webhook_endpoints "
        "WHERE org_id = ?1 AND status <> 'disabled' AND (agent_id IS NULL OR agent_id = ?3) "
        "AND (EXISTS (SELECT 1 FROM json_each(events) WHERE value = ?2) "
        "OR (NOT ?4 AND events = '[]')) "
        "UNION ALL SELECT ?5 || org_id, NULL FROM organization_webhooks "
        "WHERE org_id = ?1 AND url <> '' AND NOT ?4 AND NOT EXISTS (SELECT 1 FROM own) "
        "UNION ALL SELECT ?7 || id, NULL FROM own WHERE NOT ?4",
        (org_id, event_type, agent_id, on_demand, LEGACY, key_id, KEY),
    )
    return read_all(Receiver, rows)


async def insert(tx: Transaction, new: NewWebhookEvent, told: Sequence[Receiver]) -> str:
    """Write an event with a delivery to each of some receivers, due at once; its id, a UUID."""
    event_id, now = str(uuid.uuid4()), now_ms()
    await _event(tx, event_id, new, now)
    await tx.execute(
        "INSERT INTO webhook_deliveries (event_id, org_id, receiver, endpoint_id, event_type, "
        "call_id, agent_id, next_attempt_at, created_at) "
        "SELECT ?1, ?2, value ->> 'key', value ->> 'endpoint_id', "
        "CASE WHEN value ->> 'endpoint_id' IS NULL THEN ?4 ELSE ?3 END, ?5, ?6, ?7, ?7 "
        "FROM json_each(?8)",
        (
            event_id,
            new.org_id,
            new.type,
            new.legacy_type,
            new.call_id,
            new.agent_id,
            now,
            to_json(told),
        ),
    )
    tx.notify(CHANNEL, [receiver.key for receiver in told])
    return event_id


async def insert_test(
    tx: Transaction, new: NewWebhookEvent, receiver: Receiver, again_at: int
) -> tuple[str, int]:
    """Write an event for one receiver alone, which is sent by whoever writes it.

    Its delivery is due again at `again_at`. Gives the ids of both.
    """
    event_id, now = str(uuid.uuid4()), now_ms()
    await _event(tx, event_id, new, now)
    row = await tx.fetch_one(
        "INSERT INTO webhook_deliveries (event_id, org_id, receiver, endpoint_id, event_type, "
        "call_id, agent_id, is_test, next_attempt_at, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?) RETURNING id",
        (
            event_id,
            new.org_id,
            receiver.key,
            receiver.endpoint_id,
            new.type,
            new.call_id,
            new.agent_id,
            again_at,
            now,
        ),
    )
    assert row is not None
    return event_id, int(row["id"])


async def prune(tx: Transaction, before_ms: int, limit: int) -> int:
    """Delete some events older than this, with their deliveries; how many there were."""
    rows = await tx.fetch_all(
        "DELETE FROM webhook_events WHERE id IN (SELECT id FROM webhook_events "
        "WHERE created_at < ? ORDER BY created_at LIMIT ?) RETURNING id",
        (before_ms, limit),
    )
    return len(rows)


async def _event(tx: Transaction, event_id: str, new: NewWebhookEvent, now: int) -> None:
    await tx.execute(
        "INSERT INTO webhook_events (id, org_id, call_id, agent_id, data, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (event_id, new.org_id, new.call_id, new.agent_id, new.data, now),
    )
