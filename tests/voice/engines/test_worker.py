import asyncio
import threading

import pytest

from thunderbox.errors import EngineError
from thunderbox.voice.engines.worker import Emit, Worker


@pytest.fixture
def worker():
    engine = Worker("test", waiting=4)
    yield engine
    engine.close()


async def test_a_job_runs_on_the_engines_thread(worker: Worker) -> None:
    assert await worker.run(lambda: threading.current_thread().name) == "test-0"


async def test_a_failure_is_a_sentence(worker: Worker) -> None:
    with pytest.raises(EngineError, match="The engine test failed: ZeroDivisionError"):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: 7) == 7


async def test_pieces_arrive_while_the_job_goes_on(worker: Worker) -> None:
    seen = threading.Event()

    def job(emit: Emit) -> None:
        emit(b"first")
        assert seen.wait(5)
        emit(b"")
        emit(b"second")

    pieces = []
    async for piece in worker.stream(job):
        pieces.append(piece)
        seen.set()
    assert pieces == [b"first", b"second"]


async def test_a_closed_stream_tells_the_job_to_stop(worker: Worker) -> None:
    stopped = threading.Event()

    def job(emit: Emit) -> None:
        while emit(b"more"):
            pass
        stopped.set()

    stream = worker.stream(job)
    await anext(stream)
    await stream.aclose()
    assert await asyncio.to_thread(stopped.wait, 5)


async def test_a_stream_that_fails_gives_what_it_had(worker: Worker) -> None:
    def job(emit: Emit) -> None:
        emit(b"half")
        raise ValueError("torn")

    pieces = []
    with pytest.raises(EngineError, match="torn"):
        async for piece in worker.stream(job):
            pieces += [piece]
    assert pieces == [b"half"]


async def test_a_cancelled_job_never_runs(worker: Worker) -> None:
    hold, ran = threading.Event(), []
    first = asyncio.create_task(worker.run(lambda: hold.wait(5)))
    await asyncio.sleep(0)
    second = asyncio.create_task(worker.run(lambda: ran.append(1)))
    await asyncio.sleep(0)
    second.cancel()
    hold.set()
    assert await first
    await worker.run(lambda: None)
    assert not ran


async def test_an_answer_after_the_loop_ended_is_dropped() -> None:
    engine, go_on = Worker("late"), threading.Event()

    async def ask() -> None:
        task = asyncio.create_task(engine.run(lambda: go_on.wait(5)))
        await asyncio.sleep(0)
        task.cancel()

    await asyncio.to_thread(asyncio.run, ask())
    go_on.set()
    assert await engine.run(lambda: "fine") == "fine"
    engine.close()
