"""Which web pages may begin sessions: publishable keys, CORS, and errors as the widget reads them.

A browser asks first whether it may ask (the preflight, which carries no key), and shows a page the
answer only where that says so. Pages that no key lets in learn nothing.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import ExceptionHandlersMap

from thunderbox.api import errors
from thunderbox.api.errors import Answer, AnyRequest
from thunderbox.api.fields import shown
from thunderbox.api.limits import Limits
from thunderbox.api.parts import Parts
from thunderbox.calls import origins
from thunderbox.errors import ForbiddenError, UnauthorizedError
from thunderbox.store import publishable_keys
from thunderbox.store.database import Database
from thunderbox.store.publishable_keys import PublishableKey

AnyConnection = ASGIConnection[Any, Any, Any, Any]

HEADER = "X-API-Key"
HOW = f"Send the header `{HEADER}: pk_live_…` with a publishable key of this box."
REMEMBER_S = 600
"""How long a browser may remember that it may ask."""
_CODES = {
    400: "invalid_request",
    401: "invalid_key",
    402: "insufficient_balance",
    403: "forbidden",
    413: "invalid_request",
    429: "too_many_requests",
    503: "unavailable",
}
"""What programs are told where an error has no code of its own."""


async def require_publishable_key(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard: let only pages pass that an active key lets in.

    Raises UnauthorizedError, ForbiddenError, TooManyError.
    """
    parts: Parts = connection.app.state.parts
    limits: Limits = connection.app.state.limits
    origin = connection.headers.get("origin", "")
    value = _value(connection)
    key = await publishable_keys.by_key(parts.db, value) if value else None
    lets_in = (
        await any_lets_in(parts.db, origin)
        if key is None
        else origins.lets_in(key.allowed_domains, origin)
    )
    connection.state["cors"] = cors(origin, lets_in=lets_in)
    if not value:
        raise UnauthorizedError(f"This request carries no key. {HOW}")
    if key is None:
        raise UnauthorizedError(f"This key is unknown, or it was given another value. {HOW}")
    if not key.is_active or not key.is_enabled:
        raise ForbiddenError(
            "This key was ended. Make another with POST /v1/publishable-key."
            if not key.is_active
            else "This key is disabled. Set its is_enabled to true with PATCH "
            f"/v1/publishable-key/{key.id}.",
            code="key_disabled",
        )
    if not lets_in and (origin or not _is_here(connection)):
        raise ForbiddenError(_not_allowed(origin, key), code="domain_not_allowed")
    limits.count_session(key.id)
    connection.scope["auth"] = key


async def any_lets_in(db: Database, origin: str) -> bool:
    """Whether there is a key that lets pages of an origin in."""
    host = origins.host_of(origin)
    if host is None:
        return False
    return origins.is_local(host) or await publishable_keys.name_any(db, origins.entries_for(host))


def cors(origin: str, *, lets_in: bool) -> dict[str, str]:
    """The headers by which a browser shows an answer to a page, or keeps it."""
    if not origin or not lets_in:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
    }


def preflight(asked: AnyConnection, *, lets_in: bool) -> dict[str, str]:
    """The headers that say whether a page may ask, and how."""
    headers = {"Allow": "OPTIONS, POST", "Vary": "Origin"}
    if not lets_in:
        return headers
    headers |= {
        "Access-Control-Allow-Origin": asked.headers.get("origin", ""),
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": f"Content-Type, {HEADER}, X-ThunderPhone-Client",
        "Access-Control-Max-Age": str(REMEMBER_S),
    }
    if asked.headers.get("access-control-request-private-network") == "true":
        # A public page asks a box in the visitor's own network.
        headers["Access-Control-Allow-Private-Network"] = "true"
    return headers


def handlers() -> ExceptionHandlersMap:
    """What answers each kind of exception: `error` for programs, `message` for the visitor."""
    return {kind: _for_widget(handle) for kind, handle in errors.handlers().items()}


def _for_widget(handle: Any) -> Any:
    def answer(request: AnyRequest, error: Exception) -> Answer:
        usual: Answer = handle(request, error)
        body, status = usual.content, usual.status_code or 500
        said = body.get("detail") or " ".join(text for texts in body.values() for text in texts)
        code = body.get("code") or _CODES.get(status, "unknown")
        fields = {} if "detail" in body else {"fields": body}
        return errors.answer(
            status,
            {"error": code, "message": said, "detail": said} | fields,
            {**usual.headers, **request.state.get("cors", {"Vary": "Origin"})},
        )

    return answer


def _value(connection: AnyConnection) -> str:
    """The key that a request carries; clients that know one header only may use theirs."""
    if value := connection.headers.get(HEADER, "").strip():
        return value
    _, _, bearer = connection.headers.get("authorization", "").strip().partition(" ")
    return bearer.strip() if bearer.strip().startswith("pk_live_") else ""


def _is_here(connection: AnyConnection) -> bool:
    """Whether a program on this machine asks: a browser always names the page's origin."""
    try:
        host = connection.client.host if connection.client is not None else ""
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _not_allowed(origin: str, key: PublishableKey) -> str:
    if not origin:
        return (
            "This request names no page (Origin), and only programs on the box's own machine "
            "may leave that out."
        )
    return (
        f"Pages of {shown(origin)} may not use this key. Add their host to its allowed_domains "
        f"with PATCH /v1/publishable-key/{key.id}."
    )
