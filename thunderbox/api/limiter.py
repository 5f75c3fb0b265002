"""Limiter: how often somebody may ask, with memory for the busiest only.

Each key has a bucket: `burst` requests at once, and one more every `1 / per_second` seconds. A
bucket is one number, the time at which it is full again.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable

REMEMBERED = 10_000
"""Buckets that are kept; beyond that the one that was used least recently is forgotten."""


class Limiter:
    """Counts for every key on its own; `clock` gives seconds that never go back."""

    def __init__(
        self,
        per_second: float,
        burst: int,
        clock: Callable[[], float],
        remembered: int = REMEMBERED,
    ) -> None:
        self._interval = 1 / per_second
        self._span = burst / per_second
        self._clock = clock
        self._remembered = remembered
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait(self, key: Hashable) -> float:
        """Seconds until `key` may ask again; 0 when it may now."""
        full_at = self._full_at.get(key, 0.0)
        return max(0.0, full_at + self._interval - self._span - self._clock())

    def take(self, key: Hashable) -> float:
        """Ask: 0 when allowed, and counted; else the seconds to wait, and nothing is counted."""
        if (wait := self.wait(key)) > 0:
            return wait
        now = self._clock()
        self._full_at[key] = max(self._full_at.get(key, 0.0), now) + self._interval
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._remembered:
            self._full_at.popitem(last=False)
        return 0.0

    def forget(self, key: Hashable) -> None:
        """Let `key` begin anew."""
        self._full_at.pop(key, None)

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._full_at)


def whole_seconds(wait: float) -> int:
    """A wait as Retry-After says it: whole seconds, at least one."""
    return max(1, math.ceil(wait - 1e-6))
