"""Together: requests of many callers to one engine; those that wait are answered in one go."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from thunderbox.errors import EngineError
from thunderbox.voice.engines.worker import Worker, fail, finish, post

Q = TypeVar("Q")
A = TypeVar("A")


class Ask(Generic[Q, A]):
    """One caller's request; the engine's thread answers it once."""

    def __init__(self, request: Q) -> None:
        self.request = request
        self.answered = False
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[A] = self._loop.create_future()

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.done.cancelled()

    def answer(self, value: A) -> None:
        """Give the caller what was asked for."""
        self.answered = True
        post(self._loop, finish, self.done, value)

    def fail(self, error: Exception) -> None:
        """Tell the caller why there is no answer."""
        self.answered = True
        post(self._loop, fail, self.done, error)


class Together(Generic[Q, A]):
    """Takes up to `most` requests that wait at a time, in the order in which they came.

    `work` runs on the engine's thread and answers each of them. Where it fails for several, each
    is tried alone: one caller's request must not be the others' failure.
    """

    def __init__(
        self, worker: Worker, work: Callable[[Sequence[Ask[Q, A]]], None], most: int
    ) -> None:
        self.most = most
        self._worker = worker
        self._work = work
        self._asks: deque[Ask[Q, A]] = deque()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """Requests that the engine has not begun with."""
        return len(self._asks)

    async def ask(self, request: Q) -> A:
        """The answer to a request; when cancelled before its turn it is never worked on. Raises
        EngineError."""
        ask: Ask[Q, A] = Ask(request)
        with self._lock:
            self._asks.append(ask)
        try:
            # As many jobs as requests: whoever finds his own already taken along has none left.
            self._worker.submit(self._next)
        except EngineError:
            with self._lock, suppress(ValueError):
                self._asks.remove(ask)
            raise
        return await ask.done

    def _next(self) -> None:
        asks: list[Ask[Q, A]] = []
        with self._lock:
            while self._asks and len(asks) < self.most:
                if not (ask := self._asks.popleft()).cancelled:
                    asks.append(ask)
        if asks:
            self._answer(asks)

    def _answer(self, asks: Sequence[Ask[Q, A]]) -> None:
        try:
            self._worker.check_open()
            self._work(asks)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, the callers must hear it
            if len(asks) == 1:
                if not asks[0].answered:
                    asks[0].fail(self._worker.explain(error))
                return
            for ask in asks:
                if not ask.answered:
                    self._answer([ask])
