"""POST /v1/call: place a call."""

from __future__ import annotations

import re
from typing import Annotated, Any

from litestar import Response, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api import call_config
from thunderbox.api.agent_fields import HoldSeconds, Language
from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.fields import Id, refusal
from thunderbox.api.parts import Parts
from thunderbox.api.request import ApiRequest
from thunderbox.calls.requests import PlaceCall, PlacedCall
from thunderbox.errors import ConflictError, DuplicateError, InvalidError, RequestError

NUMBER = re.compile(r"\+[1-9]\d{1,14}")
SIP_URI = re.compile(r"sips?:[^\s<>\"]+", re.IGNORECASE)

FromNumber = Annotated[str, Meta(description="a number such as +15550100 (E.164)")]
ToNumber = Annotated[
    str, Meta(description="a number such as +15550100 (E.164), or a SIP URI such as sip:me@host")
]

IdempotencyKey = Annotated[
    str, Meta(max_length=128, description="a text of at most 128 characters")
]


class PlaceCallWrite(Struct, kw_only=True):
    """The body; at most one of `agent_id` and `config`."""

    from_number: FromNumber | None = None
    to_number: ToNumber | None = None
    agent_id: Id | None = None
    config: dict[str, Any] | None = None
    max_hold_seconds: HoldSeconds | None = None
    language: Language | None = None
    primary_language: Language | None = None
    variables: dict[str, Any] | None = None
    idempotency_key: IdempotencyKey | None = None


class PlaceCallView(Struct, kw_only=True):
    """A call that was placed, or had been placed before with the same idempotency key."""

    call_id: int
    status: str
    idempotent_replay: bool = False


class PlaceCallConflict(Struct, kw_only=True):
    """Why a repeated request is not the same request."""

    detail: str
    code: str
    retryable: bool = False


@post(
    "/v1/call",
    guards=[require_key],
    dto=Body[PlaceCallWrite],
    return_dto=None,
    tags=["Calls"],
    summary="Place a call",
    errors=(402, 403, 404, 409),
    also=(200,),
)
async def place_call(
    request: ApiRequest, data: JSONBody[PlaceCallWrite]
) -> Response[PlaceCallView | PlaceCallConflict]:
    """Dial and answer at once; GET /v1/calls/{call_id} tells how it goes."""
    data.idempotency_key = _idempotency_key(request, data)
    wanted = _wanted(request.org_id, request.parts, data)
    try:
        placed = await _place(request.parts, wanted)
    except ConflictError as error:
        conflict = PlaceCallConflict(detail=str(error), code=error.code or "conflict")
        return Response(conflict, status_code=409)
    view = PlaceCallView(
        call_id=placed.call_id, status=placed.status, idempotent_replay=placed.idempotent_replay
    )
    return Response(view, status_code=200 if placed.idempotent_replay else 201)


async def _place(parts: Parts, wanted: PlaceCall) -> PlacedCall:
    try:
        return await parts.place_call(wanted)
    except DuplicateError:
        # The same idempotency key arrived twice at once; the other request's call is there now.
        return await parts.place_call(wanted)


def _wanted(org_id: int, parts: Parts, data: PlaceCallWrite) -> PlaceCall:
    """The checked request. Raises RequestError, InvalidError."""
    if not data.from_number or not data.to_number:
        raise RequestError("from_number and to_number are required.")
    if data.agent_id is not None and data.config is not None:
        raise RequestError("Provide either agent_id or config, not both.")
    wrong = {}
    if not NUMBER.fullmatch(data.from_number):
        wrong["from_number"] = [refusal("from_number", data.from_number, FromNumber)]
    if not NUMBER.fullmatch(data.to_number) and not SIP_URI.fullmatch(data.to_number):
        wrong["to_number"] = [refusal("to_number", data.to_number, ToNumber)]
    if wrong:
        raise InvalidError(wrong)
    return PlaceCall(
        org_id=org_id,
        from_number=data.from_number,
        to_number=data.to_number,
        agent_id=data.agent_id,
        config=None if data.config is None else call_config.read(data.config, parts.voices()),
        max_hold_seconds=data.max_hold_seconds,
        primary_language=data.primary_language or data.language,
        variables=call_config.variables(data.config or {}) | (data.variables or {}),
        idempotency_key=data.idempotency_key or None,
    )


def _idempotency_key(request: ApiRequest, data: PlaceCallWrite) -> str | None:
    """The key of the body, or of the header Idempotency-Key. Raises InvalidError."""
    header = request.headers.get("idempotency-key", "").strip()
    if len(header) > 128 or (header and data.idempotency_key not in (None, "", header)):
        raise InvalidError(
            {
                "idempotency_key": [
                    "The header Idempotency-Key must be at most 128 characters, and the same as "
                    "idempotency_key where both are sent."
                ]
            }
        )
    return data.idempotency_key or header or None
