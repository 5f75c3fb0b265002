"""Tasks with an owner: started in a group, watched, and awaited when the owner ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
"""Starts a task that its owner awaits."""


class Tasks:
    """The running tasks of one owner."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """How many there are."""
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task; an exception that it does not handle is logged."""
        task = asyncio.create_task(
            work, name=f"{self._name}: {getattr(work, '__qualname__', 'task')}"
        )
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def close(self, grace_s: float = 0.0) -> None:
        """Wait `grace_s` for what still runs, cancel the rest, and collect everything."""
        if self._running and grace_s:
            await asyncio.wait(self._running, timeout=grace_s)
        while running := list(self._running):
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            # Since Python 3.12, gather of finished tasks does not give way to their callbacks.
            self._running.difference_update(running)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)
