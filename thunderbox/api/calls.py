"""/v1/calls: what was said, when, by whom, and how it sounded."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Annotated

from litestar import Controller, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream
from msgspec import Meta, Struct

from thunderbox.api import call_exports, call_views, dialect, recordings, times
from thunderbox.api.auth import require_key
from thunderbox.api.call_filters import QueryMoment, call_filter, check_choice
from thunderbox.api.call_views import CallView, HistoryItem, Transcript
from thunderbox.api.pagination import DEFAULT_LIMIT, Limit, Offset, Page
from thunderbox.api.parameters import PathId, QueryFlag, QueryId, QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp
from thunderbox.errors import NotFoundError
from thunderbox.store import call_lists, calls, phone_number_labels, turns
from thunderbox.store.calls import Call

MAX_PARTIES = 50


class Audio(Struct, kw_only=True):
    """A link to a recording, and until when it works."""

    url: str
    expires_at: Timestamp


class PartyNumber(Struct, kw_only=True):
    """A number that was called or has called."""

    number: str
    label: str | None
    last_call_at: Timestamp


class PartyNumbers(Struct, kw_only=True):
    """Numbers on either side of calls."""

    numbers: list[PartyNumber]


PartyLimit = Annotated[
    int,
    QueryParameter(ge=1, le=MAX_PARTIES),
    Meta(description=f"a whole number from 1 to {MAX_PARTIES}"),
]


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
        wanted = call_filter(
            agent_id=agent_id,
            direction=direction,
            status=status,
            from_number=from_number,
            to_number=to_number,
            phone_number=phone_number,
            start_date=start_date,
            end_date=end_date,
            exclude_test_calls=exclude_test_calls,
        )
        total, found = await call_lists.page(request.db, request.org_id, wanted, limit, offset)
        results = await _views(request, found)
        return Page(total=total, limit=limit, offset=offset, results=results)

    @get(
        "/export",
        summary="Export calls as JSON or CSV",
        responses={200: ResponseSpec(call_exports.Export, generate_examples=False)},
        also_as=("text/csv",),
    )
    async def export_calls(
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
        format: QueryText = None,  # noqa: A002 - the parameter's name
    ) -> Stream:
        """The newest 1,000 of the calls that match; as JSON with their transcripts."""
        check_choice("format", format, call_exports.FORMATS)
        wanted = call_filter(
            agent_id=agent_id,
            direction=direction,
            status=status,
            from_number=from_number,
            to_number=to_number,
            phone_number=phone_number,
            start_date=start_date,
            end_date=end_date,
            exclude_test_calls=exclude_test_calls,
        )
        return await call_exports.stream(request, wanted, format or "json")

    @get("/party-numbers", summary="List the numbers that calls were held with")
    async def list_party_numbers(
        self, request: ApiRequest, q: QueryText = None, limit: PartyLimit = MAX_PARTIES
    ) -> PartyNumbers:
        """Numbers on either side of calls that hold the digits of `q`, the latest first."""
        digits = re.sub(r"[\s().-]", "", q or "")
        rows = await call_lists.party_numbers(request.db, request.org_id, digits, limit)
        labels = await phone_number_labels.of_numbers(
            request.db, request.org_id, [row["number"] for row in rows]
        )
        return PartyNumbers(
            numbers=[
                PartyNumber(
                    number=row["number"],
                    label=labels.get(row["number"]),
                    last_call_at=times.iso(row["last_call_at"]),
                )
                for row in rows
            ]
        )

    @get("/{call_id:int}", summary="Read a call")
    async def read_call(self, request: ApiRequest, call_id: PathId) -> CallView:
        """One call."""
        return (await _views(request, [await _find(request, call_id)]))[0]

    @get("/{call_id:int}/transcript", summary="Read what was said")
    async def read_transcript(
        self, request: ApiRequest, call_id: PathId, live: QueryFlag = False
    ) -> Transcript:
        """The turns of a call; of one in progress, those so far, with `live` and without."""
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
        return Audio(url=request.address + path, expires_at=times.iso(expires * 1000))


async def _views(request: ApiRequest, found: Sequence[Call]) -> list[CallView]:
    labels = await call_views.labels_of(request.db, request.org_id, found)
    return [call_views.view(call, dialect.is_sdk(request), labels) for call in found]


async def _find(request: ApiRequest, call_id: int) -> Call:
    call = await calls.get(request.db, request.org_id, call_id)
    if call is None:
        raise NotFoundError(f"There is no call {call_id}; GET /v1/calls lists those there are.")
    return call
