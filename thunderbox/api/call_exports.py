"""GET /v1/calls/export: many calls at once, written while they are read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from litestar.response import Stream
from msgspec import Struct

from thunderbox.api import call_views, dialect
from thunderbox.api.call_views import CallView, TranscriptEntry
from thunderbox.api.request import ApiRequest
from thunderbox.store import call_lists, turns
from thunderbox.store.call_lists import Place
from thunderbox.store.calls import Call, CallFilter

FORMATS = ("json", "csv")
MAX_CALLS = 1_000
PAGE = 25
"""So many calls are in memory, and hold up the loop, at a time."""

COLUMNS = (
    "call_id",
    "agent_id",
    "direction",
    "from_number",
    "from_number_label",
    "to_number",
    "to_number_label",
    "start_time",
    "end_time",
    "duration_seconds",
    "status",
    "end_reason",
    "is_test_call",
    "product",
    "voice",
    "billable_minutes",
    "billing_total_cents",
    "grade_status",
    "grade_score",
    "call_outcome",
    "issue_count",
    "critical_issue_count",
    "transfer_destination",
    "transfer_outcome",
    "recording_url",
)


class ExportedCall(CallView, kw_only=True):
    """A call with what was said."""

    transcripts: list[TranscriptEntry]


class Export(Struct, kw_only=True):
    """Calls that match, the newest first; `truncated` when more than these do."""

    calls: list[ExportedCall]
    total: int
    truncated: bool


async def stream(request: ApiRequest, wanted: CallFilter, form: str) -> Stream:
    """The answer: JSON with transcripts, or CSV without."""
    total = await call_lists.count(request.db, request.org_id, wanted)
    headers = {"X-Total-Count": str(total)}
    if total > MAX_CALLS:
        headers["X-Truncated"] = "true"
    if form == "csv":
        headers["Content-Disposition"] = 'attachment; filename="calls.csv"'
        return Stream(_csv(request, wanted), headers=headers, media_type="text/csv; charset=utf-8")
    return Stream(_json(request, wanted, total), headers=headers, media_type="application/json")


async def _pages(request: ApiRequest, wanted: CallFilter) -> AsyncIterator[list[Call]]:
    """The calls, some at a time."""
    place: Place | None = None
    for _ in range(MAX_CALLS // PAGE):
        found = await call_lists.after(request.db, request.org_id, wanted, PAGE, place)
        if found:
            yield found
        if len(found) < PAGE:
            return
        place = Place(found[-1].started_at, found[-1].id)


async def _views(request: ApiRequest, found: Sequence[Call]) -> list[CallView]:
    labels = await call_views.labels_of(request.db, request.org_id, found)
    sdk = dialect.is_sdk(request)
    return [call_views.view(call, sdk, labels) for call in found]


async def _json(request: ApiRequest, wanted: CallFilter, total: int) -> AsyncIterator[bytes]:
    encoder = msgspec.json.Encoder()
    begin = b'{"calls":['
    async for found in _pages(request, wanted):
        spoken = await turns.of_calls(request.db, [call.id for call in found])
        for shown in await _views(request, found):
            said = call_views.transcript(shown.call_id, spoken[shown.call_id]).transcripts
            fields = {name: getattr(shown, name) for name in CallView.__struct_fields__}
            yield begin + encoder.encode(ExportedCall(**fields, transcripts=said))
            begin = b","
    if begin != b",":
        yield begin
    truncated = total > MAX_CALLS
    yield b'],"total":%d,"truncated":%s}' % (total, b"true" if truncated else b"false")


async def _csv(request: ApiRequest, wanted: CallFilter) -> AsyncIterator[bytes]:
    yield _line(COLUMNS)
    async for found in _pages(request, wanted):
        shown = await _views(request, found)
        yield b"".join(_line([getattr(call, name) for name in COLUMNS]) for call in shown)


def _line(values: Sequence[Any]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(value) for value in values])
    return buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    """A value as spreadsheets read it; what a caller may have named as a formula is no formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and re.match(r"[=@\t\r-]|\+(?!\d+$)", value):
        return f"'{value}"
    return value
