"""Webhook deliveries: what each receiver is still to be told, and how telling it went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import read_all, read_optional, to_json
from thunderbox.store.webhook_events import CHANNEL

Status = Literal["retrying", "delivered", "failed"]
Category = Literal["timeout", "dns", "tls", "connection", "http_error", "other"]

HOLD_MS = 66_000
"""An event that failed holds up later ones of its call where it is tried again so soon: a minute,
and the tenth by which waits are spread."""


class Due(Struct, kw_only=True, frozen=True):
    """A delivery that is to be made, with its event; times in ms."""

    id: int
    event_id: str
    event_type: str
    endpoint_id: str | None
    org_id: int
    call_id: int | None
    is_test: bool
    attempt_count: int
    tries: int
    tried_since: int | None
    next_attempt_at: int
    data: str
    created_at: int
    """When the event happened."""


class Delivery(Struct, kw_only=True):
    """A delivery as the log shows it; times in ms."""

    id: int
    event_id: str
    receiver: str
    endpoint_id: str | None
    endpoint_label: str | None
    event_type: str
    call_id: int | None
    agent_id: int | None
    is_test: bool
    is_question: bool
    """Whether a call waited for the answer; such a delivery is not made again."""
    status: str
    attempt_count: int
    last_attempt_at: int | None
    next_attempt_at: int | None
    url: str | None
    http_status: int | None
    failure_category: str | None
    error: str
    created_at: int


class Attempt(Struct, kw_only=True, frozen=True):
    """One try: when, how long it took, and why it failed if it did."""

    number: int
    at: int
    duration_ms: int
    http_status: int | None
    failure_category: str | None
    error: str


class Outcome(Struct, kw_only=True, frozen=True):
    """What a try came to, and when the next one is due; None for never."""

    delivery_id: int
    url: str
    attempt: Attempt
    status: Status
    tries: int
    tried_since: int
    next_attempt_at: int | None


class DeliveryFilter(Struct, kw_only=True, frozen=True):
    """Which deliveries to list; None means all."""

    endpoint_id: str | None = None
    event_type: str | None = None
    status: str | None = None
    agent_id: int | None = None
    since: int | None = None


_SELECT = (
    "SELECT webhook_deliveries.*, webhook_endpoints.label AS endpoint_label "
    "FROM webhook_deliveries LEFT JOIN webhook_endpoints "
    "ON webhook_endpoints.id = webhook_deliveries.endpoint_id WHERE webhook_deliveries."
)


async def waiting(db: Source) -> list[str]:
    """Every receiver that something waits for."""
    rows = await db.fetch_all(
        "SELECT DISTINCT receiver FROM webhook_deliveries WHERE status = 'retrying'"
    )
    return [row["receiver"] for row in rows]


async def due(
    db: Source,
    receiver: str,
    now: int,
    limit: int,
    *,
    known: Collection[int] = (),
    calls: Collection[int] = (),
) -> list[Due]:
    """What a receiver is to be told now; the longest due first.

    Without deliveries that are known already, and without events of some calls.

    What happened in a call after an event that has failed once waits for the second try of that,
    where it comes within HOLD_MS.
    """
    rows = await db.fetch_all(
        "SELECT webhook_deliveries.*, webhook_events.data, "
        "webhook_events.created_at AS created_at FROM webhook_deliveries "
        "JOIN webhook_events ON webhook_events.id = webhook_deliveries.event_id "
        "WHERE receiver = ? AND status = 'retrying' AND next_attempt_at <= ? "
        "AND webhook_deliveries.id NOT IN (SELECT value FROM json_each(?)) "
        "AND ifnull(webhook_deliveries.call_id, -1) NOT IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM webhook_deliveries AS earlier "
        "WHERE earlier.receiver = webhook_deliveries.receiver "
        "AND earlier.call_id = webhook_deliveries.call_id "
        "AND earlier.id < webhook_deliveries.id "
        "AND earlier.status = 'retrying' AND earlier.tries = 1 "
        "AND earlier.next_attempt_at - earlier.last_attempt_at <= ?) "
        "ORDER BY next_attempt_at, webhook_deliveries.id LIMIT ?",
        (receiver, now, to_json(sorted(known)), to_json(sorted(calls)), HOLD_MS, limit),
    )
    return read_all(Due, rows)


async def next_due(db: Source, receiver: str, after: int) -> int | None:
    """When a receiver is to be told something next, after a time; None for never."""
    row = await db.fetch_one(
        "SELECT min(next_attempt_at) AS due FROM webhook_deliveries "
        "WHERE receiver = ? AND status = 'retrying' AND next_attempt_at > ?",
        (receiver, after),
    )
    return None if row is None else row["due"]


async def one(db: Source, delivery_id: int) -> Due | None:
    """A delivery with its event, due or not."""
    row = await db.fetch_one(
        "SELECT webhook_deliveries.*, webhook_events.data, "
        "webhook_events.created_at AS created_at FROM webhook_deliveries "
        "JOIN webhook_events ON webhook_events.id = webhook_deliveries.event_id "
        "WHERE webhook_deliveries.id = ?",
        (delivery_id,),
    )
    return read_optional(Due, row)


async def write(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Write what tries came to, one of each delivery; of deliveries that are gone, nothing."""
    text = to_json(outcomes)
    await tx.execute(
        "UPDATE webhook_deliveries SET status = made ->> 'status', "
        "attempt_count = attempt_count + 1, tries = made ->> 'tries', "
        "tried_since = made ->> 'tried_since', last_attempt_at = made ->> '$.attempt.at', "
        "next_attempt_at = made ->> 'next_attempt_at', url = made ->> 'url', "
        "http_status = made ->> '$.attempt.http_status', "
        "failure_category = made ->> '$.attempt.failure_category', "
        "error = made ->> '$.attempt.error' "
        "FROM (SELECT value AS made FROM json_each(?)) WHERE id = made ->> 'delivery_id'",
        (text,),
    )
    await tx.execute(
        "INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, http_status, "
        "failure_category, error) SELECT id, attempt_count, made ->> '$.attempt.at', "
        "made ->> '$.attempt.duration_ms', made ->> '$.attempt.http_status', "
        "made ->> '$.attempt.failure_category', made ->> '$.attempt.error' "
        "FROM (SELECT value AS made FROM json_each(?)) "
        "JOIN webhook_deliveries ON id = made ->> 'delivery_id'",
        (text,),
    )


async def give_up(tx: Transaction, receiver: str, why: str) -> None:
    """Send a receiver nothing of what it still waits for."""
    await tx.execute(
        "UPDATE webhook_deliveries SET status = 'failed', next_attempt_at = NULL, "
        "failure_category = 'other', error = ? WHERE receiver = ? AND status = 'retrying'",
        (why, receiver),
    )


async def get(db: Source, org_id: int, delivery_id: int) -> Delivery | None:
    """One delivery."""
    row = await db.fetch_one(
        f"{_SELECT}id = ? AND webhook_deliveries.org_id = ?", (delivery_id, org_id)
    )
    return read_optional(Delivery, row)


async def data_of(db: Source, event_id: str) -> str:
    """The JSON that an event sends."""
    row = await db.fetch_one("SELECT data FROM webhook_events WHERE id = ?", (event_id,))
    return "{}" if row is None else str(row["data"])


async def attempts(db: Source, delivery_id: int) -> list[Attempt]:
    """Every try of a delivery, the first one first."""
    rows = await db.fetch_all(
        "SELECT * FROM webhook_attempts WHERE delivery_id = ? ORDER BY number", (delivery_id,)
    )
    return read_all(Attempt, rows)


async def page(
    db: Source, org_id: int, wanted: DeliveryFilter, limit: int, after: tuple[int, int] | None
) -> list[Delivery]:
    """Deliveries that match, newest first, after that of this time and id."""
    where, params = _matching(org_id, wanted)
    if after is not None:
        where += " AND (webhook_deliveries.created_at, webhook_deliveries.id) < (?, ?)"
        params += after
    rows = await db.fetch_all(
        f"{_SELECT}{where} ORDER BY webhook_deliveries.created_at DESC, "
        "webhook_deliveries.id DESC LIMIT ?",
        (*params, limit),
    )
    return read_all(Delivery, rows)


async def replay(tx: Transaction, delivery_id: int, now: int) -> None:
    """Make a delivery again, whatever became of it: it is due now, and has a day again."""
    await _again(tx, "id = ?", (now, delivery_id))


async def replay_failed(
    tx: Transaction, org_id: int, since: int, endpoint_id: str | None, now: int
) -> int:
    """Make the deliveries of events since a time again that failed; how many there were."""
    where, params = "org_id = ? AND created_at >= ? AND status = 'failed'", [org_id, since]
    if endpoint_id is None:
        return await _again(tx, where, (now, *params))
    return await _again(tx, f"{where} AND endpoint_id = ?", (now, *params, endpoint_id))


async def _again(tx: Transaction, where: str, params: Sequence[object]) -> int:
    rows = await tx.fetch_all(
        "UPDATE webhook_deliveries SET status = 'retrying', tries = 0, tried_since = NULL, "  # noqa: S608 - fixed fragments
        # Nobody is asked again how a call is to be answered.
        f"next_attempt_at = ? WHERE {where} AND NOT is_question "
        "RETURNING receiver",
        params,
    )
    tx.notify(CHANNEL, {row["receiver"] for row in rows})
    return len(rows)


def _matching(org_id: int, wanted: DeliveryFilter) -> tuple[str, tuple[object, ...]]:
    where, params = "org_id = ?", [org_id]
    values: list[tuple[str, object]] = [
        ("webhook_deliveries.endpoint_id = ?", wanted.endpoint_id),
        ("webhook_deliveries.event_type = ?", wanted.event_type),
        ("webhook_deliveries.status = ?", wanted.status),
        ("webhook_deliveries.agent_id = ?", wanted.agent_id),
        ("webhook_deliveries.created_at >= ?", wanted.since),
    ]
    found = [(column, value) for column, value in values if value is not None]
    where = " AND ".join([where, *(column for column, _ in found)])
    return where, (*params, *(value for _, value in found))
