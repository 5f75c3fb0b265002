"""POST /v1/widget/session: let the visitor of a web page talk to the agent of a publishable key."""

from __future__ import annotations

from typing import Annotated, Any, cast

import msgspec
from litestar import Controller, Response, post, route
from litestar.enums import HttpMethod
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api import widget_access
from thunderbox.api.agent_fields import Language, VoiceId, check_voice
from thunderbox.api.bodies import Body
from thunderbox.api.request import ApiRequest
from thunderbox.api.tickets import access
from thunderbox.api.widget_access import any_lets_in, preflight, require_publishable_key
from thunderbox.calls import page_context
from thunderbox.calls.requests import OpenWidget
from thunderbox.errors import InvalidError
from thunderbox.store.publishable_keys import PublishableKey

MAX_CONTEXT = 4_000
MAX_VARIABLES = 16_384
"""Bytes as JSON."""
MAX_DEPTH = 16
"""Objects and lists within one another: whatever reads them later must not run out of stack."""

PageText = Annotated[
    str,
    Meta(max_length=MAX_CONTEXT, description=f"a text of at most {MAX_CONTEXT:,} characters"),
]


class WidgetSessionWrite(Struct, kw_only=True):
    """The body; nothing is required."""

    variables: dict[str, Any] | None = None
    context: PageText | None = None
    website_context: PageText | None = None
    language: Language | None = None
    primary_language: Language | None = None
    voice: VoiceId | None = None


class WidgetSessionView(Struct, kw_only=True):
    """What a client of LiveKit needs to join the room in which the agent waits."""

    call_id: int
    token: str
    room_name: str
    server_url: str
    agent_name: str


class WidgetSessionController(Controller):
    """Sessions of web pages."""

    path = "/v1/widget/session"
    exception_handlers = widget_access.handlers()
    tags = ("Sessions",)

    @post(
        guards=[require_publishable_key],
        dto=Body[WidgetSessionWrite],
        return_dto=None,
        status_code=200,
        summary="Begin a session for the visitor of a web page",
        errors=(402, 403, 404, 502),
    )
    async def create_widget_session(
        self, request: ApiRequest, data: JSONBody[WidgetSessionWrite]
    ) -> Response[WidgetSessionView]:
        """Asked by pages that the key lets in; the token opens the room for a short time."""
        session = await request.parts.open_widget(_wanted(request, data))
        opened = access(request, session.ticket)
        view = WidgetSessionView(
            call_id=session.call_id,
            token=opened.token,
            room_name=opened.room_name,
            server_url=opened.server_url,
            agent_name=session.agent_name,
        )
        return Response(view, headers=request.state["cors"])

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False)
    async def ask_whether(self, request: ApiRequest) -> Response[None]:
        """Whether pages of an origin may ask."""
        lets_in = await any_lets_in(request.db, request.headers.get("origin", ""))
        return Response(None, status_code=204, headers=preflight(request, lets_in=lets_in))


def _wanted(request: ApiRequest, data: WidgetSessionWrite) -> OpenWidget:
    """The checked request. Raises InvalidError."""
    variables = data.variables or {}
    if _is_deep(variables, MAX_DEPTH) or len(msgspec.json.encode(variables)) > MAX_VARIABLES:
        said = (
            f"variables must be an object of at most {MAX_VARIABLES:,} bytes, in which at most "
            f"{MAX_DEPTH} objects and lists are within one another."
        )
        raise InvalidError({"variables": [said]})
    if data.voice is not None:
        check_voice(data.voice, request.parts.voices())
    return OpenWidget(
        key=cast(PublishableKey, request.auth),
        origin=request.headers.get("origin", ""),
        variables=variables,
        context=page_context.joined(data.context or "", data.website_context or ""),
        primary_language=data.primary_language or data.language,
        voice=data.voice,
    )


def _is_deep(value: object, most: int) -> bool:
    """Whether more than `most` objects and lists are within one another."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return most == 0 or any(_is_deep(one, most - 1) for one in inner)
