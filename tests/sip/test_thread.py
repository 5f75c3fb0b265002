"""The thread that makes every call into PJSIP."""

from __future__ import annotations

import asyncio
import threading

import pytest

from thunderbox.errors import LegError
from thunderbox.sip.thread import WAITING, PjThread


async def test_work_runs_on_one_thread_and_answers() -> None:
    thread = PjThread(lambda: None)
    thread.start()
    names = {await thread.call(lambda: threading.current_thread().name) for _ in range(3)}
    assert names == {"pjsip"}
    with pytest.raises(ZeroDivisionError):
        await thread.call(lambda: 1 / 0)
    assert await thread.stop(2)


async def test_polls_between_work_and_survives_errors(caplog: pytest.LogCaptureFixture) -> None:
    polls = threading.Event()

    def poll() -> None:
        polls.set()
        threading.Event().wait(0.001)
        raise RuntimeError("a mistake in polling")

    thread = PjThread(poll)
    thread.start()
    await thread.call(thread.begin_polling)
    assert await asyncio.to_thread(polls.wait, 5)
    assert thread.post(lambda: 1 / 0)
    await thread.call(thread.end_polling)
    assert await thread.stop(2)
    assert "a mistake in polling" in caplog.text
    assert "A command of the phone failed" in caplog.text


async def test_a_late_answer_is_an_error_and_the_queue_is_bounded() -> None:
    thread = PjThread(lambda: None)
    thread.start()
    release = threading.Event()
    thread.post(lambda: release.wait(5))
    with pytest.raises(LegError, match="within"):
        await thread.call(lambda: None, 0.05)
    accepted = sum(thread.post(lambda: None) for _ in range(WAITING + 10))
    assert accepted <= WAITING
    with pytest.raises(LegError, match="keep up"):
        await thread.call(lambda: None)
    release.set()
    assert await thread.stop(2)
