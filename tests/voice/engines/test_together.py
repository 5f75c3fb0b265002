"""Requests that wait for an engine are answered in one go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest

from thunderbox.errors import EngineError
from thunderbox.voice.engines.together import Ask, Together
from thunderbox.voice.engines.worker import Worker


class Engine:
    """Doubles numbers, as many at once as it is given; 13 breaks it."""

    def __init__(self, most: int, *, waiting: int = 8, threads: int = 1) -> None:
        self.worker = Worker("test", threads=threads, waiting=waiting)
        self.together: Together[int, int] = Together(self.worker, self.work, most)
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.begun = threading.Event()

    def work(self, asks: Sequence[Ask[int, int]]) -> None:
        self.batches.append([ask.request for ask in asks])
        self.begun.set()
        assert self.gate.wait(10)
        for ask in asks:
            if ask.request == 13:
                raise ValueError("13")
            ask.answer(2 * ask.request)

    async def busy_with(self, number: int) -> asyncio.Task[int]:
        """A request that the engine works on, until the gate opens."""
        task = asyncio.create_task(self.together.ask(number))
        await asyncio.to_thread(self.begun.wait, 10)
        return task

    async def queue(self, *numbers: int) -> list[asyncio.Task[int]]:
        """Requests that wait."""
        tasks = [asyncio.create_task(self.together.ask(number)) for number in numbers]
        await asyncio.sleep(0)
        return tasks


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(3)
    yield engine
    engine.gate.set()
    engine.worker.close()


async def test_one_who_comes_alone_does_not_wait_for_others(engine: Engine) -> None:
    engine.gate.set()
    assert await engine.together.ask(1) == 2
    assert engine.batches == [[1]]


async def test_those_who_wait_are_taken_together_and_in_order(engine: Engine) -> None:
    first = await engine.busy_with(1)
    rest = await engine.queue(2, 3, 4, 5)
    assert engine.together.waiting == 4
    engine.gate.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8, 10]
    assert engine.batches == [[1], [2, 3, 4], [5]]
    assert engine.together.waiting == 0


async def test_one_who_has_left_is_not_taken(engine: Engine) -> None:
    first = await engine.busy_with(1)
    rest = await engine.queue(2, 3, 4, 5)
    rest[1].cancel()
    await asyncio.sleep(0)
    engine.gate.set()
    assert await asyncio.gather(first, rest[0], *rest[2:]) == [2, 4, 8, 10]
    assert engine.batches == [[1], [2, 4, 5]]


async def test_one_who_leaves_during_the_work_can_be_told_and_needs_no_answer() -> None:
    ask: Ask[int, int] = Ask(1)
    assert not ask.cancelled
    ask.done.cancel()
    assert ask.cancelled
    ask.answer(2)
    await asyncio.sleep(0)
    assert ask.done.cancelled()


async def test_a_request_that_breaks_the_engine_is_nobody_elses_failure(engine: Engine) -> None:
    first = await engine.busy_with(1)
    rest = await engine.queue(13, 2, 3)
    engine.gate.set()
    found = await asyncio.gather(first, *rest, return_exceptions=True)
    assert isinstance(found[1], EngineError)
    assert "13" in str(found[1])
    assert [found[0], *found[2:]] == [2, 4, 6]
    assert engine.batches == [[1], [13, 2, 3], [13], [2], [3]]


async def test_an_answer_that_was_given_before_the_failure_stays(engine: Engine) -> None:
    first = await engine.busy_with(1)
    rest = await engine.queue(2, 13)
    engine.gate.set()
    found = await asyncio.gather(first, *rest, return_exceptions=True)
    assert found[:2] == [2, 4]
    assert engine.batches == [[1], [2, 13], [13]]


async def test_too_many_are_refused_and_the_rest_is_answered() -> None:
    engine = Engine(3, waiting=2)
    first = await engine.busy_with(1)
    rest = await engine.queue(2, 3)
    with pytest.raises(EngineError, match="too much"):
        await engine.together.ask(4)
    engine.gate.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6]
    assert engine.batches == [[1], [2, 3]]
    engine.worker.close()


async def test_an_engine_that_is_closed_says_so_to_all_who_wait() -> None:
    engine = Engine(3)
    first = await engine.busy_with(1)
    rest = await engine.queue(2, 3)
    closing = asyncio.create_task(asyncio.to_thread(engine.worker.close))
    while engine.worker.alive:
        await asyncio.sleep(0.001)
    engine.gate.set()
    await closing
    found = await asyncio.gather(first, *rest, return_exceptions=True)
    assert found[0] == 2
    assert all("closed" in str(error) for error in found[1:])


async def test_two_threads_answer_one_request_each() -> None:
    engine = Engine(1, threads=2)
    tasks = await engine.queue(1, 2, 3)
    engine.gate.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6]
    assert sorted(engine.batches) == [[1], [2], [3]]
    engine.worker.close()
