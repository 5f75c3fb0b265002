"""The two queues of sound."""

from __future__ import annotations

import asyncio
import threading

import pytest

from thunderbox.errors import LegError
from thunderbox.sip.ring import PLAYOUT_BYTES, TICKS, Playout, Ticks, padded
from thunderbox.voice.leg import FRAME_BYTES, SILENCE, Tick

FRAME = b"\x01\x02" * (FRAME_BYTES // 2)


def tick(number: int) -> Tick:
    """A tick that can be told from others."""
    return Tick(SILENCE, SILENCE, number)


def test_playout_gives_back_what_was_put_in_frames() -> None:
    playout = Playout()
    playout.put(FRAME + FRAME[:100])
    assert playout.queued == FRAME_BYTES + 100
    assert [playout.take(), playout.take(), playout.take()] == [FRAME, FRAME[:100], b""]
    assert playout.queued == 0


def test_playout_joins_pieces_without_a_gap() -> None:
    playout = Playout()
    for _ in range(10):
        playout.put(FRAME[:300])
    taken = [playout.take() for _ in range(5)]
    assert [len(frame) for frame in taken] == [640, 640, 640, 640, 440]


def test_playout_flush_says_how_much() -> None:
    playout = Playout()
    playout.put(FRAME * 3)
    playout.take()
    assert playout.flush() == 2 * FRAME_BYTES
    assert playout.queued == 0
    assert playout.flush() == 0


def test_playout_is_bounded() -> None:
    playout = Playout()
    playout.put(bytes(PLAYOUT_BYTES))
    with pytest.raises(LegError, match="30 s"):
        playout.put(b"\0\0")
    playout.take()
    playout.put(b"\0\0")


def test_playout_wants_whole_samples() -> None:
    with pytest.raises(LegError, match="whole"):
        Playout().put(b"\0")


def test_playout_loses_nothing_between_two_threads() -> None:
    playout = Playout()
    taken = bytearray()
    done = threading.Event()

    def take() -> None:
        while not done.is_set() or playout.queued:
            taken.extend(playout.take())

    taker = threading.Thread(target=take)
    taker.start()
    sent = bytearray()
    for number in range(4000):
        piece = number.to_bytes(2, "little") * (1 + number % 400)
        while playout.queued > 200_000:
            pass
        playout.put(piece)
        sent += piece
    done.set()
    taker.join(10)
    assert taken == sent


def test_padding() -> None:
    assert padded(FRAME) is FRAME
    assert padded(b"\1\1") == b"\1\1" + bytes(FRAME_BYTES - 2)


async def test_ticks_come_in_order_and_end() -> None:
    ticks = Ticks(asyncio.get_running_loop().call_soon_threadsafe)
    for number in range(3):
        ticks.put(tick(number))
    ticks.close()
    ticks.put(tick(9))
    got = [await ticks.get() for _ in range(4)]
    assert got == [tick(0), tick(1), tick(2), None]


async def test_ticks_wake_a_waiting_reader_from_another_thread() -> None:
    ticks = Ticks(asyncio.get_running_loop().call_soon_threadsafe)

    def produce() -> None:
        for number in range(2000):
            ticks.put(tick(number))
            if number % 100 == 0:
                threading.Event().wait(0.001)

    producer = threading.Thread(target=produce)
    producer.start()
    numbers = []
    while len(numbers) + ticks.lost < 2000:
        one = await asyncio.wait_for(ticks.get(), 5)
        assert one is not None
        numbers.append(one.spoken)
    producer.join()
    assert numbers == sorted(numbers)


async def test_a_lagging_reader_loses_the_oldest() -> None:
    ticks = Ticks(asyncio.get_running_loop().call_soon_threadsafe)
    for number in range(TICKS + 7):
        ticks.put(tick(number))
    assert ticks.lost == 7
    assert await ticks.get() == tick(7)


async def test_closing_wakes_the_reader() -> None:
    ticks = Ticks(asyncio.get_running_loop().call_soon_threadsafe)
    reader = asyncio.create_task(ticks.get())
    await asyncio.sleep(0)
    ticks.close()
    assert await asyncio.wait_for(reader, 1) is None


def test_a_closed_loop_does_not_disturb_the_media_thread() -> None:
    loop = asyncio.new_event_loop()
    ticks = Ticks(loop.call_soon_threadsafe)

    async def wait_in_vain() -> None:
        task = asyncio.ensure_future(ticks.get())
        await asyncio.sleep(0)
        task.cancel()

    loop.run_until_complete(wait_in_vain())
    loop.close()
    ticks.put(tick(1))
    ticks.put(tick(2))
