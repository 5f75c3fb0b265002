"""/v1/issue-reports and /v1/calls/{call_id}/issue-reports: what was wrong with calls."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, get, patch, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api import dialect
from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.call_filters import QueryMoment, bound, check_choice
from thunderbox.api.pagination import DEFAULT_LIMIT, Limit, Offset, Page
from thunderbox.api.parameters import PathId, PathText, QueryId, QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.errors import NotFoundError
from thunderbox.events import outbox
from thunderbox.store import calls, issue_reports
from thunderbox.store.calls import Call
from thunderbox.store.issue_reports import IssueReport, NewIssueReport, ReportFilter

SEVERITIES = ("info", "warning", "critical")
STATUSES = ("open", "acknowledged", "resolved", "dismissed")
SOURCES = ("user", "system")
MAX_AT_ONCE = 200

Title = Annotated[
    str, Meta(min_length=1, max_length=255, description="a text of 1 to 255 characters")
]
Text = Annotated[str, Meta(max_length=10_000, description="a text of at most 10000 characters")]
Count = Annotated[int, Meta(ge=0, le=10**9, description="a whole number from 0")]
Severity = Literal["info", "warning", "critical"]
Status = Literal["open", "acknowledged", "resolved", "dismissed"]
TraceIds = Annotated[
    list[UUID],
    Meta(min_length=1, max_length=MAX_AT_ONCE, description=f"a list of 1 to {MAX_AT_ONCE} UUIDs"),
]


class ReportWrite(Struct, kw_only=True):
    """A report as a person files it."""

    title: Title
    description: Text = ""
    severity: Severity = "warning"
    source: Literal["user", "system"] = "user"
    timestamp_seconds: Count | None = None
    failing_turn_index: Count | None = None
    detected_issue_ref: (
        Annotated[str, Meta(max_length=255, description="a text of at most 255 characters")] | None
    ) = None
    metadata: dict[str, Any] | None = None


class StatusWrite(Struct, kw_only=True):
    """What has become of a report."""

    status: Status


class BulkStatusWrite(Struct, kw_only=True):
    """What has become of several reports; `pattern_key` is understood and means nothing here."""

    trace_ids: TraceIds
    status: Status
    pattern_key: str | None = None


class ReportView(Struct, kw_only=True):
    """A report; everything below `updated_at` is what the newer client insists on."""

    id: int
    call_id: int
    source: str
    severity: str
    status: str
    title: str
    description: str
    reported_by_id: int | None
    timestamp_seconds: int | None
    detected_issue_ref: str | None
    metadata: dict[str, Any]
    trace_id: str
    created_at: Timestamp
    updated_at: Timestamp

    agent_id: int | None
    call_start_time: Timestamp
    cluster_id: str | None = None
    evidence: str
    failing_turn_index: int | None
    linked_test_cases: list[dict[str, Any]] = []
    regression_guarded: bool = False
    relevant_turn_indices: list[int]
    suggested_fix: str = ""
    what_went_wrong: str


class Updated(Struct, kw_only=True):
    """How many reports were changed."""

    updated: int


class CallIssueReportsController(Controller):
    """The reports of one call."""

    path = "/v1/calls/{call_id:int}/issue-reports"
    guards = (require_key,)
    tags = ("Issue reports",)

    @get(summary="List a call's issue reports, newest first")
    async def list_of_call(self, request: ApiRequest, call_id: PathId) -> list[ReportView]:
        """Every report of a call."""
        await _call(request, call_id)
        return [view(report) for report in await issue_reports.of_call(request.db, call_id)]

    @post(dto=Body[ReportWrite], return_dto=None, summary="Report an issue of a call")
    async def create_report(
        self, request: ApiRequest, call_id: PathId, data: JSONBody[ReportWrite]
    ) -> ReportView:
        """File a report; it is open."""
        call = await _call(request, call_id)
        new = NewIssueReport(
            title=data.title,
            description=data.description,
            severity=data.severity,
            source=data.source,
            reported_by_id=request.caller.user_id if data.source == "user" else None,
            timestamp_seconds=data.timestamp_seconds,
            failing_turn_index=data.failing_turn_index,
            detected_issue_ref=data.detected_issue_ref,
            metadata=data.metadata,
        )
        async with request.db.transaction() as tx:
            report = await issue_reports.insert(tx, call, new)
            await outbox.reported(tx, report)
            return view(report)


class IssueReportsController(Controller):
    """The reports of all calls."""

    path = "/v1/issue-reports"
    guards = (require_key,)
    tags = ("Issue reports",)

    @get(summary="List issue reports, newest first")
    async def list_reports(
        self,
        request: ApiRequest,
        severity: QueryText = None,
        status: QueryText = None,
        source: QueryText = None,
        agent_id: QueryId = None,
        start_date: QueryMoment = None,
        end_date: QueryMoment = None,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
    ) -> list[ReportView] | Page[ReportView]:
        """One page of the reports that match every filter; the dates are those of filing."""
        check_choice("severity", severity, SEVERITIES)
        check_choice("status", status, STATUSES)
        check_choice("source", source, SOURCES)
        wanted = ReportFilter(
            severity=severity or None,
            status=status or None,
            source=source or None,
            agent_id=agent_id,
            created_from=bound("start_date", start_date),
            created_to=bound("end_date", end_date),
        )
        total, found = await issue_reports.page(request.db, request.org_id, wanted, limit, offset)
        results = [view(report) for report in found]
        page = Page(total=total, limit=limit, offset=offset, results=results)
        return dialect.issue_reports(dialect.is_sdk(request), page)

    @patch(dto=Body[BulkStatusWrite], return_dto=None, summary="Change the status of reports")
    async def change_reports(self, request: ApiRequest, data: JSONBody[BulkStatusWrite]) -> Updated:
        """All of them or none."""
        ids = [str(trace_id) for trace_id in dict.fromkeys(data.trace_ids)]
        async with request.db.transaction() as tx:
            changed = await issue_reports.set_status(tx, request.org_id, ids, data.status)
            if changed < len(ids):
                raise NotFoundError(
                    f"Of these {len(ids)} reports {len(ids) - changed} are not there; "
                    "nothing was changed."
                )
        return Updated(updated=changed)

    @patch(
        "/{trace_id:str}",
        dto=Body[StatusWrite],
        return_dto=None,
        summary="Change the status of a report",
    )
    async def change_report(
        self, request: ApiRequest, trace_id: PathText, data: JSONBody[StatusWrite]
    ) -> ReportView:
        """One report."""
        async with request.db.transaction() as tx:
            await issue_reports.set_status(tx, request.org_id, [trace_id], data.status)
            report = await issue_reports.get(tx, request.org_id, trace_id)
        if report is None:
            raise NotFoundError(
                f"There is no report {trace_id}; GET /v1/issue-reports lists those there are."
            )
        return view(report)


def view(report: IssueReport) -> ReportView:
    """A report as answers show it."""
    turn = report.failing_turn_index
    return ReportView(
        id=report.id,
        call_id=report.call_id,
        source=report.source,
        severity=report.severity,
        status=report.status,
        title=report.title,
        description=report.description,
        reported_by_id=report.reported_by_id,
        timestamp_seconds=report.timestamp_seconds,
        detected_issue_ref=report.detected_issue_ref,
        metadata=report.metadata,
        trace_id=report.trace_id,
        created_at=iso(report.created_at),
        updated_at=iso(report.updated_at),
        agent_id=report.agent_id,
        call_start_time=iso(report.call_started_at),
        evidence=report.evidence,
        failing_turn_index=turn,
        relevant_turn_indices=[] if turn is None else [turn],
        what_went_wrong=report.description if report.source == "system" else "",
    )


async def _call(request: ApiRequest, call_id: int) -> Call:
    call = await calls.get(request.db, request.org_id, call_id)
    if call is None:
        raise NotFoundError(f"There is no call {call_id}; GET /v1/calls lists those there are.")
    return call
