"""Hooks: receivers of many webhooks on loopback that are steady, slow, unreliable or down.

Connections are kept open, as servers do. Each remembers what it has confirmed with 200.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Manner = Callable[[], Awaitable[int | None]]
"""The status that a request is answered with, after whatever wait; None breaks the connection."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that was confirmed; `at` in ms since 1970."""

    at: int
    event: dict[str, Any]
    path: str
    headers: dict[str, str]
    body: bytes


class Hook:
    """One receiver, which can be stopped and started again at the same address."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.asked = 0
        self.arrivals: list[Arrival] = []

    @property
    def url(self) -> str:
        """Where it listens, or did."""
        return f"http://127.0.0.1:{self._port}/hook?of=acme"

    async def start(self) -> None:
        """Listen; the second time at the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=2**20)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Break every connection and listen no more."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        at = time.time_ns() // 1_000_000
        self.asked += 1
        status = await self._manner()
        if status is None:
            return False
        if status == 200:
            path = head[0].split(" ")[1]
            self.arrivals.append(Arrival(at, json.loads(body), path, headers, body))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok".encode())
        await writer.drain()
        return True


async def steady() -> int:
    """Answers at once."""
    return 200


def slow(seconds: float) -> Manner:
    """Takes its time."""

    async def answer() -> int:
        await asyncio.sleep(seconds)
        return 200

    return answer


def unreliable(chance: random.Random) -> Manner:
    """Fails one time in five, half of them without an answer."""

    async def answer() -> int | None:
        drawn = chance.random()
        return None if drawn < 0.1 else 500 if drawn < 0.2 else 200

    return answer
