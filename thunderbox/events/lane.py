"""Lane: tells one receiver what it waits for, a few at a time, whatever other receivers do.

Of one call only one event is under way, so events of a call arrive in order unless a try fails.
A receiver that is slow or does not answer gets one event at a time until it is quick again, so
that a few of them cannot take what all lanes share.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from thunderbox.errors import StoreError
from thunderbox.events import schedule, targets
from thunderbox.events.outcomes import Outcomes, Told
from thunderbox.events.sender import Clock, Sender, Target
from thunderbox.store import webhook_deliveries
from thunderbox.store.database import Database
from thunderbox.store.webhook_deliveries import Attempt, Due, Outcome

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Events under way to one receiver."""
SLOW_MS = 5_000
"""A receiver that takes so long gets one event at a time."""
LOOK_AHEAD = 64
"""Deliveries that are read at once."""
LONGEST_S = 3_600.0
"""A clock that was set is noticed so soon."""
LINGER_S = 60.0
"""A lane that has nothing to do stays so long: the next event finds it ready."""
BUSY_S = 5.0
"""While something is under way, it is looked so often for what is due again."""
AGAIN_S = 1.0
"""After a failure of the database."""


@dataclass(frozen=True, slots=True)
class Post:
    """What all lanes share."""

    db: Database
    sender: Sender
    outcomes: Outcomes
    clock: Clock
    free: asyncio.Semaphore
    """Bounds what is under way in all lanes together."""
    first_wait_ms: int
    chance: Callable[[], float]

    def outcome(self, due: Due, target: Target, attempt: Attempt) -> Outcome:
        """What a try comes to."""
        tries = due.tries + 1
        since = attempt.at if due.tried_since is None else due.tried_since
        again: int | None = None
        if attempt.failure_category is not None:
            now = self.clock.now_ms()
            again = (
                schedule.next_test(tries, now)
                if due.is_test
                else schedule.next_try(self.first_wait_ms, tries, since, now, self.chance())
            )
            status: webhook_deliveries.Status = "failed" if again is None else "retrying"
        else:
            status = "delivered"
        return Outcome(
            delivery_id=due.id,
            url=target.url,
            attempt=attempt,
            status=status,
            tries=tries,
            tried_since=since,
            next_attempt_at=again,
        )


class Lane:
    """The way to one receiver."""

    def __init__(self, receiver: str, post: Post) -> None:
        self._receiver = receiver
        self._post = post
        self._woken = asyncio.Event()
        self._look = True
        """Whether there may be something due that is not known here."""
        self._changed = True
        self._target: Callable[[int], Target] | None = None
        self._next_at: int | None = None
        """When the next thing is due that is not due yet."""
        self._waiting: list[Due] = []
        self._under_way: dict[asyncio.Task[None], int | None] = {}
        self._known: set[int] = set()
        """Deliveries that wait here, are under way, or whose outcome is not on disk yet."""
        self._at_once = AT_ONCE

    def wake(self) -> None:
        """There may be something to send."""
        self._look = True
        self._woken.set()

    def change(self) -> None:
        """The receiver's URL, secret or status has changed."""
        self._changed = True
        self.wake()

    async def run(self) -> None:
        """Send until the receiver has waited for nothing for a while."""
        try:
            while True:
                try:
                    if await self._step():
                        return
                except StoreError:
                    log.exception("What a webhook waits for could not be read")
                    self.change()
                    await asyncio.sleep(AGAIN_S)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _step(self) -> bool:
        """Begin what can be begun and wait until there is more to do; True when all is done."""
        self._woken.clear()
        now = self._post.clock.now_ms()
        if self._changed:
            self._changed = False
            self._target = await targets.of(self._post.db, self._receiver)
            self._next_at = 0
        if self._target is None:
            self._known -= {due.id for due in self._waiting}
            self._waiting.clear()
            if not self._known and not self._woken.is_set():
                return True
        else:
            await self._read(now)
            self._begin(self._target(now))
        wait_s = LINGER_S
        if self._next_at is not None and self._target is not None:
            wait_s = min((self._next_at - now) / 1000, LONGEST_S)
        if self._known:
            wait_s = min(wait_s, BUSY_S)
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                await self._woken.wait()
        except TimeoutError:
            if not self._known and self._next_at is None:
                return not self._woken.is_set()
        return False

    async def _read(self, now: int) -> None:
        """Look for more where there may be more, once little is waiting here."""
        db = self._post.db
        if self._next_at is not None and self._next_at <= now:
            self._look = True
            self._next_at = await webhook_deliveries.next_due(db, self._receiver, now)
        if not self._look or len(self._waiting) >= AT_ONCE:
            return
        self._look = False
        found = await webhook_deliveries.due(db, self._receiver, now, LOOK_AHEAD, self._known)
        self._look = self._look or len(found) == LOOK_AHEAD
        self._known |= {due.id for due in found}
        # What became due together is sent in the order in which it happened.
        self._waiting = sorted(self._waiting + found, key=lambda due: due.id)

    def _begin(self, target: Target) -> None:
        """Send what is next: of each call one event at a time."""
        calls = {call_id for call_id in self._under_way.values() if call_id is not None}
        left: list[Due] = []
        for due in self._waiting:
            if len(self._under_way) >= self._at_once or due.call_id in calls:
                left.append(due)
                # An event that waits holds up the later ones of its call.
            else:
                name = f"webhook delivery {due.id}"
                task = asyncio.create_task(self._send(due, target), name=name)
                self._under_way[task] = due.call_id
                task.add_done_callback(self._ended)
            if due.call_id is not None:
                calls.add(due.call_id)
        self._waiting = left

    async def _send(self, due: Due, target: Target) -> None:
        post = self._post
        async with post.free:
            attempt = await post.sender.send(due, target)
        answered = attempt.failure_category in (None, "http_error")
        self._at_once = AT_ONCE if answered and attempt.duration_ms < SLOW_MS else 1
        outcome = post.outcome(due, target, attempt)

        def written(delivery_id: int) -> None:
            self._known.discard(delivery_id)
            if outcome.next_attempt_at is not None:
                known = self._next_at
                again = outcome.next_attempt_at
                self._next_at = again if known is None else min(known, again)
            self._woken.set()

        await post.outcomes.put(Told(outcome, due.endpoint_id, due.is_test, written))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A webhook could not be sent", exc_info=error)
