"""Allowance: how much one client may send, so that none keeps the box busy."""

from __future__ import annotations

from collections.abc import Callable


class Allowance:
    """So many at once, and so many per second after that."""

    def __init__(self, burst: int, per_second: float, monotonic: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = per_second
        self._monotonic = monotonic
        self._left = float(burst)
        self._at = monotonic()

    def take(self, count: int = 1) -> bool:
        """Use some up; False when there is not enough left, and nothing is used then."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < count:
            return False
        self._left -= count
        return True
