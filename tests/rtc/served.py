"""Rooms behind a real server on loopback, in the test's own loop, and an agent without engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np

from tests.served import served as listening
from thunderbox.api.connections import Connection, Socket
from thunderbox.calls.ports import SystemClock
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.rooms import BoxRooms
from thunderbox.rtc.server import SignalServer
from thunderbox.rtc.websocket import Receive, Scope, Send
from thunderbox.rtc_settings import RtcSettings
from thunderbox.voice.leg import Ended, Leg, LegEvent, Tick

SECRET = b"s" * 32

ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


class Served:
    """Rooms, and where clients find them."""

    def __init__(self, rooms: BoxRooms, port: int) -> None:
        self.rooms = rooms
        self.port = port

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@asynccontextmanager
async def served(
    settings: RtcSettings | None = None, *, join_seconds: float = 10.0, v1: bool = True
) -> AsyncIterator[Served]:
    """Serve rooms. Without `v1` the server knows the old dialect alone."""
    rooms = BoxRooms(
        settings or RtcSettings(addresses=("127.0.0.1",)),
        "127.0.0.1",
        SECRET,
        SystemClock(),
        MediaClock(),
        join_seconds,
    )
    app = SignalServer(rooms)

    async def old(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/rtc/v1"):
            scope = {**scope, "path": "/nothing"}
        await app(scope, receive, send)

    try:
        async with serving(app if v1 else old) as port:
            yield Served(rooms, port)
    finally:
        await rooms.close()


@asynccontextmanager
async def serving(app: ASGIApplication) -> AsyncIterator[int]:
    """Serve an application as the box does; gives its port."""
    async with listening(app, http=Connection, ws=Socket, access_log=False) as port:
        yield port


def tone(milliseconds: int, hertz: float = 440.0) -> bytes:
    """A tone at a quarter of full scale."""
    at = np.arange(16 * milliseconds) / 16_000
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes()


class Agent:
    """Lives through a leg: keeps its ticks and events, and calls back when it is answered."""

    def __init__(self, leg: Leg, on_answer: Callable[[], None] = lambda: None) -> None:
        self.leg = leg
        self.ticks: list[Tick] = []
        self.events: list[LegEvent] = []
        self._on_answer = on_answer
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self.leg.answer()
        self._on_answer()
        while (tick := await self.leg.tick()) is not None:
            self.ticks.append(tick)
            self._read()
        self._read()

    def _read(self) -> None:
        while not self.leg.events.empty():
            self.events.append(self.leg.events.get_nowait())

    @property
    def ended(self) -> Ended | None:
        """How the leg ended."""
        return next((event for event in self.events if isinstance(event, Ended)), None)

    def loudness(self, last: int = 25) -> float:
        """Root mean square of what came from the client in the last ticks."""
        sound = b"".join(tick.far for tick in self.ticks[-last:])
        samples = np.frombuffer(sound, "<i2").astype(float)
        return float(np.sqrt(np.mean(samples * samples))) if samples.size else 0.0

    async def close(self) -> None:
        """Hang up and wait for the end."""
        await self.leg.hang_up()
        async with asyncio.timeout(5):
            await self._task
