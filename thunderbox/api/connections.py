"""Connections: how many clients may be connected, and how long one may take to ask.

Clients that connect and say nothing, or a byte a minute, would else take every file that a process
may open, and with them the recordings of calls.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 512
"""Clients that may be connected at a time."""
REQUEST_S = 30.0
"""A request has so long to arrive as a whole, from the connection or the answer before it."""

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
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._watch()
        else:
            self._unwatch()

    def _watch(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(REQUEST_S, self.transport.close)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
