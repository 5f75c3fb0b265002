"""Tool calls: what the agent asked of the world in a call, and what came back."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import read_all, to_json


class ToolCall(Struct, kw_only=True, frozen=True):
    """One tool call; running while `finished_at` is None. Times in ms since 1970."""

    id: str
    call_id: int
    name: str
    arguments: dict[str, Any]
    started_at: int
    response: str | None
    error: str | None
    status_code: int | None
    latency_ms: int | None
    finished_at: int | None


async def insert(
    tx: Transaction,
    call_id: int,
    *,
    id: str,  # noqa: A002 - the column's own name
    name: str,
    arguments: dict[str, Any],
    started_at: int,
) -> None:
    """A tool call begins; `id` is unique in the whole box. Raises DuplicateError."""
    await tx.execute(
        "INSERT INTO tool_calls (id, call_id, name, arguments, started_at) VALUES (?, ?, ?, ?, ?)",
        (id, call_id, name, to_json(arguments), started_at),
    )


async def finish(
    tx: Transaction,
    id: str,  # noqa: A002 - the column's own name
    *,
    response: str | None,
    error: str | None,
    status_code: int | None,
    latency_ms: int,
    finished_at: int,
) -> None:
    """A tool call has ended, well or with an error."""
    await tx.execute(
        "UPDATE tool_calls SET response = ?, error = ?, status_code = ?, latency_ms = ?, "
        "finished_at = ? WHERE id = ?",
        (response, error, status_code, latency_ms, finished_at, id),
    )


async def of_call(db: Source, call_id: int) -> list[ToolCall]:
    """Every tool call of a call, in order."""
    rows = await db.fetch_all(
        "SELECT * FROM tool_calls WHERE call_id = ? ORDER BY started_at, rowid", (call_id,)
    )
    return read_all(ToolCall, rows)
