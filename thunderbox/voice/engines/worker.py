"""Worker: an engine's own threads, and the one bridge between them and asyncio.

Jobs go in through a bounded queue; results come back with `loop.call_soon_threadsafe`.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, TypeVar

from thunderbox.errors import EngineError, ThunderBoxError

log = logging.getLogger(__name__)

T = TypeVar("T")
Emit = Callable[[bytes], bool]
"""Hands a piece over, if it is not empty; False when nobody wants more: the job should stop."""

_END = object()


class Worker:
    """`threads` threads that run jobs of one engine, in the order in which they came."""

    def __init__(self, name: str, *, threads: int = 1, waiting: int = 64) -> None:
        self.name = name
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(waiting)
        self._closed = False
        self._busy = 0
        self._counting = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, job: Callable[[], T]) -> T:
        """Run a job and return what it returns; when cancelled before its turn it never runs."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            if done.cancelled():
                return
            try:
                self.check_open()
                result = job()
            except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, its waiter must hear it
                post(loop, fail, done, self.explain(error))
            else:
                post(loop, finish, done, result)

        self.submit(work)
        return await done

    async def stream(self, job: Callable[[Emit], None]) -> AsyncGenerator[bytes, None]:
        """Run a job and yield the pieces that it emits, while it makes the next ones."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Any] = asyncio.Queue()
        stopped = threading.Event()

        def emit(piece: bytes) -> bool:
            if piece and not stopped.is_set():
                post(loop, pieces.put_nowait, piece)
            return not stopped.is_set()

        def work() -> None:
            end: object = _END
            if not stopped.is_set():
                try:
                    self.check_open()
                    job(emit)
                except Exception as error:  # noqa: BLE001, RUF100 - the listener must hear it
                    end = self.explain(error)
            post(loop, pieces.put_nowait, end)

        self.submit(work)
        try:
            while (piece := await pieces.get()) is not _END:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            stopped.set()

    def submit(self, job: Callable[[], None]) -> None:
        """Queue a job that reports by itself. Raises EngineError when full or closed."""
        self.check_open()
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise EngineError(
                f"The engine {self.name} has too much to do: {self._jobs.maxsize} jobs wait."
            ) from None

    @property
    def waiting(self) -> int:
        """Jobs that no thread has begun."""
        return self._jobs.qsize()

    @property
    def idle(self) -> bool:
        """Whether a job that is given now is begun at once."""
        return self._busy + self._jobs.qsize() < len(self._threads)

    @property
    def alive(self) -> bool:
        """Whether jobs will be done."""
        return not self._closed and all(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Finish what is running, refuse what waits, end the threads."""
        if self._closed:
            return
        self._closed = True
        with suppress(queue.Full):
            for _ in self._threads:
                self._jobs.put(None, timeout=5)
        for thread in self._threads:
            thread.join(timeout=5)

    def check_open(self) -> None:
        """Raises EngineError once the engine is closed."""
        if self._closed:
            raise EngineError(f"The engine {self.name} is closed.")

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._count(1)
            try:
                job()
            finally:
                self._count(-1)

    def _count(self, more: int) -> None:
        with self._counting:
            self._busy += more

    def explain(self, error: Exception) -> Exception:
        """What a caller is told of an error; one that nobody foresaw is logged."""
        if isinstance(error, ThunderBoxError):
            return error
        log.error("engine %s failed", self.name, exc_info=error)
        explained = EngineError(f"The engine {self.name} failed: {type(error).__name__}: {error}")
        explained.__cause__ = error
        return explained


def post(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *values: object) -> None:
    """Call a function on the loop's thread; a loop that is gone has nobody left to tell."""
    try:
        loop.call_soon_threadsafe(function, *values)
    except RuntimeError:
        log.debug("the event loop ended before an engine's answer")


def finish(done: asyncio.Future[T], result: T) -> None:
    """Give a result to whoever still waits for it; on the loop's thread."""
    if not done.done():
        done.set_result(result)


def fail(done: asyncio.Future[T], error: Exception) -> None:
    """Give an error to whoever still waits; on the loop's thread."""
    if not done.done():
        done.set_exception(error)
