"""Clock: the 20 ms that all browser calls share.

Ticks lie on a grid that was fixed when the clock started, so they do not drift. One timer serves
all calls. When the loop was held, the ticks that were missed are told as one: sound that came in
meanwhile is all there and can be taken at once, but sound that goes out must not leave in a burst.
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
        self._members: list[OnTick] = []
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._waited = False
        self.missed = 0
        """Periods that were told together with a later one."""

    def join(self, member: OnTick) -> None:
        """Tick for a member from now on; its first tick comes within 20 ms."""
        self._members.append(member)
        if self._timer is None:
            timers = self._timers or asyncio.get_running_loop()
            self._due = timers.time() + PERIOD
            self._timer = timers.call_at(self._due, self._tick)

    def leave(self, member: OnTick) -> None:
        """Tick no more for a member; one that never joined is ignored."""
        if member in self._members:
            self._members.remove(member)
        if not self._members:
            self.close()

    def close(self) -> None:
        """Stop; nobody is ticked any more."""
        self._members.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        timers = self._timers or asyncio.get_running_loop()
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
        for member in tuple(self._members):
            try:
                member(periods)
            except Exception:
                log.exception("A browser call failed at its 20 ms.")
