"""Courier: tells receivers of events, at least once each, through restarts and failures.

What is to be told are rows, written with the facts (outbox.py). Each receiver has a lane of its
own while it waits for something.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from thunderbox.events.catalogue import TEST
from thunderbox.events.lane import Lane, Post
from thunderbox.events.outcomes import Outcomes
from thunderbox.events.payloads import to_text
from thunderbox.events.schedule import TEST_AGAIN_MS
from thunderbox.events.sender import Clock, Sender, Target
from thunderbox.outgoing.client import Client
from thunderbox.store import webhook_deliveries, webhook_events
from thunderbox.store.database import Database
from thunderbox.store.webhook_deliveries import Attempt
from thunderbox.store.webhook_endpoints import WebhookEndpoint
from thunderbox.store.webhook_events import CHANGES, CHANNEL, NewWebhookEvent, Receiver
from thunderbox.voice.tasks import Tasks

QUICK_AT_ONCE = 96
"""Events under way to all receivers that answer quickly, or have not shown yet that they do not."""
SLOW_AT_ONCE = 32
"""The same for those that were slow or silent the last time: they take no room from the others."""
AT_ONCE = QUICK_AT_ONCE + SLOW_AT_ONCE
TEST_S = 20.0
"""A test waits so long for its answer: clients give up after 30 s."""
DAY_MS = 86_400_000
PRUNED_AT_ONCE = 100
PRUNE_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a test."""

    event_id: str
    event_type: str
    status: str
    attempt: Attempt


class Courier:
    """Works off the outbox."""

    def __init__(
        self,
        db: Database,
        client: Client,
        clock: Clock,
        link: Callable[[int], str],
        *,
        first_wait_s: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`client` must allow AT_ONCE connections; `link` is the sender's."""
        self._db = db
        self._outcomes = Outcomes(db)
        self._sender = Sender(client, clock, link)
        self._post = Post(
            db,
            self._sender,
            self._outcomes,
            clock,
            asyncio.Semaphore(QUICK_AT_ONCE),
            asyncio.Semaphore(SLOW_AT_ONCE),
            round(first_wait_s * 1000),
            chance,
        )
        self._clock = clock
        self._lanes: dict[str, Lane] = {}
        self._tasks = Tasks("webhooks")
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on with what the last stop left, and listen for more."""
        self._writing = asyncio.create_task(self._outcomes.run(), name="outcomes of webhooks")
        self._db.listen(CHANNEL, self.wake)
        self._db.listen(CHANGES, self._change)
        self.wake(await webhook_deliveries.waiting(self._db))

    async def close(self) -> None:
        """Stop; what is under way is sent again after the next start."""
        for channel in (CHANNEL, CHANGES):
            self._db.listen(channel, lambda _: None)
        await self._tasks.close()
        if self._writing is not None:
            await self._outcomes.finish(self._writing)

    def wake(self, receivers: Iterable[str]) -> None:
        """There is something for these receivers."""
        for receiver in receivers:
            lane = self._lanes.get(receiver)
            if lane is None:
                lane = self._lanes[receiver] = Lane(receiver, self._post)
                self._tasks.spawn(self._run(receiver, lane))
            lane.wake()

    def _change(self, receivers: Iterable[str]) -> None:
        """The URL, the secret or the status of these receivers has changed."""
        self.wake(receivers)
        for receiver in receivers:
            self._lanes[receiver].change()

    async def send_test(self, endpoint: WebhookEndpoint, event_type: str = TEST) -> Tested:
        """Send an endpoint an event that did not happen, once now and once more if that fails."""
        receiver = Receiver(key=endpoint.id, endpoint_id=endpoint.id)
        new = NewWebhookEvent(
            org_id=endpoint.org_id,
            type=event_type,
            legacy_type=event_type,
            call_id=None,
            agent_id=endpoint.agent_id,
            data=to_text({}),
        )
        now = self._clock.now_ms()
        async with self._db.transaction() as tx:
            event_id, delivery_id = await webhook_events.insert_test(
                tx, new, receiver, now + TEST_AGAIN_MS
            )
            due = await webhook_deliveries.one(tx, delivery_id)
        assert due is not None
        target = Target(endpoint.url, endpoint.signing_secrets(now))
        attempt = await self._sender.send(due, target, TEST_S)
        outcome = self._post.outcome(due, target, attempt)
        async with self._db.transaction() as tx:
            await webhook_deliveries.write(tx, [outcome])
        self.wake([endpoint.id])
        return Tested(event_id, event_type, outcome.status, attempt)

    async def forget(self, keep_days: int) -> None:
        """Delete events that are older, a few at a time: calls need the database, too."""
        before = self._clock.now_ms() - keep_days * DAY_MS
        gone = PRUNED_AT_ONCE
        while gone == PRUNED_AT_ONCE:
            async with self._db.transaction() as tx:
                gone = await webhook_events.prune(tx, before, PRUNED_AT_ONCE)
            await asyncio.sleep(PRUNE_PAUSE_S)

    async def _run(self, receiver: str, lane: Lane) -> None:
        try:
            await lane.run()
        finally:
            # Without a wait since the lane looked for the last time: nothing is lost between.
            del self._lanes[receiver]
