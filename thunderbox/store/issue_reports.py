"""Issue reports: what people, or the grading, found wrong with a call."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from thunderbox.store.calls import Call
from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json

Severity = Literal["info", "warning", "critical"]
Status = Literal["open", "acknowledged", "resolved", "dismissed"]
ReportSource = Literal["user", "system"]


class NewIssueReport(Struct, kw_only=True):
    """A report as it is filed; the turn counts from 0, the moment from the start of the call."""

    title: str
    description: str = ""
    severity: Severity = "warning"
    source: ReportSource = "user"
    evidence: str = ""
    reported_by_id: int | None = None
    timestamp_seconds: int | None = None
    failing_turn_index: int | None = None
    detected_issue_ref: str | None = None
    metadata: dict[str, Any] | None = None


class IssueReport(Struct, kw_only=True):
    """A report with the call that it is about."""

    id: int
    trace_id: str
    org_id: int
    call_id: int
    agent_id: int | None
    call_started_at: int
    source: str
    severity: str
    status: str
    title: str
    description: str
    evidence: str
    reported_by_id: int | None
    timestamp_seconds: int | None
    failing_turn_index: int | None
    detected_issue_ref: str | None
    metadata: dict[str, Any]
    created_at: int
    updated_at: int


class ReportFilter(Struct, kw_only=True, frozen=True):
    """Which reports to list; None means all. Bounds are inclusive, in ms."""

    severity: str | None = None
    status: str | None = None
    source: str | None = None
    agent_id: int | None = None
    created_from: int | None = None
    created_to: int | None = None


async def insert(tx: Transaction, call: Call, new: NewIssueReport) -> IssueReport:
    """File a report, and count it with the call."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO issue_reports (trace_id, org_id, call_id, agent_id, call_started_at, source, "
        "severity, status, title, description, evidence, reported_by_id, timestamp_seconds, "
        "failing_turn_index, detected_issue_ref, metadata, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            str(uuid.uuid4()),
            call.org_id,
            call.id,
            call.agent_id,
            call.started_at,
            new.source,
            new.severity,
            new.title,
            new.description,
            new.evidence,
            new.reported_by_id,
            new.timestamp_seconds,
            new.failing_turn_index,
            new.detected_issue_ref,
            to_json({} if new.metadata is None else new.metadata),
            now,
            now,
        ),
    )
    assert row is not None
    await _count(tx, [call.id])
    return read(IssueReport, row)


async def of_call(db: Source, call_id: int) -> list[IssueReport]:
    """Every report of a call, newest first."""
    rows = await db.fetch_all(
        "SELECT * FROM issue_reports WHERE call_id = ? ORDER BY created_at DESC, id DESC",
        (call_id,),
    )
    return read_all(IssueReport, rows)


async def page(
    db: Source, org_id: int, wanted: ReportFilter, limit: int, offset: int
) -> tuple[int, list[IssueReport]]:
    """How many reports match, and one page of them, newest first."""
    where, params = "org_id = ?", [org_id]
    for column, value in (
        ("severity = ?", wanted.severity),
        ("status = ?", wanted.status),
        ("source = ?", wanted.source),
        ("agent_id = ?", wanted.agent_id),
        ("created_at >= ?", wanted.created_from),
        ("created_at <= ?", wanted.created_to),
    ):
        if value is not None:
            where, params = f"{where} AND {column}", [*params, value]  # type: ignore[list-item]
    total = await db.fetch_one(f"SELECT count(*) FROM issue_reports WHERE {where}", params)  # noqa: S608 - fixed fragments
    rows = await db.fetch_all(
        f"SELECT * FROM issue_reports WHERE {where} "  # noqa: S608 - fixed fragments
        "ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
        (*params, limit, offset),
    )
    assert total is not None
    return int(total[0]), read_all(IssueReport, rows)


async def get(db: Source, org_id: int, trace_id: str) -> IssueReport | None:
    """One report."""
    row = await db.fetch_one(
        "SELECT * FROM issue_reports WHERE trace_id = ? AND org_id = ?", (trace_id, org_id)
    )
    return read_optional(IssueReport, row)


async def set_status(tx: Transaction, org_id: int, trace_ids: Sequence[str], status: Status) -> int:
    """Change the status of an organization's reports; how many there were."""
    marks = ", ".join("?" * len(trace_ids))
    rows = await tx.fetch_all(
        "UPDATE issue_reports SET status = ?, updated_at = max(updated_at + 1, ?) "  # noqa: S608 - question marks only
        f"WHERE org_id = ? AND trace_id IN ({marks}) RETURNING call_id",
        (status, now_ms(), org_id, *trace_ids),
    )
    await _count(tx, sorted({row["call_id"] for row in rows}))
    return len(rows)


async def dismiss_open_of_grading(tx: Transaction, call_id: int) -> None:
    """A call was graded again: what an earlier grading found, and nobody took up, is void."""
    await tx.execute(
        "UPDATE issue_reports SET status = 'dismissed', updated_at = max(updated_at + 1, ?) "
        "WHERE call_id = ? AND source = 'system' AND status = 'open'",
        (now_ms(), call_id),
    )
    await _count(tx, [call_id])


async def _count(tx: Transaction, call_ids: Sequence[int]) -> None:
    """Keep the numbers that calls show; dismissed reports do not count."""
    for call_id in call_ids:
        await tx.execute(
            "UPDATE calls SET issue_count = found.issues, critical_issue_count = found.critical "
            "FROM (SELECT count(*) AS issues, coalesce(sum(severity = 'critical'), 0) AS critical "
            "FROM issue_reports WHERE call_id = ? AND status <> 'dismissed') AS found "
            "WHERE calls.id = ?",
            (call_id, call_id),
        )
