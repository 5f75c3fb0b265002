"""Ring: the two bounded queues of sound between PJSIP's media thread and the asyncio loop.

Neither holds a lock: each end of a `deque` belongs to one thread, and CPython's `append`,
`pop` and `popleft` are atomic.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from thunderbox.errors import LegError
from thunderbox.voice.leg import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, SILENCE, Tick

PLAYOUT_SECONDS = 30
PLAYOUT_BYTES = PLAYOUT_SECONDS * SAMPLE_RATE * 2
TICKS_SECONDS = 5
TICKS = TICKS_SECONDS * 1000 // FRAME_MS


class Playout:
    """Sound on its way to the far end: the loop puts and flushes, the media thread takes."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._put = 0
        self._flushed = 0
        self._taken = 0

    def put(self, pcm: bytes) -> None:
        """Queue 16-bit samples. Raises LegError when they are not whole or do not fit."""
        check_fits(pcm, self.queued)
        self._put += len(pcm)
        if self._frames:
            # Join the last, partly filled frame so that no padding falls inside a sentence.
            try:
                if len(self._frames[-1]) < FRAME_BYTES:
                    pcm = self._frames.pop() + pcm
            except IndexError:
                pass  # the media thread has just taken it
        for start in range(0, len(pcm), FRAME_BYTES):
            self._frames.append(pcm[start : start + FRAME_BYTES])

    def take(self) -> bytes:
        """The next frame of at most 20 ms; empty when nothing is queued. Media thread only."""
        try:
            frame = self._frames.popleft()
        except IndexError:
            return b""
        self._taken += len(frame)
        return frame

    def flush(self) -> int:
        """Throw away what was not taken; returns how many bytes."""
        thrown = 0
        while True:
            try:
                thrown += len(self._frames.popleft())
            except IndexError:
                self._flushed += thrown
                return thrown

    @property
    def queued(self) -> int:
        """Bytes put and neither taken nor flushed."""
        return max(0, self._put - self._flushed - self._taken)


class Ticks:
    """What happened every 20 ms: the media thread puts, one asyncio reader takes.

    A reader that lags more than 5 s loses the oldest ticks; `lost` counts them.
    """

    def __init__(self, wake: Callable[[Callable[[], None]], object]) -> None:
        self._ticks: deque[Tick] = deque(maxlen=TICKS)
        self._wake = wake
        self._arrived = asyncio.Event()
        self._waiting = False
        self._closed = False
        self.lost = 0

    def put(self, tick: Tick) -> None:
        """Append a tick and wake the reader if it sleeps. Media thread only; never raises."""
        if self._closed:
            return
        if len(self._ticks) == TICKS:
            self.lost += 1
        self._ticks.append(tick)
        if self._waiting:
            self._waiting = False
            try:
                self._wake(self._arrived.set)
            except RuntimeError:
                self._closed = True  # the loop is gone, and with it the reader

    async def get(self) -> Tick | None:
        """The next tick; None once closed and empty."""
        while True:
            try:
                return self._ticks.popleft()
            except IndexError:
                pass
            if self._closed:
                return None
            self._arrived.clear()
            self._waiting = True
            if not self._ticks and not self._closed:
                await self._arrived.wait()
            self._waiting = False

    def close(self) -> None:
        """No more ticks; the reader gets those that are left, then None."""
        self._closed = True
        self._arrived.set()


def check_fits(pcm: bytes, queued: int) -> None:
    """Raise LegError when sound is not whole samples, or too much with what is queued."""
    if len(pcm) % 2:
        raise LegError("Sound must be whole 16-bit samples.")
    if queued + len(pcm) > PLAYOUT_BYTES:
        raise LegError(f"A line holds at most {PLAYOUT_SECONDS} s of sound to be played.")


def padded(frame: bytes) -> bytes:
    """A frame filled up with silence to 20 ms."""
    return frame if len(frame) == FRAME_BYTES else frame + SILENCE[len(frame) :]
