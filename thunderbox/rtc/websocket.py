"""WebSocket: one client's socket as an ASGI server hands it over, with a bounded way out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

WAITING = 256
"""Messages that wait for a client to read; one that lets more pile up is given up."""
SEND_S = 10.0
FLUSH_S = 2.0

NORMAL = 1000
GOING_AWAY = 1001
BAD_MESSAGE = 1003
LOST = 1006
POLICY = 1008
SHUTDOWN = 1012


class WebSocket:
    """Reads at the reader's pace; writes from a queue, so that posting never waits."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.client = str((scope.get("client") or ("", 0))[0])
        self.close_code = 0
        """How it was closed; 0 while it is open."""
        self._receive = receive
        self._send = send
        self._out: asyncio.Queue[bytes | str | None] = asyncio.Queue(WAITING)
        self._writer: asyncio.Task[None] | None = None
        self._closing = False

    async def accept(self) -> bool:
        """Let the client in; False when it is gone already."""
        if (await self._receive())["type"] != "websocket.connect":
            return False
        await self._send({"type": "websocket.accept"})
        self._writer = asyncio.create_task(self._write())
        return True

    async def receive(self) -> bytes | str | None:
        """The next message; None once the socket is closed, however that came."""
        if self._closing:
            return None
        message = await self._receive()
        if message["type"] == "websocket.receive":
            text: str | None = message.get("text")
            return text if text is not None else message.get("bytes") or b""
        self.close_code = int(message.get("code") or LOST)
        self._closing = True
        return None

    def post(self, content: bytes | str) -> bool:
        """Queue a message; False when the client does not read, or is gone."""
        if self._closing or self._out.full():
            return False
        self._out.put_nowait(content)
        return True

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Send what is queued, for at most 2 s, and close; a socket that is closed is ignored."""
        gone, self._closing = self.close_code != 0, True
        if self._writer is not None:
            if gone or self._out.full():
                self._writer.cancel()
            else:
                self._out.put_nowait(None)
            await asyncio.wait({self._writer}, timeout=FLUSH_S)
            self._writer.cancel()
        if not gone:
            self.close_code = code
            try:
                async with asyncio.timeout(FLUSH_S):
                    await self._send({"type": "websocket.close", "code": code, "reason": reason})
            except (OSError, RuntimeError, TimeoutError):
                log.debug("A socket was gone before it could be closed.")

    async def _write(self) -> None:
        try:
            while (content := await self._out.get()) is not None:
                kind = "text" if isinstance(content, str) else "bytes"
                async with asyncio.timeout(SEND_S):
                    await self._send({"type": "websocket.send", kind: content})
        except (OSError, RuntimeError, TimeoutError):
            self._closing = True  # the reader learns of it from the server, or runs into its limit


async def refuse(receive: Receive, send: Send, scope: Scope, status: int, text: str) -> None:
    """Turn a client away before it is in, with a sentence."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await respond(send, status, text, kind="websocket.http.response")
        return
    if (await receive())["type"] == "websocket.connect":
        await send({"type": "websocket.close", "code": POLICY, "reason": text[:120]})


async def respond(send: Send, status: int, text: str, *, kind: str = "http.response") -> None:
    """Answer with a sentence that pages of any origin may read."""
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"access-control-allow-origin", b"*"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
