"""Signalling: where clients of LiveKit reach the box, `/rtc` and below, on the API's own port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from litestar.handlers import ASGIRouteHandler, asgi
from litestar.types import Receive, Scope, Send

PATH = "/rtc"

Signalling = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]
"""An ASGI application for HTTP and WebSockets."""


def signalling_route(signalling: Signalling) -> ASGIRouteHandler:
    """The route under which an application answers, which is told whole paths."""

    @asgi(PATH, is_mount=True, copy_scope=True)
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        whole: dict[str, Any] = {**scope, "path": unquote(scope["raw_path"].decode("latin-1"))}
        await signalling(whole, receive, send)  # type: ignore[arg-type]

    return serve
