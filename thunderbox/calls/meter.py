"""Meter: ends running calls whose next minute nobody can pay."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from thunderbox.calls.billing import MINUTE_MS, Billing
from thunderbox.calls.ports import Clock
from thunderbox.errors import StoreError
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

EVERY_S = 1.0
NOTICE_MS = 6_000
"""So long before its last paid minute is over, a call begins to end: a sentence has to fit."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a running call has cost so far, and goes on to cost."""

    call_id: int
    org_id: int
    answered_at: int
    cents_per_minute: int

    def begun_cents(self, now_ms: int) -> int:
        """What the minutes that have begun cost."""
        return ((now_ms - self.answered_at) // MINUTE_MS + 1) * self.cents_per_minute

    def left_ms(self, now_ms: int) -> int:
        """How much of the present minute is left."""
        return MINUTE_MS - (now_ms - self.answered_at) % MINUTE_MS


def unpaid(balance: int, readings: Iterable[Reading], now_ms: int) -> list[int]:
    """The calls that have to end, because the minute that they are about to begin is not paid.

    `balance` is before any of these calls is charged. The one whose minute begins first is
    served first.
    """
    running = sorted(readings, key=lambda reading: (reading.left_ms(now_ms), reading.call_id))
    left = balance - sum(reading.begun_cents(now_ms) for reading in running)
    ending = []
    for reading in running:
        if reading.left_ms(now_ms) > NOTICE_MS or not reading.cents_per_minute:
            continue
        if left >= reading.cents_per_minute:
            left -= reading.cents_per_minute
        else:
            ending.append(reading.call_id)
    return ending


class Meter:
    """Looks at every running call once a second."""

    def __init__(
        self,
        billing: Billing,
        clock: Clock,
        readings: Callable[[], Sequence[Reading]],
        end: Callable[[int], None],
    ) -> None:
        """`readings` are those of all answered calls; `end` ends one politely."""
        self._billing = billing
        self._clock = clock
        self._readings = readings
        self._end = end
        self._tasks = Tasks("meter")

    def start(self) -> None:
        """Begin to look."""
        if self._billing.enabled:
            self._tasks.spawn(self._look())

    async def close(self) -> None:
        """Stop looking."""
        await self._tasks.close()

    async def check(self) -> None:
        """End the calls that nobody can pay."""
        for org_id in {reading.org_id for reading in self._readings()}:
            now = self._clock.now_ms()
            begun = sum(r.begun_cents(now) for r in self._readings() if r.org_id == org_id)
            balance = await self._billing.available(org_id, begun)
            now = self._clock.now_ms()
            theirs = [reading for reading in self._readings() if reading.org_id == org_id]
            for call_id in unpaid(balance, theirs, now):
                log.info("Call %s ends: the balance is used up", call_id)
                self._end(call_id)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.check()
            except StoreError:
                log.exception("The balance of running calls could not be read")
