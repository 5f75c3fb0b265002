"""Schedule: when a delivery that failed is tried again, and when it is given up.

The wait doubles from the first one on up to an hour, each time shorter or longer by a tenth, until
a day after the first try; the last try is made when the day ends.
"""

from __future__ import annotations

HOUR_MS = 3_600_000
GIVE_UP_MS = 24 * HOUR_MS
LONGEST_WAIT_MS = HOUR_MS
JITTER = 0.1
TEST_AGAIN_MS = 60_000
"""A test is tried once more after so long."""


def next_try(
    first_wait_ms: int, tries: int, tried_since: int, now: int, chance: float
) -> int | None:
    """When to try again after so many tries; None for never.

    `chance` is from 0 to 1 and spreads what failed at the same time.
    """
    ends = tried_since + GIVE_UP_MS
    if now >= ends:
        return None
    doubled = first_wait_ms << min(tries - 1, 30)
    wait = min(doubled, LONGEST_WAIT_MS) * (1 - JITTER + 2 * JITTER * chance)
    return min(now + round(wait), ends)


def next_test(tries: int, now: int) -> int | None:
    """The same for a test."""
    return now + TEST_AGAIN_MS if tries < 2 else None
