"""POST /v1/integrations/test-request: ask an endpoint once, as a call would."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api import tools
from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.integration_fields import Format, Method
from thunderbox.api.integrations import find
from thunderbox.api.request import ApiRequest
from thunderbox.calls import tool_request
from thunderbox.calls.tool_request import Endpoint
from thunderbox.errors import InvalidError, OutgoingError, RequestError
from thunderbox.outgoing.client import Answer
from thunderbox.store import integrations
from thunderbox.store.organization_webhooks import signing_secret

PREVIEW = 6_000
"""Characters of an answer that are shown."""

Seconds = Annotated[int, Meta(ge=1, le=120, description="a whole number of seconds from 1 to 120")]


class ToolTestWrite(Struct, kw_only=True):
    """The body; `integration_id` names the integration whose validation_status is to follow."""

    url: str
    method: Method = "POST"
    headers: Annotated[dict[str, str], Meta(description="an object of header names and texts")] = {}
    body: Any = None
    timeout_seconds: Seconds = 20
    tool_name: str = "test_tool"
    request_format: Format = "standard"
    integration_id: str | None = None


class ToolTestView(Struct, kw_only=True):
    """How the endpoint answered; `status_code` is null when it did not."""

    ok: bool
    reason: str
    status_code: int | None
    latency_ms: int
    response_headers: dict[str, str]
    response_body_preview: str
    response_truncated: bool


@post(
    "/v1/integrations/test-request",
    guards=[require_key],
    dto=Body[ToolTestWrite],
    return_dto=None,
    status_code=200,
    tags=["Integrations"],
    summary="Ask a tool's endpoint once",
)
async def ask_endpoint(request: ApiRequest, data: JSONBody[ToolTestWrite]) -> ToolTestView:
    """Signed like a call's requests; an endpoint that fails is an answer too, with `ok` false."""
    wrong = tools.wrong_endpoint({"url": data.url, "method": data.method, "headers": data.headers})
    if wrong:
        field = "headers" if wrong[0].startswith(".endpoint.headers") else "url"
        raise InvalidError({field: [message.removeprefix(".endpoint.") for message in wrong]})
    known = None
    if data.integration_id is not None:
        known = await find(request.db, request.org_id, data.integration_id)
    answer = await _ask(request, data)
    if known is not None:
        async with request.db.transaction() as tx:
            status = "validated" if answer.ok else "error"
            await integrations.set_validation(tx, known.id, status)
    return answer


async def _ask(request: ApiRequest, data: ToolTestWrite) -> ToolTestView:
    parts = request.parts
    endpoint = Endpoint(
        url=data.url, method=data.method, headers=data.headers, timeout_s=data.timeout_seconds
    )
    secret = await signing_secret(request.db, request.org_id)
    body = {} if data.body is None else data.body
    begun = asyncio.get_running_loop().time()
    try:
        answer = await tool_request.send(
            parts.http, endpoint, body, own_url=parts.own_url(), secrets=(secret,)
        )
    except OutgoingError as error:
        if error.reason == "not_allowed":
            raise RequestError(str(error), code="url_not_allowed") from None
        return _failed(str(error), _since(begun))
    return _view(answer)


def _view(answer: Answer) -> ToolTestView:
    text = answer.body.decode("utf-8", "replace")
    return ToolTestView(
        ok=answer.ok,
        reason="" if answer.ok else f"The endpoint answered with HTTP status {answer.status}.",
        status_code=answer.status,
        latency_ms=round(answer.seconds * 1000),
        response_headers=answer.headers,
        response_body_preview=text[:PREVIEW],
        response_truncated=answer.truncated or len(text) > PREVIEW,
    )


def _failed(reason: str, latency_ms: int = 0) -> ToolTestView:
    return ToolTestView(
        ok=False,
        reason=reason,
        status_code=None,
        latency_ms=latency_ms,
        response_headers={},
        response_body_preview="",
        response_truncated=False,
    )


def _since(begun: float) -> int:
    return round((asyncio.get_running_loop().time() - begun) * 1000)
