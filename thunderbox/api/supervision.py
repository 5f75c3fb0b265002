"""/v1/calls/{id}/listen and /whisper: following a running call unseen, and guiding its agent."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Controller, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.fields import refusal
from thunderbox.api.parameters import PathId
from thunderbox.api.request import ApiRequest
from thunderbox.api.tickets import RoomAccess, access
from thunderbox.errors import InvalidError, NotFoundError
from thunderbox.store import calls
from thunderbox.voice.writing import tidy

MOST = 1_000

Note = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MOST,
        pattern=r"\S",
        description=f"a text of 1 to {MOST:,} characters",
    ),
]


class WhisperWrite(Struct, kw_only=True):
    """The body of a whisper."""

    text: Note


class WhisperView(Struct, kw_only=True):
    """The agent has been told."""

    status: Literal["sent"] = "sent"


class SupervisionController(Controller):
    """Follow a running call, and tell its agent something."""

    path = "/v1/calls/{call_id:int}"
    guards = (require_key,)
    tags = ("Calls",)

    @post("/listen", status_code=200, summary="Listen to a running call", errors=(404, 409, 502))
    async def listen(self, request: ApiRequest, call_id: PathId) -> RoomAccess:
        """A hidden seat in a room that plays both sides until the call ends; nobody notices."""
        await _check(request, call_id)
        ticket = await request.parts.supervision.listen(call_id, request.author)
        return access(request, ticket)

    @post(
        "/whisper",
        status_code=202,
        dto=Body[WhisperWrite],
        return_dto=None,
        summary="Tell the agent of a running call something",
        errors=(404, 409),
    )
    async def whisper(
        self, request: ApiRequest, call_id: PathId, data: JSONBody[WhisperWrite]
    ) -> WhisperView:
        """The agent knows it from its next reply on; the caller hears nothing of it."""
        await _check(request, call_id)
        if not (note := tidy(data.text)):
            raise InvalidError({"text": [refusal("text", data.text, Note)]})
        request.parts.supervision.whisper(call_id, note, request.author)
        return WhisperView()


async def _check(request: ApiRequest, call_id: int) -> None:
    """Whether the call is the organization's. Raises NotFoundError."""
    if await calls.get(request.db, request.org_id, call_id) is None:
        raise NotFoundError(f"There is no call {call_id}; GET /v1/calls lists those there are.")
