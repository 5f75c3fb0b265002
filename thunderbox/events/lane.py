"""Lane: tells one receiver what it waits for, a few at a time, whatever other receivers do.

Of one call only one event is under way, and what follows one that failed waits for its second
try, where that is not far off: events of a call arrive in order unless they fail twice.
A receiver that is slow or does not answer gets one event at a time until it is quick again, and
shares the room for such ones, so that they cannot take what the lanes of quick ones share.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

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
UNEXPECTED_MS = 30_000
"""After a failure that nobody thought of."""


@dataclass(frozen=True, slots=True)
class Post:
    """What all lanes share."""

    db: Database
    sender: Sender
    outcomes: Outcomes
    clock: Clock
    quick: asyncio.Semaphore
    """Bounds what is under way in all lanes of quick receivers together."""
    slow: asyncio.Semaphore
    """The same for slow ones."""
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
        self._under_way: dict[asyncio.Task[None], Due] = {}
        self._calls: set[int] = set()
        """Calls with an event under way, or with a failure that is not on disk yet."""
        self._known: set[int] = set()
        """Deliveries that wait here, are under way, or whose outcome is not on disk yet."""
        self._failures = 0
        """Tries that failed, so far."""
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
                except Exception:
                    # Whatever it was, those who wait for it are told once it is over.
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
            self._look, self._next_at = True, None
            if (after := await webhook_deliveries.next_due(db, self._receiver, now)) is not None:
                self._due_at(after)
        if not self._look or self._ready() >= AT_ONCE:
            return
        # What a few calls have stored up must not hide all others behind it.
        calls: set[int] = set()
        if len(self._waiting) >= AT_ONCE:
            calls = self._calls | {one.call_id for one in self._waiting if one.call_id is not None}
        self._look, failures = bool(calls), self._failures
        found = await webhook_deliveries.due(
            db, self._receiver, now, LOOK_AHEAD, known=self._known, calls=calls
        )
        if self._failures != failures:
            # What was read may have to wait for it.
            self._look = True
            return
        self._look = self._look or len(found) == LOOK_AHEAD
        self._known |= {due.id for due in found}
        # What became due together is sent in the order in which it happened.
        self._waiting = sorted(self._waiting + found, key=lambda due: due.id)

    def _ready(self) -> int:
        """How much of what waits here waits for no other event."""
        alone = [one for one in self._waiting if one.call_id is None]
        return len(alone) + len({one.call_id for one in self._waiting} - self._calls - {None})

    def _begin(self, target: Target) -> None:
        """Send what is next: of each call one event at a time."""
        calls = set(self._calls)
        left: list[Due] = []
        for due in self._waiting:
            if len(self._under_way) >= self._at_once or due.call_id in calls:
                left.append(due)
                # An event that waits holds up the later ones of its call.
            else:
                name = f"webhook delivery {due.id}"
                task = asyncio.create_task(self._send(due, target), name=name)
                self._under_way[task] = due
                if due.call_id is not None:
                    self._calls.add(due.call_id)
                task.add_done_callback(self._ended)
            if due.call_id is not None:
                calls.add(due.call_id)
        self._waiting = left

    async def _send(self, due: Due, target: Target) -> None:
        post = self._post
        async with post.quick if self._at_once > 1 else post.slow:
            attempt = await post.sender.send(due, target)
        answered = attempt.failure_category in (None, "http_error")
        self._at_once = AT_ONCE if answered and attempt.duration_ms < SLOW_MS else 1
        outcome = post.outcome(due, target, attempt)
        if outcome.status == "delivered":
            self._go_on(due)
        told = Told(outcome, due.endpoint_id, due.is_test, lambda: self._written(due, outcome))
        await post.outcomes.put(told)

    def _written(self, due: Due, outcome: Outcome) -> None:
        """What became of a delivery is on disk."""
        self._known.discard(due.id)
        if outcome.status != "delivered":
            self._failures += 1
            self._go_on(due)
            # What is next in its call may have to wait now: it is read again once it may go.
            held = [one for one in self._waiting if one.call_id == due.call_id is not None]
            self._known -= {one.id for one in held}
            self._waiting = [one for one in self._waiting if one not in held]
        self._look = self._look or outcome.status != "delivered" or due.tries > 0
        if outcome.next_attempt_at is not None:
            self._due_at(outcome.next_attempt_at)
        self._woken.set()

    def _go_on(self, due: Due) -> None:
        """The next event of a call may be sent."""
        if due.call_id is not None:
            self._calls.discard(due.call_id)

    def _due_at(self, at: int) -> None:
        """Something is due at this time."""
        self._next_at = at if self._next_at is None else min(self._next_at, at)

    def _ended(self, task: asyncio.Task[None]) -> None:
        due = self._under_way.pop(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Nothing of it is on disk, so it is due as it was: not at once, or it would not end.
            log.error("A webhook could not be sent", exc_info=error)
            self._known.discard(due.id)
            self._go_on(due)
            self._due_at(self._post.clock.now_ms() + UNEXPECTED_MS)
