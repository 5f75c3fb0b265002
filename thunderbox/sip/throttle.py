"""Throttle: keeps a storm of calls or connections from using up PJSIP's handles.

PJSIP watches at most 64 sockets in each of its two queues, one for signalling and one for sound,
and a socket that was closed keeps its place for half a second. Who needs a place when there is
none ends the process by an assertion. Every INVITE opens two sockets for each of its first
sixteen descriptions of media, before anybody can ask where it comes from. So when many were
opened lately, the network is left alone for a moment: what does not fit waits in the kernel, and
is sent again or lost.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

KEPT_SECONDS = 0.52
MEDIA = 10
LARGEST_OFFER = 16
OPEN = 24
CONNECTIONS = 36


class Throttle:
    """Counts what was opened lately and says when to pause. On PJSIP's thread only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._media: deque[float] = deque()
        self._closed: deque[float] = deque()
        self._open = 0

    def call(self, message: str = "") -> None:
        """An INVITE has opened its sockets."""
        count = min(LARGEST_OFFER, max(1, message.count("\nm=")))
        self._media.extend([self._clock()] * count)

    def wait(self) -> None:
        """Hold PJSIP's thread until there is room again."""
        while self.full:
            time.sleep(0.01)

    def connected(self) -> bool:
        """A connection has been opened; False when it should be closed again."""
        self._open += 1
        return self._open <= OPEN

    def closed(self) -> None:
        """A connection has been closed."""
        self._open = max(0, self._open - 1)
        self._closed.append(self._clock())

    @property
    def full(self) -> bool:
        """Whether nothing more should be taken from the network now."""
        now = self._clock()
        for times in (self._media, self._closed):
            while times and now - times[0] > KEPT_SECONDS:
                times.popleft()
        if len(self._media) >= MEDIA:
            return True
        return bool(self._closed) and self._open + len(self._closed) >= CONNECTIONS
