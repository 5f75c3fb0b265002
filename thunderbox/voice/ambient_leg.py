"""AmbientLeg: a leg with background sound under everything that is played.

It wraps another leg and keeps a little sound in it at all times: the background, with speech
mixed on top. The far end hears both; `Tick.spoken`, `queued` and `flush` still count speech
alone, so that nobody above has to know.
"""

from __future__ import annotations

import asyncio
from collections import deque

import numpy as np

from thunderbox.errors import LegError
from thunderbox.voice.leg import FRAME_BYTES, SAMPLE_RATE, Leg, LegEvent, Tick

LEAD = 3 * FRAME_BYTES
"""Sound kept in the wrapped leg: 60 ms, so that a late loop leaves no hole."""
MAX_QUEUED = 30 * SAMPLE_RATE * 2
DUCKED = 0.4
"""Gain of the background while the agent speaks."""
FADE = 0.1
"""How far the gain moves towards its goal in 20 ms, so that nobody hears it move."""


class AmbientLeg:
    """A leg with a background track."""

    def __init__(self, leg: Leg, track: bytes) -> None:
        self.name = leg.name
        self.events: asyncio.Queue[LegEvent] = leg.events
        self._leg = leg
        self._track = np.frombuffer(track, "<i2").astype(np.float32)
        self._position = 0
        self._gain = 1.0
        self._speech = bytearray()
        self._under_way: deque[int] = deque()
        """Bytes of speech in each frame that the wrapped leg has not yet sent."""

    async def answer(self) -> None:
        """Pick up."""
        await self._leg.answer()

    async def refuse(self, status: int, reason: str) -> None:
        """Turn the call down."""
        await self._leg.refuse(status, reason)

    async def tick(self) -> Tick | None:
        """The next 20 ms; what is to be played next is put on the line."""
        tick = await self._leg.tick()
        if tick is None:
            return None
        spoken = self._under_way.popleft() if tick.spoken and self._under_way else 0
        self._top_up()
        return Tick(tick.far, tick.near, spoken)

    def play(self, pcm: bytes) -> None:
        """Queue speech. Raises LegError when more than 30 s wait."""
        if len(self._speech) + len(pcm) > MAX_QUEUED:
            raise LegError("More than 30 s of sound wait to be played.")
        self._speech += pcm

    @property
    def queued(self) -> int:
        """Bytes of speech not yet sent."""
        return len(self._speech) + sum(self._under_way)

    def flush(self) -> int:
        """Throw away speech that was not sent; the background goes on."""
        frames = self._leg.flush() // FRAME_BYTES
        thrown = len(self._speech)
        self._speech.clear()
        for _ in range(min(frames, len(self._under_way))):
            thrown += self._under_way.pop()
        return thrown

    async def send_digits(self, digits: str) -> None:
        """Press keys."""
        await self._leg.send_digits(digits)

    async def transfer(self, target: str) -> None:
        """Hand the far end on."""
        await self._leg.transfer(target)

    async def hang_up(self) -> None:
        """End the leg."""
        await self._leg.hang_up()

    def _top_up(self) -> None:
        # A leg that is over queues nothing, however much it is given.
        for _ in range(self._leg.queued, LEAD, FRAME_BYTES):
            speech = bytes(self._speech[:FRAME_BYTES])
            del self._speech[:FRAME_BYTES]
            self._leg.play(self._mix(speech))
            self._under_way.append(len(speech))

    def _mix(self, speech: bytes) -> bytes:
        """One frame of background with speech on top."""
        samples = FRAME_BYTES // 2
        at = np.arange(self._position, self._position + samples) % len(self._track)
        self._position = int(at[-1] + 1) % len(self._track)
        goal = DUCKED if speech else 1.0
        before, self._gain = self._gain, self._gain + FADE * (goal - self._gain)
        mixed = self._track[at] * np.linspace(before, self._gain, samples, dtype=np.float32)
        mixed[: len(speech) // 2] += np.frombuffer(speech, "<i2")
        return np.clip(np.rint(mixed), -32768, 32767).astype("<i2").tobytes()
