"""Leg: a visitor's line as calls see it. It belongs to the room and outlives its connections.

While the visitor's connection is broken the line is on hold: time goes on, nothing that is queued
is counted as heard, and the agent goes on where it was cut off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from thunderbox.errors import LegError
from thunderbox.rtc.clock import MediaClock
from thunderbox.voice.leg import (
    FRAME_BYTES,
    FRAME_MS,
    SAMPLE_RATE,
    SILENCE,
    Answered,
    EndCause,
    Ended,
    Held,
    LegEvent,
    Resumed,
    Tick,
)

log = logging.getLogger(__name__)

EVENTS = 64
TICKS = 5 * 1000 // FRAME_MS
"""Ticks (5 s) that wait for a slow reader before the oldest is dropped."""
PLAYOUT_BYTES = 30 * SAMPLE_RATE * 2
KEYS = frozenset("0123456789*#ABCDabcd")
LAST_SOUND_MS = 400
"""What was sent so short a time ago may not have been heard yet: the network and the browser
hold it for a while."""
HANG_UP_SECONDS = 3.0


class Line(Protocol):
    """The connection of one client."""

    def send(self, frame: bytes, periods: int) -> None:
        """Send 20 ms; `periods` of 20 ms have passed since the last."""

    def receive(self) -> bytes:
        """The next 20 ms of the client; silence where there are none."""

    def press(self, key: str) -> bool:
        """Press a key; False where it cannot be sent."""


class RoomLeg:
    """One visitor's line. Implements `voice.leg.Leg`."""

    def __init__(
        self, name: str, clock: MediaClock, on_hang_up: Callable[[], Awaitable[None]]
    ) -> None:
        self.name = name
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue(EVENTS)
        self.lost = 0
        """Ticks that were not read in time."""
        self._clock = clock
        self._on_hang_up = on_hang_up
        self._line: Line | None = None
        self._sound = bytearray()
        self._ticks: asyncio.Queue[Tick | None] = asyncio.Queue(TICKS)
        self._up = asyncio.Event()
        self._over = asyncio.Event()
        self._quiet_ms = LAST_SOUND_MS

    # What voice and calls ask for.

    async def answer(self) -> None:
        """Wait until the visitor hears, or nobody has come: whoever visits picks up."""
        if not self._over.is_set():
            await self._up.wait()

    async def refuse(self, status: int, reason: str) -> None:
        """Send the visitor away."""
        await self.hang_up()

    async def tick(self) -> Tick | None:
        """Wait for the next 20 ms of an answered call; None once the leg has ended."""
        if self._over.is_set() and self._ticks.empty():
            return None
        return await self._ticks.get()

    def play(self, pcm: bytes) -> None:
        """Queue sound for the visitor. Raises LegError when it is too much or not whole."""
        if len(pcm) % 2:
            raise LegError("Sound must be whole 16-bit samples.")
        if len(self._sound) + len(pcm) > PLAYOUT_BYTES:
            raise LegError("More than 30 s of sound wait to be played.")
        if not self._over.is_set():
            self._sound += pcm

    @property
    def queued(self) -> int:
        """Bytes queued and not yet sent."""
        return len(self._sound)

    def flush(self) -> int:
        """Throw away what is queued; returns how many bytes that was."""
        thrown = len(self._sound)
        self._sound.clear()
        return thrown

    async def send_digits(self, digits: str) -> None:
        """Press keys, which the page is told. Raises LegError where that is impossible."""
        if not digits or not set(digits) <= KEYS:
            raise LegError("Keys are 0 to 9, *, # and A to D.")
        if self._over.is_set():
            return
        if self._line is None or not all(self._line.press(key) for key in digits.upper()):
            raise LegError("The visitor's page takes no keys now.")

    async def transfer(self, target: str) -> None:
        """A web page has no telephone to be handed on to. Raises LegError."""
        if not self._over.is_set():
            raise LegError("A call from a web page cannot be transferred to another number.")

    async def hang_up(self) -> None:
        """End the leg once the visitor has heard what was sent."""
        if self._over.is_set():
            return
        if self._line is not None and self._quiet_ms < LAST_SOUND_MS:
            await self._wait_over((LAST_SOUND_MS - self._quiet_ms) / 1000)
        cause = EndCause.AGENT_END if self._up.is_set() else EndCause.CANCELLED
        self.end(cause)
        try:
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._on_hang_up()
        except TimeoutError:
            log.warning("%s: the visitor's connection did not close in time.", self.name)

    @property
    def up(self) -> bool:
        """Whether the visitor has been there."""
        return self._up.is_set()

    @property
    def over(self) -> bool:
        """Whether the leg has ended."""
        return self._over.is_set()

    # What the room reports.

    def connect(self, line: Line) -> None:
        """The visitor hears, for the first time or again."""
        if self._over.is_set():
            return
        self._line = line
        if self._up.is_set():
            self.put(Resumed())
        else:
            self._up.set()
            self.put(Answered())
            self._clock.join(self._step)

    def disconnect(self) -> None:
        """The visitor's connection is broken; they may come back."""
        if self._line is not None:
            self._line = None
            self.put(Held())

    def end(self, cause: EndCause, detail: str = "") -> None:
        """The leg is over."""
        if self._over.is_set():
            return
        self._over.set()
        self._line = None
        self._clock.leave(self._step)
        self._sound.clear()
        self._put_tick(None)
        if self.lost:
            log.warning("%s: %d ticks were not read in time.", self.name, self.lost)
        self.put(Ended(cause, 0, detail))
        self._up.set()  # whoever waits for the visitor goes on, and finds the leg over

    def put(self, event: LegEvent) -> None:
        """Tell what happens; the end always gets in, anything else is dropped when nobody reads."""
        ended = isinstance(event, Ended)
        if self._over.is_set() and not ended:
            return
        if self.events.full():
            if not ended:
                log.warning("%s: an event was dropped because nobody reads them.", self.name)
                return
            self.events.get_nowait()
        self.events.put_nowait(event)

    # 20 ms.

    def _step(self, periods: int) -> None:
        """Move the line by 20 ms; after a stall by more, of which only the last is sent."""
        line = self._line
        for _ in range(periods - 1):
            far = line.receive() if line is not None else SILENCE
            self._put_tick(Tick(far=far, near=SILENCE, spoken=0))
        if line is None:
            self._put_tick(Tick(far=SILENCE, near=SILENCE, spoken=0))
            return
        sound = bytes(self._sound[:FRAME_BYTES])
        del self._sound[:FRAME_BYTES]
        frame = sound + SILENCE[len(sound) :]
        line.send(frame, periods)
        self._quiet_ms = 0 if sound else self._quiet_ms + periods * FRAME_MS
        self._put_tick(Tick(far=line.receive(), near=frame, spoken=len(sound)))

    def _put_tick(self, tick: Tick | None) -> None:
        if self._ticks.full():
            self._ticks.get_nowait()
            self.lost += tick is not None
        self._ticks.put_nowait(tick)

    async def _wait_over(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            pass
