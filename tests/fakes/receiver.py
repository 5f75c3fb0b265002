"""A receiver of webhooks on loopback, in the test's own process, that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Receiver:
    """Answers each request with `status` and `body` once `gate` is open."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.body: bytes = b"{}"
        self.gate = asyncio.Event()
        self.gate.set()
        self.before_answer: Callable[[Heard], Awaitable[None]] = self._wait
        self.heard: list[Heard] = []
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        """Somebody has gone before the answer."""

    def says(self, answer: object) -> None:
        """Answer with this as JSON."""
        self.body = json.dumps(answer).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.strip().split("\r\n")
        headers = {k.lower(): v for k, v in (field.split(": ", 1) for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = line.split(" ")
        heard = Heard(method, path, headers, body)
        self.heard.append(heard)
        self.asked.set()
        opened = asyncio.ensure_future(self.before_answer(heard))
        gone = asyncio.create_task(reader.read(1))
        await asyncio.wait({opened, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            self.left.set()
        else:
            writer.write(
                f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\n"
                "Location: /elsewhere\r\nConnection: close\r\n\r\n".encode()
                + self.body
            )
            await writer.drain()
        for task in (opened, gone):
            task.cancel()
        writer.close()

    async def _wait(self, heard: Heard) -> None:
        await self.gate.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A running receiver."""
    receiver = Receiver()
    listening = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook?of=acme"
    try:
        yield receiver
    finally:
        receiver.gate.set()
        listening.close()
