"""A simulated caller: talks over any leg, hears what comes back, and measures the time between.

Times are positions in the leg's own stream of 20 ms ticks, so they hold on the wire and do not
depend on when this program gets to run. Voice is sound above a fixed level: the line of a
simulated call is clean, and a level has no delay of its own.
"""

from __future__ import annotations

import asyncio
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thunderbox.voice.engine import Recognizer, Synthesizer
from thunderbox.voice.leg import FRAME_SAMPLES, SAMPLE_RATE, Leg

LEVEL = 250
"""Samples above this amplitude are voice; mu-law noise on a silent line stays under 20."""
PAUSE_MS = 1200
"""Silence after which the far end has finished speaking; gaps between clauses are shorter."""
CLICK_MS = 40
"""Sound no longer than this is a click."""
QUIET_MS = 300
"""Silence after which an interrupted far end has stopped."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller said; times in ms from the start of the stream, first to last voice."""

    text: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What the far end said; times in ms, first to last voice."""

    text: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class Interruption:
    """A question asked over the far end's answer, and how long that one went on (None: on)."""

    said: Said
    stopped_ms: float | None


class _Voice:
    """Where one direction has voice, frame by frame; a click is not voice."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, int]] = []
        self._burst: list[tuple[int, int]] = []

    def add(self, first: int, last: int) -> None:
        """Take a frame with sound: where in the stream the sound begins and ends."""
        previous = self._burst or self.frames[-1:]
        if not previous or first - previous[-1][1] > _samples(CLICK_MS):
            self._burst = [(first, last)]
        elif not self._burst:
            self.frames.append((first, last))
        else:
            self._burst.append((first, last))
            if self._burst[-1][1] - self._burst[0][0] > _samples(CLICK_MS):
                self.frames += self._burst
                self._burst = []

    def since(self, position: int) -> tuple[int, int] | None:
        """First and last voice from `position` on; the newest is what is asked for, mostly."""
        first = None
        for start, _ in reversed(self.frames):
            if start < position:
                break
            first = start
        return None if first is None else (first, self.frames[-1][1])


class Ear:
    """Both directions of a call, and where in them there is voice. No clock, no I/O."""

    def __init__(self) -> None:
        self.far = bytearray()
        self.near = bytearray()
        self._far_voice = _Voice()
        self._near_voice = _Voice()

    @property
    def now(self) -> int:
        """Length of the stream so far, in samples."""
        return len(self.far) // 2

    def hear(self, far: bytes, near: bytes) -> None:
        """Take the next 20 ms of both directions."""
        for frame, voice in ((far, self._far_voice), (near, self._near_voice)):
            loud = np.flatnonzero(np.abs(np.frombuffer(frame, "<i2").astype(np.int32)) > LEVEL)
            if loud.size:
                voice.add(self.now + int(loud[0]), self.now + int(loud[-1]) + 1)
        self.far += far
        self.near += near

    def far_since(self, position: int) -> tuple[int, int] | None:
        """First and last voice of the far end from `position` on."""
        return self._far_voice.since(position)

    def near_since(self, position: int) -> tuple[int, int] | None:
        """First and last voice that was sent from `position` on."""
        return self._near_voice.since(position)

    def far_stop(self, position: int) -> int | None:
        """Where the far end fell silent for QUIET_MS, at or after `position`."""
        end = position
        for first, last in self._far_voice.frames:
            if last <= position:
                continue
            if first - end >= _samples(QUIET_MS):
                break
            end = last
        return end if self.now - end >= _samples(QUIET_MS) else None


class SimulatedCaller:
    """One party of a call that follows a script."""

    def __init__(
        self, leg: Leg, synthesizer: Synthesizer, recognizer: Recognizer, voice: str
    ) -> None:
        self.ear = Ear()
        self.ended = False
        self._leg = leg
        self._synthesizer = synthesizer
        self._recognizer = recognizer
        self._voice = voice
        self._cursor = 0
        self._ticked = asyncio.Event()
        self._pump = asyncio.create_task(self._run())

    async def say(self, text: str) -> Said:
        """Speak, and return when the last sample was sent."""
        pcm = b"".join([piece async for piece in self._synthesizer.speak(text, self._voice)])
        begin = self.ear.now
        self._leg.play(pcm)
        limit = begin + len(pcm) // 2 + SAMPLE_RATE
        while not self.ended and self._leg.queued and self.ear.now < limit:
            await self._tick()
        await self._tick()
        start, end = self.ear.near_since(begin) or (begin, self.ear.now)
        return Said(text, _ms(start), _ms(end))

    async def listen(self, seconds: float = 10.0, pause_ms: int = PAUSE_MS) -> Heard | None:
        """What the far end says next, once it pauses; None when it says nothing in time."""
        limit = self.ear.now + _samples(1000 * seconds)
        while (span := self.ear.far_since(self._cursor)) is None:
            if self.ended or self.ear.now >= limit:
                return None
            await self._tick()
        while not self.ended and self.ear.now - span[1] < _samples(pause_ms):
            await self._tick()
            span = self.ear.far_since(self._cursor) or span
        self._cursor = span[1]
        margin = FRAME_SAMPLES * 10
        sound = bytes(self.ear.far[2 * max(span[0] - margin, 0) : 2 * (span[1] + margin)])
        return Heard(await self._transcribe(sound), _ms(span[0]), _ms(span[1]))

    async def interrupt(self, text: str, after_ms: int, seconds: float = 10.0) -> Interruption:
        """Wait until the far end has spoken for `after_ms`, then say `text` over it."""
        limit = self.ear.now + _samples(1000 * seconds)
        if not await self._while_it_speaks(after_ms, limit):
            return Interruption(await self.say(text), None)
        said = await self.say(text)
        begin = _samples(said.start_ms)
        while (stop := self.ear.far_stop(begin)) is None and not self.ended:
            if self.ear.now >= limit:
                return Interruption(said, None)
            await self._tick()
        self._cursor = self.ear.now if stop is None else stop
        return Interruption(said, None if stop is None else max(0.0, _ms(stop - begin)))

    async def murmur(self, text: str, after_ms: int, seconds: float = 10.0) -> Said:
        """Say `text` once the far end has spoken for `after_ms`, and let it go on."""
        await self._while_it_speaks(after_ms, self.ear.now + _samples(1000 * seconds))
        return await self.say(text)

    async def wait_for_end(self, seconds: float) -> bool:
        """Whether the far end hangs up in time."""
        limit = self.ear.now + _samples(1000 * seconds)
        while not self.ended and self.ear.now < limit:
            await self._tick()
        return self.ended

    async def hang_up(self) -> None:
        """End the call; what was heard stays."""
        await self._leg.hang_up()
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        self.ended = True
        self._ticked.set()

    def write_wav(self, path: Path) -> None:
        """Both directions as a stereo WAV: caller left, far end right."""
        sides = (np.frombuffer(bytes(side), "<i2") for side in (self.ear.near, self.ear.far))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(np.stack(list(sides), axis=1).tobytes())

    async def _while_it_speaks(self, after_ms: int, limit: int) -> bool:
        """Wait until the far end has spoken for so long; False when it has not by then."""
        while (span := self.ear.far_since(self._cursor)) is None or (
            self.ear.now - span[0] < _samples(after_ms)
        ):
            if self.ended or self.ear.now >= limit:
                return False
            await self._tick()
        return True

    async def _run(self) -> None:
        try:
            while (tick := await self._leg.tick()) is not None:
                self.ear.hear(tick.far, tick.near)
                self._ticked.set()
        finally:
            self.ended = True
            self._ticked.set()

    async def _tick(self) -> None:
        self._ticked.clear()
        if not self.ended:
            await self._ticked.wait()

    async def _transcribe(self, sound: bytes) -> str:
        return (await self._recognizer.transcribe(sound)).text.strip()


def _ms(samples: int) -> float:
    return samples * 1000 / SAMPLE_RATE


def _samples(ms: float) -> int:
    return round(ms * SAMPLE_RATE / 1000)
