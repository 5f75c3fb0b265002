"""Connections: how many clients may be connected, and how long one may take to ask.

Clients that connect and say nothing, or a byte a minute, would else take every file that a process
may open, and with them the recordings of calls. WebSockets count, too; whoever serves one watches
over it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

log = logging.getLogger(__name__)
log.setLevel(logging.WARNING)  # at INFO uvicorn writes whole URLs, with the tokens in them

MOST = 512
"""Clients that may be connected at a time."""
REQUEST_S = 30.0
"""A request has so long to arrive as a whole, from the connection or the answer before it."""
LONGEST_MESSAGE = 256 * 1024
"""Bytes of one message on a WebSocket."""

_BODY = b'{"detail":"Too many clients are connected. Try again in a second."}'
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class Connection(H11Protocol):
    """One client's connection."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        full = len(self.connections) >= MOST
        super().connection_made(transport)
        if full:
            transport.write(_FULL)
            transport.close()
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._unwatch()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Take what has arrived; the rest of a request must follow in time."""
        super().handle_events()
        if self._upgraded:
            self._unwatch()
        elif self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._watch()
        else:
            self._unwatch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From now on the connection is a WebSocket, which goes on without requests."""
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def _watch(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(REQUEST_S, self.transport.close)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Socket(WebSocketsSansIOProtocol):
    """One client's WebSocket; neither its URL nor what it says is logged."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self.logger = log
        self.conn.debug = False
        self.conn.max_message_size = LONGEST_MESSAGE
        self.conn.available_extensions = []  # nothing packed: what is small may unpack to much

    def shutdown(self) -> None:
        """The server ends; a client that is saying goodbye at this moment is let go."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()

    async def send(self, message: Any) -> None:
        """Pass on what the application says; an answer in HTTP instead of a WebSocket is one."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # uvicorn would log that nothing was answered
