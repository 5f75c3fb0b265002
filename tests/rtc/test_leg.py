"""The visitor's line: 20 ms at a time, on hold while they are away."""

from __future__ import annotations

import asyncio

import pytest

from thunderbox.errors import LegError
from thunderbox.rtc.leg import EVENTS, PLAYOUT_BYTES, TICKS, RoomLeg
from thunderbox.voice.leg import (
    FRAME_BYTES,
    SILENCE,
    Answered,
    Digit,
    EndCause,
    Ended,
    Held,
    LegEvent,
    Resumed,
    Tick,
)

HELLO = b"\x01\x00" * (FRAME_BYTES // 2)


class Clock:
    """Ticks when it is told to."""

    def __init__(self) -> None:
        self.members: list[object] = []

    def join(self, member: object) -> None:
        self.members.append(member)

    def leave(self, member: object) -> None:
        if member in self.members:
            self.members.remove(member)

    def step(self, periods: int = 1) -> None:
        for member in list(self.members):
            member(periods)  # type: ignore[operator]


class Line:
    """Says HELLO and keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int]] = []
        self.pressed = ""
        self.takes_keys = True

    def send(self, frame: bytes, periods: int) -> None:
        self.sent.append((frame, periods))

    def receive(self) -> bytes:
        return HELLO

    def press(self, key: str) -> bool:
        self.pressed += key
        return self.takes_keys


class Bench:
    """A leg with its clock, line and room."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.line = Line()
        self.closed = 0
        self.leg = RoomLeg("web-1", self.clock, self._close)  # type: ignore[arg-type]

    async def _close(self) -> None:
        self.closed += 1

    def connected(self) -> Bench:
        self.leg.connect(self.line)
        return self

    def events(self) -> list[LegEvent]:
        found = []
        while not self.leg.events.empty():
            found.append(self.leg.events.get_nowait())
        return found

    async def ticks(self) -> list[Tick]:
        found = []
        while not self.leg._ticks.empty() and (tick := await self.leg.tick()) is not None:
            found.append(tick)
        return found


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_nothing_moves_before_the_visitor_is_there(bench: Bench) -> None:
    bench.leg.play(HELLO)
    bench.clock.step()
    assert (bench.events(), bench.leg.queued) == ([], FRAME_BYTES)


async def test_a_visitor_answers_by_coming(bench: Bench) -> None:
    answering = asyncio.create_task(bench.leg.answer())
    await asyncio.sleep(0)
    assert not answering.done()
    bench.connected()
    await answering
    assert bench.events() == [Answered()]


async def test_both_sides_move_together(bench: Bench) -> None:
    bench.connected().leg.play(HELLO + HELLO[:100])
    bench.clock.step()
    bench.clock.step()
    last = HELLO[:100] + SILENCE[100:]
    assert await bench.ticks() == [
        Tick(far=HELLO, near=HELLO, spoken=FRAME_BYTES),
        Tick(far=HELLO, near=last, spoken=100),
    ]
    assert bench.line.sent == [(HELLO, 1), (last, 1)]


async def test_after_a_stall_all_that_came_counts_and_one_frame_leaves(bench: Bench) -> None:
    bench.connected().leg.play(HELLO * 3)
    bench.clock.step(3)
    silent = Tick(far=HELLO, near=SILENCE, spoken=0)
    assert await bench.ticks() == [silent, silent, Tick(HELLO, HELLO, FRAME_BYTES)]
    assert bench.line.sent == [(HELLO, 3)]
    assert bench.leg.queued == 2 * FRAME_BYTES


async def test_while_the_visitor_is_away_time_passes_and_nothing_counts_as_heard(
    bench: Bench,
) -> None:
    bench.connected().leg.play(HELLO)
    bench.leg.disconnect()
    bench.clock.step(2)
    assert await bench.ticks() == [Tick(SILENCE, SILENCE, 0)] * 2
    assert bench.leg.queued == FRAME_BYTES
    bench.leg.connect(bench.line)
    bench.clock.step()
    assert [tick.spoken for tick in await bench.ticks()] == [FRAME_BYTES]
    assert bench.events() == [Answered(), Held(), Resumed()]


async def test_being_away_twice_is_told_once_each(bench: Bench) -> None:
    bench.connected().leg.disconnect()
    bench.leg.disconnect()
    assert bench.events() == [Answered(), Held()]


async def test_what_is_queued_can_be_thrown_away(bench: Bench) -> None:
    bench.connected().leg.play(HELLO * 2)
    bench.clock.step()
    assert bench.leg.flush() == FRAME_BYTES
    assert bench.leg.queued == 0


async def test_at_most_30_s_wait(bench: Bench) -> None:
    bench.leg.play(b"\x00" * PLAYOUT_BYTES)
    with pytest.raises(LegError, match="30 s"):
        bench.leg.play(b"\x00\x00")


async def test_half_a_sample_is_refused(bench: Bench) -> None:
    with pytest.raises(LegError, match="whole"):
        bench.leg.play(b"\x00")


async def test_hanging_up_ends_the_leg_and_closes_the_room(bench: Bench) -> None:
    bench.connected()
    await bench.leg.hang_up()
    assert bench.closed == 1
    assert bench.events() == [Answered(), Ended(EndCause.AGENT_END)]
    assert await bench.leg.tick() is None
    assert bench.clock.members == []


async def test_hanging_up_waits_until_the_last_words_were_heard(bench: Bench) -> None:
    bench.connected().leg.play(HELLO)
    bench.clock.step()
    hanging_up = asyncio.create_task(bench.leg.hang_up())
    await asyncio.sleep(0)
    assert not bench.leg.over
    bench.leg.end(EndCause.CALLER_HANGUP)
    await hanging_up
    assert bench.events()[-1] == Ended(EndCause.CALLER_HANGUP)


async def test_hanging_up_before_anybody_came_is_a_call_given_up(bench: Bench) -> None:
    await bench.leg.hang_up()
    assert bench.events() == [Ended(EndCause.CANCELLED)]


async def test_whoever_waits_for_a_visitor_learns_that_none_comes(bench: Bench) -> None:
    answering = asyncio.create_task(bench.leg.answer())
    await asyncio.sleep(0)
    bench.leg.end(EndCause.NO_ANSWER, "nobody came")
    await answering
    assert bench.events() == [Ended(EndCause.NO_ANSWER, 0, "nobody came")]


async def test_after_the_end_nothing_happens_any_more(bench: Bench) -> None:
    bench.connected().leg.end(EndCause.CALLER_HANGUP)
    bench.leg.end(EndCause.MEDIA_LOST)
    bench.leg.connect(bench.line)
    bench.leg.put(Digit("1"))
    bench.leg.play(HELLO)
    await bench.leg.hang_up()
    await bench.leg.transfer("+15550100")
    await bench.leg.send_digits("1")
    await bench.leg.answer()
    assert bench.events() == [Answered(), Ended(EndCause.CALLER_HANGUP)]
    assert (bench.leg.queued, bench.closed) == (0, 0)
    assert await bench.leg.tick() is None


async def test_a_web_page_cannot_be_transferred(bench: Bench) -> None:
    with pytest.raises(LegError, match="web page"):
        await bench.connected().leg.transfer("+15550100")


async def test_keys_are_told_to_the_page(bench: Bench) -> None:
    await bench.connected().leg.send_digits("1a#")
    assert bench.line.pressed == "1A#"


@pytest.mark.parametrize("digits", ["", "x", "1 2"])
async def test_what_is_no_key_is_refused(bench: Bench, digits: str) -> None:
    with pytest.raises(LegError, match="Keys are"):
        await bench.connected().leg.send_digits(digits)


async def test_keys_need_a_page_that_takes_them(bench: Bench) -> None:
    with pytest.raises(LegError, match="takes no keys"):
        await bench.leg.send_digits("1")
    bench.connected().line.takes_keys = False
    with pytest.raises(LegError, match="takes no keys"):
        await bench.leg.send_digits("1")


async def test_a_slow_reader_loses_the_oldest_ticks_and_never_the_end(bench: Bench) -> None:
    bench.connected()
    for _ in range(TICKS + 3):
        bench.clock.step()
    assert bench.leg.lost == 3
    bench.leg.end(EndCause.CALLER_HANGUP)
    assert len(await bench.ticks()) == TICKS - 1
    assert await bench.leg.tick() is None


async def test_events_that_nobody_reads_are_bounded_and_the_end_gets_in(bench: Bench) -> None:
    bench.connected()
    for _ in range(EVENTS + 5):
        bench.leg.put(Digit("1"))
    bench.leg.end(EndCause.CALLER_HANGUP)
    events = bench.events()
    assert len(events) == EVENTS
    assert events[-1] == Ended(EndCause.CALLER_HANGUP)
