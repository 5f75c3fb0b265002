"""/v1/calls: what was said, when, by whom, and how it sounded."""

from __future__ import annotations

import time
from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from thunderbox.api import call_views, dialect, recordings, times
from thunderbox.api.auth import require_key
from thunderbox.api.call_views import CallView, HistoryItem, Transcript
from thunderbox.api.fields import refusal
from thunderbox.api.pagination import DEFAULT_LIMIT, Limit, Offset, Page
from thunderbox.api.parameters import PathId, QueryFlag, QueryId, QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp
from thunderbox.errors import InvalidError, NotFoundError
from thunderbox.store import calls, turns
from thunderbox.store.calls import Call, CallFilter

DIRECTIONS = ("inbound", "outbound", "mic", "widget", "web", "test")
STATUSES = ("in_progress", "completed", "failed")
Moment = Annotated[
    str, Meta(description="a day such as 2026-04-20, or a time such as 2026-04-20T18:24:10.113Z")
]
QueryMoment = Annotated[str | None, QueryParameter()]


class Audio(Struct, kw_only=True):
    """A link to a recording, and until when it works."""

    url: str
    expires_at: Timestamp


class CallsController(Controller):
    """List and read calls, their words and their sound."""

    path = "/v1/calls"
    guards = (require_key,)
    tags = ("Calls",)

    @get(summary="List calls, newest first")
    async def list_calls(
        self,
        request: ApiRequest,
        agent_id: QueryId = None,
        direction: QueryText = None,
        status: QueryText = None,
        from_number: QueryText = None,
        to_number: QueryText = None,
        phone_number: QueryText = None,
        start_date: QueryMoment = None,
        end_date: QueryMoment = None,
        exclude_test_calls: QueryFlag = False,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
    ) -> Page[CallView]:
        """One page of the calls that match every filter; `phone_number` is either side."""
        _check_choice("direction", direction, DIRECTIONS)
        _check_choice("status", status, STATUSES)
        directions, is_test = dialect.directions(direction) if direction else ((), None)
        wanted = CallFilter(
            agent_id=agent_id,
            directions=directions,
            status=status or None,
            from_number=from_number or None,
            to_number=to_number or None,
            phone_number=phone_number or None,
            started_from=_bound("start_date", start_date),
            started_to=_bound("end_date", end_date),
            is_test_call=False if exclude_test_calls else is_test,
        )
        total, found = await calls.page(request.db, request.org_id, wanted, limit, offset)
        sdk = dialect.is_sdk(request)
        results = [call_views.view(call, sdk) for call in found]
        return Page(total=total, limit=limit, offset=offset, results=results)

    @get("/{call_id:int}", summary="Read a call")
    async def read_call(self, request: ApiRequest, call_id: PathId) -> CallView:
        """One call."""
        return call_views.view(await _find(request, call_id), dialect.is_sdk(request))

    @get("/{call_id:int}/transcript", summary="Read what was said")
    async def read_transcript(self, request: ApiRequest, call_id: PathId) -> Transcript:
        """The turns of a call; of one in progress, those so far."""
        await _find(request, call_id)
        return call_views.transcript(call_id, await turns.of_call(request.db, call_id))

    @get("/{call_id:int}/history", summary="Read the turns with tools and interruptions")
    async def read_history(self, request: ApiRequest, call_id: PathId) -> list[HistoryItem]:
        """The turns of a call; of one in progress, those so far."""
        await _find(request, call_id)
        return call_views.history(await turns.of_call(request.db, call_id))

    @get("/{call_id:int}/audio", summary="Get a link to the recording")
    async def read_audio(self, request: ApiRequest, call_id: PathId) -> Audio:
        """A link to the MP3 that works without a key until it expires."""
        call = await _find(request, call_id)
        parts = request.parts
        if recordings.file_of(parts.recordings, call.recording_file) is None:
            raise NotFoundError(f"Call {call_id} has no recording.")
        expires = int(time.time()) + parts.settings.api.audio_url_seconds
        path = recordings.signed_path(parts.url_secret, call_id, expires)
        return Audio(url=parts.base_url() + path, expires_at=times.iso(expires * 1000))


async def _find(request: ApiRequest, call_id: int) -> Call:
    call = await calls.get(request.db, request.org_id, call_id)
    if call is None:
        raise NotFoundError(f"There is no call {call_id}; GET /v1/calls lists those there are.")
    return call


def _check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    """Refuse a filter that can never match. Raises InvalidError."""
    if value and value not in choices:
        hint = Annotated[str, Meta(description=f"one of {', '.join(choices)}")]
        raise InvalidError({name: [refusal(name, value, hint)]})


def _bound(name: str, text: str | None) -> int | None:
    """The ms that a filter's time names. Raises InvalidError."""
    if not text:
        return None
    try:
        return times.upper_bound(text) if name == "end_date" else times.lower_bound(text)
    except (ValueError, OverflowError):
        raise InvalidError({name: [refusal(name, text, Moment)]}) from None
