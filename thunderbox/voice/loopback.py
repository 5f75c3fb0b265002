"""LoopbackLeg: two legs joined in memory, for test calls and tests.

What one end plays the other hears, one tick later at most. `Loopback.step` moves the line by
20 ms; `Loopback.run` does that at the pace of a telephone.
"""

from __future__ import annotations

import asyncio

from thunderbox.errors import LegError
from thunderbox.voice.leg import (
    FRAME_BYTES,
    FRAME_MS,
    SILENCE,
    Answered,
    Digit,
    EndCause,
    Ended,
    LegEvent,
    Tick,
)

MAX_QUEUED = 30 * 1000 // FRAME_MS * FRAME_BYTES
MAX_TICKS = 250
"""Ticks (5 s) that wait for a slow reader before the oldest is dropped."""


class LoopbackLeg:
    """One end of the line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue(64)
        self.other: LoopbackLeg
        self.answered = False
        self.ended = False
        self.refusal: tuple[int, str] | None = None
        self.transferred_to = ""
        """Where this end was handed on to by the other."""
        self._sound = bytearray()
        self._ticks: asyncio.Queue[Tick | None] = asyncio.Queue(MAX_TICKS)

    async def answer(self) -> None:
        """Pick up."""
        self.answered = True
        self._tell(self.other, Answered())

    async def refuse(self, status: int, reason: str) -> None:
        """Turn the call down."""
        self.refusal = (status, reason)
        self._end(EndCause.AGENT_END)
        self.other._end(EndCause.REFUSED, status, reason)

    async def tick(self) -> Tick | None:
        """The next 20 ms; None once the line is cut."""
        if self.ended and self._ticks.empty():
            return None
        return await self._ticks.get()

    def play(self, pcm: bytes) -> None:
        """Queue sound for the other end."""
        if len(self._sound) + len(pcm) > MAX_QUEUED:
            raise LegError("More than 30 s of sound wait to be played.")
        if not self.ended:
            self._sound += pcm

    @property
    def queued(self) -> int:
        """Bytes not yet sent."""
        return len(self._sound)

    def flush(self) -> int:
        """Throw away what was not sent."""
        dropped = len(self._sound)
        self._sound.clear()
        return dropped

    async def send_digits(self, digits: str) -> None:
        """Press keys."""
        for digit in digits:
            self._tell(self.other, Digit(digit))

    async def transfer(self, target: str) -> None:
        """Hand the other end on: it notes the target, and the line is cut."""
        if self.ended:
            return
        self.other.transferred_to = target
        self._end(EndCause.TRANSFERRED)
        self.other._end(EndCause.TRANSFERRED)

    async def hang_up(self) -> None:
        """Cut the line."""
        self._end(EndCause.AGENT_END)
        self.other._end(EndCause.CALLER_HANGUP)

    def take_frame(self) -> tuple[bytes, int]:
        """The next 20 ms that this end sends, and how much of it is sound."""
        sound = bytes(self._sound[:FRAME_BYTES])
        del self._sound[:FRAME_BYTES]
        return sound + SILENCE[len(sound) :], len(sound)

    def give_tick(self, tick: Tick) -> None:
        """20 ms for this end's reader; the oldest is dropped when it does not read."""
        if self.ended:
            return
        if self._ticks.full():
            self._ticks.get_nowait()
        self._ticks.put_nowait(tick)

    def _end(self, cause: EndCause, status: int = 0, detail: str = "") -> None:
        if self.ended:
            return
        self.ended = True
        self._tell(self, Ended(cause, status, detail))
        if self._ticks.full():
            self._ticks.get_nowait()
        self._ticks.put_nowait(None)

    @staticmethod
    def _tell(leg: LoopbackLeg, event: LegEvent) -> None:
        if not leg.events.full():
            leg.events.put_nowait(event)


class Loopback:
    """The line: `near` and `far` are its two ends."""

    def __init__(self, name: str) -> None:
        self.near = LoopbackLeg(f"{name}-near")
        self.far = LoopbackLeg(f"{name}-far")
        self.near.other, self.far.other = self.far, self.near

    def step(self) -> None:
        """Move the line by 20 ms."""
        near, near_sound = self.near.take_frame()
        far, far_sound = self.far.take_frame()
        self.near.give_tick(Tick(far=far, near=near, spoken=near_sound))
        self.far.give_tick(Tick(far=near, near=far, spoken=far_sound))

    async def run(self) -> None:
        """Move the line at the pace of a telephone until both ends have hung up."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not (self.near.ended and self.far.ended):
            self.step()
            due += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - loop.time()))
