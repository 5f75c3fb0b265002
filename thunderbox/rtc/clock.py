"""Clock: the 20 ms of all browser calls.

Ticks lie on a grid that was fixed when the clock started, so they do not drift. Calls are spread
over the 20 ms: eight that tick at the same moment hold the loop for as long as all of them need
together, and every packet of the last of them is late by that. When the loop was held, the ticks
that were missed are told as one: sound that came in meanwhile is all there and can be taken at
once, but sound that goes out must not leave in a burst.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from thunderbox.voice.leg import FRAME_MS

log = logging.getLogger(__name__)

PERIOD = FRAME_MS / 1000
CATCH_UP = 25
"""Periods at most that one tick stands for (0.5 s); what is more is lost time for everybody."""
PHASES = (0, 4, 2, 6, 1, 5, 3, 7)
"""Eighths of a period at which calls tick, so ordered that few calls are far apart."""
READ_FIRST = 0.002
"""Seconds that a late tick waits, so that what lies in the sockets is read before it."""

OnTick = Callable[[int], None]
"""Called on the loop with the periods of 20 ms since the last tick: 1, or more after a stall."""


class Timers(Protocol):
    """What the clock needs of the loop."""

    def time(self) -> float:
        """Seconds that only ever grow."""

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call something at a time."""


class MediaClock:
    """Calls whoever has joined every 20 ms; rests while nobody has."""

    def __init__(self, timers: Timers | None = None) -> None:
        self._timers = timers
        """None: the loop that runs when somebody joins."""
        self._beats = [_Beat(phase * PERIOD / len(PHASES)) for phase in PHASES]
        self._begun = 0.0

    @property
    def missed(self) -> int:
        """Periods that were told together with a later one."""
        return sum(beat.missed for beat in self._beats)

    def join(self, member: OnTick) -> None:
        """Tick for a member from now on; its first tick comes within 20 ms."""
        timers = self._timers or asyncio.get_running_loop()
        if not any(beat.members for beat in self._beats):
            self._begun = timers.time()
        min(self._beats, key=lambda beat: len(beat.members)).join(member, timers, self._begun)

    def leave(self, member: OnTick) -> None:
        """Tick no more for a member; one that never joined is ignored."""
        for beat in self._beats:
            if member in beat.members:
                beat.leave(member)
                return

    def close(self) -> None:
        """Stop; nobody is ticked any more."""
        for beat in self._beats:
            beat.close()


class _Beat:
    """The calls that tick at the same moment, `offset` seconds into each period."""

    def __init__(self, offset: float) -> None:
        self.members: list[OnTick] = []
        self.missed = 0
        self._offset = offset
        self._timers: Timers
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._waited = False

    def join(self, member: OnTick, timers: Timers, begun: float) -> None:
        """`begun` is where the grid of all beats lies."""
        self.members.append(member)
        if self._timer is None:
            self._timers = timers
            since = timers.time() - begun - self._offset
            self._due = begun + self._offset + (since // PERIOD + 1) * PERIOD
            self._waited = False
            self._timer = timers.call_at(self._due, self._tick)

    def leave(self, member: OnTick) -> None:
        self.members.remove(member)
        if not self.members:
            self.close()

    def close(self) -> None:
        self.members.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        timers = self._timers
        late = int((timers.time() - self._due) / PERIOD)
        if late and not self._waited:
            self._waited = True
            self._timer = timers.call_at(timers.time() + READ_FIRST, self._tick)
            return
        self._waited = False
        self._due += (late + 1) * PERIOD
        self._timer = timers.call_at(self._due, self._tick)
        self.missed += late
        periods = min(late + 1, CATCH_UP)
        for member in tuple(self.members):
            try:
                member(periods)
            except Exception:
                log.exception("A browser call failed at its 20 ms.")
