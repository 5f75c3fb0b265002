"""Calls: one row per conversation, from before it is answered until after it is billed."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import read_all, read_optional, to_json

Direction = Literal["inbound", "outbound", "mic", "widget"]
EndStatus = Literal["completed", "failed"]


class NewCall(Struct, kw_only=True):
    """A call as it begins, with the agent's configuration as it is now; `started_at` in ms."""

    org_id: int
    agent_id: int | None
    phone_number_id: int | None
    direction: Direction
    from_number: str
    to_number: str
    started_at: int
    prompt: str
    voice: str
    product: str
    thinking_level: str
    tools: list[dict[str, Any]]
    variables: dict[str, Any] = msgspec.field(default_factory=dict)
    is_test_call: bool = False
    publishable_key_id: int | None = None
    """The key that opened a session in a web page."""
    idempotency_key: str | None = None
    request_digest: str | None = None


class Call(NewCall, kw_only=True):
    """A call; in progress while `ended_at` is None. Times in ms."""

    id: int
    answered_at: int | None
    ended_at: int | None
    status: str
    end_reason: str | None
    sip_status: int | None
    recording_file: str | None
    recording_started_at: int | None
    billable_minutes: int | None
    billing_total_cents: int | None
    billed_at: int | None
    grade_score: float | None
    grade_status: str | None
    grade_updated_at: int | None
    call_outcome: str | None
    issue_count: int
    critical_issue_count: int
    transfer_destination: str
    transfer_outcome: str | None

    @property
    def duration_seconds(self) -> int | None:
        """Seconds from answer to end, rounded; 0 for a call that nobody answered."""
        if self.ended_at is None:
            return None
        answered = self.ended_at if self.answered_at is None else self.answered_at
        return max(0, round((self.ended_at - answered) / 1000))


class Closed(Struct, kw_only=True, frozen=True):
    """A call that has just ended: what decides what it costs. Times in ms."""

    id: int
    org_id: int
    phone_number_id: int | None
    answered_at: int | None
    ended_at: int
    product: str
    is_test_call: bool


class CallFilter(Struct, kw_only=True, frozen=True):
    """Which calls to list; None and empty mean all. Bounds are inclusive, in ms."""

    agent_id: int | None = None
    directions: tuple[str, ...] = ()
    status: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    phone_number: str | None = None
    """Either side of the call."""
    started_from: int | None = None
    started_to: int | None = None
    is_test_call: bool | None = None


async def insert(tx: Transaction, new: NewCall) -> int:
    """Add a call that begins, and give its id. Raises DuplicateError for a used key."""
    row = await tx.fetch_one(
        "INSERT INTO calls (org_id, agent_id, phone_number_id, direction, from_number, "
        "to_number, started_at, prompt, voice, product, thinking_level, tools, variables, "
        "is_test_call, publishable_key_id, idempotency_key, request_digest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            new.org_id,
            new.agent_id,
            new.phone_number_id,
            new.direction,
            new.from_number,
            new.to_number,
            new.started_at,
            new.prompt,
            new.voice,
            new.product,
            new.thinking_level,
            to_json(new.tools),
            to_json(new.variables),
            new.is_test_call,
            new.publishable_key_id,
            new.idempotency_key,
            new.request_digest,
        ),
    )
    assert row is not None
    return int(row["id"])


async def configure(
    tx: Transaction,
    call_id: int,
    *,
    prompt: str,
    voice: str,
    product: str,
    thinking_level: str,
    tools: list[dict[str, Any]],
    variables: dict[str, Any],
) -> None:
    """Replace the configuration of a call that has not been answered; it is no agent's then."""
    await tx.execute(
        "UPDATE calls SET agent_id = NULL, prompt = ?, voice = ?, product = ?, "
        "thinking_level = ?, tools = ?, variables = ? WHERE id = ?",
        (prompt, voice, product, thinking_level, to_json(tools), to_json(variables), call_id),
    )


async def set_answered(tx: Transaction, call_id: int, at_ms: int) -> None:
    """The far end, or the box, picked up."""
    await tx.execute("UPDATE calls SET answered_at = ? WHERE id = ?", (at_ms, call_id))


async def set_recording(tx: Transaction, call_id: int, file_name: str, started_at_ms: int) -> None:
    """The call is being recorded into this file of the recordings directory."""
    await tx.execute(
        "UPDATE calls SET recording_file = ?, recording_started_at = ? WHERE id = ?",
        (file_name, started_at_ms, call_id),
    )


async def set_transfer(tx: Transaction, call_id: int, destination: str, *, reached: bool) -> None:
    """The far end was handed on to somebody, or was to be."""
    await tx.execute(
        "UPDATE calls SET transfer_destination = ?, transfer_outcome = ? WHERE id = ?",
        (destination, "refer_accepted" if reached else "failed", call_id),
    )


async def finish(
    tx: Transaction,
    call_id: int,
    *,
    status: EndStatus,
    end_reason: str,
    sip_status: int | None,
    ended_at: int,
) -> Closed | None:
    """Close a call that is in progress; None when it is not, and then nothing changes."""
    row = await tx.fetch_one(
        "UPDATE calls SET status = ?, end_reason = ?, sip_status = ?, ended_at = ? "
        "WHERE id = ? AND status = 'in_progress' RETURNING *",
        (status, end_reason, sip_status, ended_at, call_id),
    )
    return read_optional(Closed, row)


async def set_billed(tx: Transaction, call_id: int, minutes: int, cents: int, at_ms: int) -> None:
    """What the call cost."""
    await tx.execute(
        "UPDATE calls SET billable_minutes = ?, billing_total_cents = ?, billed_at = ? "
        "WHERE id = ?",
        (minutes, cents, at_ms, call_id),
    )


async def get(db: Source, org_id: int, call_id: int) -> Call | None:
    """One call."""
    row = await db.fetch_one("SELECT * FROM calls WHERE id = ? AND org_id = ?", (call_id, org_id))
    return read_optional(Call, row)


async def by_id(db: Source, call_id: int) -> Call | None:
    """One call, whoever owns it."""
    return read_optional(Call, await db.fetch_one("SELECT * FROM calls WHERE id = ?", (call_id,)))


async def recording_file(db: Source, call_id: int) -> str | None:
    """The file name of a call's recording, whoever owns the call."""
    row = await db.fetch_one("SELECT recording_file FROM calls WHERE id = ?", (call_id,))
    return None if row is None else row["recording_file"]


async def in_progress(db: Source) -> list[Call]:
    """Calls that have not ended, oldest first."""
    rows = await db.fetch_all("SELECT * FROM calls WHERE status = 'in_progress' ORDER BY id")
    return read_all(Call, rows)


async def by_idempotency_key(db: Source, org_id: int, key: str) -> Call | None:
    """The call that a request with this key has placed."""
    row = await db.fetch_one(
        "SELECT * FROM calls WHERE org_id = ? AND idempotency_key = ?", (org_id, key)
    )
    return read_optional(Call, row)


async def release_idempotency_key(tx: Transaction, call_id: int) -> None:
    """Let a key be used again that has placed this call."""
    await tx.execute("UPDATE calls SET idempotency_key = NULL WHERE id = ?", (call_id,))


async def latest(db: Source) -> Call | None:
    """The call that began last, whoever owns it."""
    return read_optional(Call, await db.fetch_one("SELECT * FROM calls ORDER BY id DESC LIMIT 1"))
