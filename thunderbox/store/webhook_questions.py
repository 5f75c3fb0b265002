"""Webhook questions: what servers were asked before a call, kept in the log of deliveries.

Asking happens once and while a call waits, so nothing of it is ever due again.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from thunderbox.store.database import Transaction
from thunderbox.store.rows import to_json
from thunderbox.store.webhook_deliveries import Category


class NewQuestion(Struct, kw_only=True, frozen=True):
    """A question; `data` is the JSON that was sent. Times in ms."""

    event_id: str
    org_id: int
    call_id: int
    agent_id: int | None
    data: str
    created_at: int


class Asked(Struct, kw_only=True, frozen=True):
    """How asking one receiver went; without a `failure_category` it went well."""

    receiver: str
    endpoint_id: str | None
    event_type: str
    url: str
    at: int
    duration_ms: int
    http_status: int | None
    failure_category: Category | None
    error: str

    @property
    def heard(self) -> bool:
        """Whether it took the question, whatever it made of it."""
        return self.http_status is not None and 200 <= self.http_status < 300


async def insert(tx: Transaction, new: NewQuestion, asked: Sequence[Asked]) -> None:
    """Write a question with what became of it; of endpoints that are gone meanwhile, nothing."""
    await tx.execute(
        "INSERT INTO webhook_events (id, org_id, call_id, agent_id, data, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (new.event_id, new.org_id, new.call_id, new.agent_id, new.data, new.created_at),
    )
    text = to_json(asked)
    await tx.execute(
        "INSERT INTO webhook_deliveries (event_id, org_id, receiver, endpoint_id, event_type, "
        "call_id, agent_id, is_question, status, attempt_count, tries, tried_since, "
        "last_attempt_at, url, http_status, failure_category, error, created_at) "
        "SELECT ?1, ?2, made ->> 'receiver', made ->> 'endpoint_id', made ->> 'event_type', ?3, "
        "?4, 1, CASE WHEN made ->> 'failure_category' IS NULL THEN 'delivered' ELSE 'failed' END, "
        "1, 1, made ->> 'at', made ->> 'at', made ->> 'url', made ->> 'http_status', "
        "made ->> 'failure_category', made ->> 'error', ?5 "
        "FROM (SELECT value AS made FROM json_each(?6)) WHERE made ->> 'endpoint_id' IS NULL "
        "OR made ->> 'endpoint_id' IN (SELECT id FROM webhook_endpoints)",
        (new.event_id, new.org_id, new.call_id, new.agent_id, new.created_at, text),
    )
    await tx.execute(
        "INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, http_status, "
        "failure_category, error) SELECT id, 1, made ->> 'at', made ->> 'duration_ms', "
        "made ->> 'http_status', made ->> 'failure_category', made ->> 'error' "
        "FROM (SELECT value AS made FROM json_each(?2)) JOIN webhook_deliveries "
        "ON event_id = ?1 AND receiver = made ->> 'receiver'",
        (new.event_id, text),
    )
