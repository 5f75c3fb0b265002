"""RawServer: a server on loopback that answers with the bytes it is given, at their pace."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

Answering = Callable[[asyncio.StreamWriter], AsyncIterator[bytes]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Answers each request with `answer`; remembers the requests and how much it could send."""

    def __init__(self, answer: bytes | Answering = OK) -> None:
        self.answer = answer
        self.requests: list[str] = []
        """Heads."""
        self.bodies: list[bytes] = []
        self.connections = 0
        self.sent = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with as many requests as it carries."""
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.requests.append(head)
                length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
                self.bodies.append(await reader.readexactly(int(length or 0)))
                if isinstance(self.answer, bytes):
                    await self._send(writer, self.answer)
                    continue
                async for part in self.answer(writer):
                    await self._send(writer, part)
                break
        writer.close()

    async def _send(self, writer: asyncio.StreamWriter, part: bytes) -> None:
        writer.write(part)
        await writer.drain()
        self.sent += len(part)


@asynccontextmanager
async def serving(
    answer: bytes | Answering = OK, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """A running server; what still runs at the end is cut."""
    server = RawServer(answer)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await server.serve(reader, writer)
        tasks.discard(task)
        writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answer(*heads: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    """The bytes of an answer whose length is said."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *heads, "", ""]
    return "\r\n".join(lines).encode() + body
