"""Wire: the TCP line between a web client and the box, which a test can cut."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


class Wire:
    """`async with Wire(port) as wire`: connect to `wire.url` in place of the box.

    With `old` it answers as a server that knows only the dialect v0.
    """

    def __init__(self, port: int, *, old: bool = False) -> None:
        self.port = 0
        self.connections = 0
        """How many were made so far."""
        self._far, self._old = port, old
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where the box is reached through it."""
        return f"ws://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection that stands, without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()

    async def __aenter__(self) -> Wire:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break all and listen no more."""
        assert self._server is not None
        self._server.close()
        self.cut()
        async with asyncio.timeout(5):
            await asyncio.gather(*self._tasks)
            await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        mine = {writer}
        self._writers |= mine
        try:
            with contextlib.suppress(OSError, EOFError):
                head = await reader.readuntil(b"\r\n\r\n")
                if self._old and head.startswith(b"GET /rtc/v1"):
                    writer.write(NOT_FOUND)
                    await writer.drain()
                    return
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far)
                mine.add(far_writer)
                self._writers.add(far_writer)
                far_writer.write(head)
                await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            self._writers -= mine
            for one in mine:
                one.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()
    writer.close()
