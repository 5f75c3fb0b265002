"""Turns: what was said in a call, in order, each written when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import read_all

TurnRole = Literal["user", "assistant", "tool_call", "tool_response"]


class NewTurn(Struct, kw_only=True):
    """One turn; times are ms from the start of the call."""

    role: TurnRole
    content: str
    """What was said and heard; JSON text for tool rows."""
    start_ms: int
    end_ms: int
    interrupted: bool = False
    interrupted_at_ms: int | None = None
    unheard: str = ""
    latency_ms: int | None = None
    tool_call_id: str | None = None
    tool_name: str | None = None


class Turn(NewTurn, kw_only=True):
    """A turn with its place in the call, from 1."""

    call_id: int
    seq: int


def content_of(turn: NewTurn) -> Any:
    """What was said; for tool rows the object that their JSON holds."""
    if turn.role in ("user", "assistant"):
        return turn.content
    try:
        value = msgspec.json.decode(turn.content)
    except msgspec.DecodeError:
        value = turn.content
    if turn.role == "tool_response":
        return value
    if isinstance(value, dict) and {"name", "arguments"} <= value.keys():
        return value
    return {"name": turn.tool_name, "arguments": value}


async def append(tx: Transaction, call_id: int, new: NewTurn) -> int:
    """Add a turn after the others, and give its place."""
    row = await tx.fetch_one(
        "INSERT INTO turns (call_id, seq, role, content, start_ms, end_ms, interrupted, "
        "interrupted_at_ms, unheard, latency_ms, tool_call_id, tool_name) "
        "VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM turns WHERE call_id = ?), "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
        (
            call_id,
            call_id,
            new.role,
            new.content,
            new.start_ms,
            new.end_ms,
            new.interrupted,
            new.interrupted_at_ms,
            new.unheard,
            new.latency_ms,
            new.tool_call_id,
            new.tool_name,
        ),
    )
    assert row is not None
    return int(row["seq"])


async def of_call(db: Source, call_id: int) -> list[Turn]:
    """Every turn of a call, in the order in which they began.

    A turn is written when it ends, so words spoken before a tool call come after it in `seq`.
    """
    rows = await db.fetch_all(
        "SELECT * FROM turns WHERE call_id = ? ORDER BY start_ms, seq", (call_id,)
    )
    return read_all(Turn, rows)


async def of_calls(db: Source, call_ids: Sequence[int]) -> dict[int, list[Turn]]:
    """Every turn of some calls, by call, in the order in which they began."""
    found: dict[int, list[Turn]] = {call_id: [] for call_id in call_ids}
    rows = await db.fetch_all(
        f"SELECT * FROM turns WHERE call_id IN ({', '.join('?' * len(found))}) "  # noqa: S608 - question marks only
        "ORDER BY call_id, start_ms, seq",
        tuple(found),
    )
    for turn in read_all(Turn, rows):
        found[turn.call_id].append(turn)
    return found
