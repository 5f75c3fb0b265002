"""Thread: the only thread that makes calls into PJSIP.

Two threads inside PJSIP can lock each other out, and a thread that PJSIP does not know ends the
process. So every call is a piece of work posted here, and every callback that signalling makes
arrives here too, between two pieces of work.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from thunderbox.errors import LegError

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[], Any]

WAITING = 256
ANSWER_SECONDS = 5.0


class PjThread:
    """Runs work, and `poll` in between; `poll` waits for the network for some milliseconds."""

    def __init__(self, poll: Callable[[], None]) -> None:
        self._poll = poll
        self._work: queue.Queue[tuple[Work, concurrent.futures.Future[Any] | None]] = queue.Queue(
            WAITING
        )
        self._stopping = threading.Event()
        self._polling = False
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="pjsip", daemon=True)

    def start(self) -> None:
        """Start running work; polling begins with `begin_polling`."""
        self._thread.start()

    def begin_polling(self) -> None:
        """From now on poll, because the library is up. On the thread itself."""
        self._polling = True

    def end_polling(self) -> None:
        """From now on only run work, because the library is going. On the thread itself."""
        self._polling = False

    def post(self, work: Work) -> bool:
        """Run work soon, its result dropped; False when too much is waiting."""
        try:
            self._work.put_nowait((work, None))
        except queue.Full:
            full = True
        else:
            full = False
        if full:
            log.error("The phone's thread does not keep up: a command was dropped.")
        return not full

    async def call(self, work: Callable[[], Result], seconds: float = ANSWER_SECONDS) -> Result:
        """Run work and return its result. Raises what it raises, or LegError when it is late."""
        future: concurrent.futures.Future[Result] = concurrent.futures.Future()
        try:
            self._work.put_nowait((work, future))
        except queue.Full:
            raise LegError("The phone does not keep up with its commands.") from None
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), seconds)
        except TimeoutError:
            raise LegError(f"The phone did not answer a command within {seconds:g} s.") from None

    async def stop(self, seconds: float) -> bool:
        """End the thread; False when it does not end in time."""
        self._stopping.set()
        done, _ = await asyncio.wait([asyncio.wrap_future(self._ended)], timeout=seconds)
        return bool(done)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                wait = None if self._polling else 0.02
                self._run_waiting(wait)
                if self._polling:
                    self._poll()
            except Exception:
                log.exception("The phone's thread met an error and goes on.")
        self._run_waiting(None)
        self._ended.set_result(None)

    def _run_waiting(self, wait: float | None) -> None:
        """Run all work that waits; without polling, wait for some."""
        while True:
            try:
                work, future = self._work.get(timeout=wait) if wait else self._work.get_nowait()
            except queue.Empty:
                return
            wait = None
            _run_one(work, future)


def _run_one(work: Work, future: concurrent.futures.Future[Any] | None) -> None:
    if future is not None and not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        if future is None:
            log.exception("A command of the phone failed.")
        else:
            # Without its traceback: that would keep PJSIP's objects alive in another thread.
            error.__context__ = error.__cause__ = None
            future.set_exception(error.with_traceback(None))
        return
    if future is not None:
        future.set_result(result)
