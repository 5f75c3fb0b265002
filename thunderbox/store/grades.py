"""Grades: how calls went. A pending grade is a job; the newest grade of a call is what counts."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_optional, to_json

Outcome = Literal["success", "failure", "no_conversation", "unknown"]


class Result(Struct, kw_only=True):
    """What a grading found; `error_message` says why it found nothing."""

    score: float | None = None
    call_outcome: Outcome = "unknown"
    outcome_reasoning: str = ""
    summary: str = ""
    rubric_breakdown: dict[str, Any] = msgspec.field(default_factory=dict)
    detected_issues: list[dict[str, Any]] = msgspec.field(default_factory=list)
    grader_model: str = ""
    error_message: str | None = None


class Grade(Result, kw_only=True):
    """A grade; times in ms. `tries` counts how often the grading was begun."""

    id: int
    org_id: int
    call_id: int
    status: str
    tries: int
    graded_at: int | None
    created_at: int
    updated_at: int


async def request(tx: Transaction, org_id: int, call_id: int) -> Grade:
    """Have a call graded; what is pending already is not asked for twice."""
    now = now_ms()
    await tx.execute(
        "INSERT INTO grades (org_id, call_id, status, created_at, updated_at) "
        "VALUES (?, ?, 'pending', ?, ?) ON CONFLICT DO NOTHING",
        (org_id, call_id, now, now),
    )
    await tx.execute(
        "UPDATE calls SET grade_status = 'pending', grade_updated_at = ? WHERE id = ?",
        (now, call_id),
    )
    found = await latest(tx, call_id)
    assert found is not None
    return found


async def latest(db: Source, call_id: int) -> Grade | None:
    """The newest grade of a call."""
    row = await db.fetch_one(
        "SELECT * FROM grades WHERE call_id = ? ORDER BY id DESC LIMIT 1", (call_id,)
    )
    return read_optional(Grade, row)


async def next_pending(db: Source) -> Grade | None:
    """The job that waits longest."""
    row = await db.fetch_one("SELECT * FROM grades WHERE status = 'pending' ORDER BY id LIMIT 1")
    return read_optional(Grade, row)


async def count_try(tx: Transaction, grade_id: int, by: int) -> int:
    """Change how often a grading was begun, and give it."""
    row = await tx.fetch_one(
        "UPDATE grades SET tries = tries + ?, updated_at = ? WHERE id = ? RETURNING tries",
        (by, now_ms(), grade_id),
    )
    return 0 if row is None else int(row["tries"])


async def finish(tx: Transaction, grade_id: int, result: Result) -> Grade | None:
    """Write what a pending grading found, and show it with the call; None when it is gone."""
    now = now_ms()
    row = await tx.fetch_one(
        "UPDATE grades SET status = ?, score = ?, call_outcome = ?, outcome_reasoning = ?, "
        "summary = ?, rubric_breakdown = ?, detected_issues = ?, grader_model = ?, "
        "error_message = ?, graded_at = ?, updated_at = ? "
        "WHERE id = ? AND status = 'pending' RETURNING *",
        (
            "completed" if result.error_message is None else "failed",
            result.score,
            result.call_outcome,
            result.outcome_reasoning,
            result.summary,
            to_json(result.rubric_breakdown),
            to_json(result.detected_issues),
            result.grader_model,
            result.error_message,
            now if result.error_message is None else None,
            now,
            grade_id,
        ),
    )
    if row is None:
        return None
    grade = read(Grade, row)
    await tx.execute(
        "UPDATE calls SET grade_status = ?, grade_score = ?, call_outcome = ?, "
        "grade_updated_at = ? WHERE id = ?",
        (
            grade.status,
            grade.score,
            None if grade.error_message else grade.call_outcome,
            now,
            grade.call_id,
        ),
    )
    return grade
