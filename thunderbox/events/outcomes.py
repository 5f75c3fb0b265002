"""Outcomes: writes what tries came to, all that are there in one transaction.

A crash before the write repeats the try: a receiver may hear of an event twice, never of none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from thunderbox.errors import StoreError
from thunderbox.events.schedule import GIVE_UP_MS
from thunderbox.store import webhook_deliveries, webhook_endpoints
from thunderbox.store.database import Database
from thunderbox.store.webhook_deliveries import Outcome

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Outcomes in one transaction."""
AGAIN_S = 1.0
"""After a write that failed."""
CLOSE_S = 2.0
"""How long the end waits for the disk."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a try came to, and whose it was."""

    outcome: Outcome
    endpoint_id: str | None
    is_test: bool
    written: Callable[[], None]
    """Called once all is on disk."""


class Outcomes:
    """The queue of what is to be written; while it is full, lanes send nothing more."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._queue: asyncio.Queue[Told | None] = asyncio.Queue(AT_ONCE)

    async def put(self, told: Told) -> None:
        """Have an outcome written; waits while the disk does not keep up."""
        await self._queue.put(told)

    async def run(self) -> None:
        """Write until the end is asked for."""
        ended = False
        while not ended:
            batch = [await self._queue.get()]
            while len(batch) < AT_ONCE and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            ended = None in batch
            if found := [told for told in batch if told is not None]:
                await self._write(found)

    async def finish(self, running: asyncio.Task[None]) -> None:
        """Write what is there and end `run`, within CLOSE_S."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._queue.put(None)
                await asyncio.wait({running})
        except TimeoutError:
            log.warning("The disk is too slow: some webhooks will be sent again")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def _write(self, found: list[Told]) -> None:
        while True:
            try:
                await self._write_once(found)
                break
            except StoreError:
                log.exception("What became of webhooks could not be written")
                await asyncio.sleep(AGAIN_S)
        for told in found:
            told.written()

    async def _write_once(self, found: list[Told]) -> None:
        async with self._db.transaction() as tx:
            await webhook_deliveries.write(tx, [told.outcome for told in found])
            succeeded: set[str] = set()
            failed: dict[str, int] = {}
            for told in found:
                if told.endpoint_id is None or told.is_test:
                    continue
                if told.outcome.status == "delivered":
                    succeeded.add(told.endpoint_id)
                else:
                    failed[told.endpoint_id] = told.outcome.attempt.at
            for endpoint_id in succeeded:
                await webhook_endpoints.note_success(tx, endpoint_id)
            for endpoint_id in failed.keys() - succeeded:
                at = failed[endpoint_id]
                if await webhook_endpoints.note_failure(tx, endpoint_id, at, GIVE_UP_MS):
                    log.warning("Webhook endpoint %s is failing: nothing arrived", endpoint_id)
