"""/v1/calls/{call_id}/grade: how a call went."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Response, get, post
from msgspec import Struct

from thunderbox.api import dialect
from thunderbox.api.auth import require_key
from thunderbox.api.parameters import PathId, QueryFlag
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.errors import NotFoundError, RequestError
from thunderbox.store import calls, grades
from thunderbox.store.calls import Call
from thunderbox.store.grades import Grade

WAIT_S = 20.0
"""So long a request waits for a grade; clients give up after 30 s."""
VERSION = "1"


class GradeView(Struct, kw_only=True):
    """A grade; `score` is of the client's scale, `score_100` of 100 for every client."""

    id: int
    call_id: int
    status: str
    score: float | None
    score_100: int | None
    call_outcome: str
    outcome_reasoning: str
    summary: str
    rubric_breakdown: dict[str, Any]
    detected_issues: list[dict[str, Any]]
    error_message: str | None
    grader_model: str
    grader_version: str = VERSION
    goal_achievement: str | None = None
    goal_reasoning: str | None = None
    caller_welfare_violation: bool = False
    caller_welfare_reasoning: str = ""
    graded_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


class GradesController(Controller):
    """Read a call's grade, or have it made."""

    path = "/v1/calls/{call_id:int}/grade"
    guards = (require_key,)
    tags = ("Calls",)

    @get(summary="Read a call's grade")
    async def read_grade(self, request: ApiRequest, call_id: PathId) -> GradeView:
        """The newest one."""
        await _call(request, call_id)
        grade = await grades.latest(request.db, call_id)
        if grade is None:
            raise NotFoundError(f"Call {call_id} has no grade; POST to this address makes one.")
        return _view(grade, dialect.is_sdk(request))

    @post(status_code=201, summary="Grade a call", errors=(400,), also=(200,))
    async def grade_call(
        self, request: ApiRequest, call_id: PathId, force: QueryFlag = False
    ) -> Response[GradeView]:
        """201 with a new grade, 200 with the one that is there; pending after 20 s."""
        call = await _call(request, call_id)
        if call.status == "in_progress":
            raise RequestError(f"Call {call_id} is in progress; grade it when it has ended.")
        grade, new = await request.parts.grader.grade(call, force=force, wait_s=WAIT_S)
        return Response(_view(grade, dialect.is_sdk(request)), status_code=201 if new else 200)


def _view(grade: Grade, sdk: bool) -> GradeView:
    return GradeView(
        id=grade.id,
        call_id=grade.call_id,
        status=grade.status,
        score=dialect.score(sdk, grade.score),
        score_100=None if grade.score is None else round(grade.score * 100),
        call_outcome=grade.call_outcome,
        outcome_reasoning=grade.outcome_reasoning,
        summary=grade.summary,
        rubric_breakdown=grade.rubric_breakdown,
        detected_issues=grade.detected_issues,
        error_message=grade.error_message,
        grader_model=grade.grader_model,
        graded_at=iso_optional(grade.graded_at),
        created_at=iso(grade.created_at),
        updated_at=iso(grade.updated_at),
    )


async def _call(request: ApiRequest, call_id: int) -> Call:
    call = await calls.get(request.db, request.org_id, call_id)
    if call is None:
        raise NotFoundError(f"There is no call {call_id}; GET /v1/calls lists those there are.")
    return call
