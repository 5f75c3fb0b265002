"""The clock of all browser calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from thunderbox.rtc.clock import CATCH_UP, PERIOD, PHASES, READ_FIRST, MediaClock


class HandLoop:
    """A loop whose time stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        handle = _Handle(self, (when, callback))
        self.timers.append(handle.timer)
        return handle  # type: ignore[return-value]

    def run_until(self, until: float) -> None:
        """Call what is due, each at its time."""
        while due := sorted((t for t in self.timers if t[0] <= until), key=lambda t: t[0]):
            self.timers.remove(due[0])
            self.now = max(self.now, due[0][0])
            due[0][1]()
        self.now = max(self.now, until)


class _Handle:
    def __init__(self, loop: HandLoop, timer: tuple[float, Callable[[], None]]) -> None:
        self.loop = loop
        self.timer = timer

    def cancel(self) -> None:
        if self.timer in self.loop.timers:
            self.loop.timers.remove(self.timer)


def ticks_of(loop: HandLoop) -> tuple[MediaClock, list[tuple[float, int]]]:
    """A clock with one member, and when it was ticked with how many periods."""
    clock, ticks = MediaClock(loop), []
    clock.join(lambda periods: ticks.append((loop.now - 100.0, periods)))
    return clock, ticks


def test_ticks_lie_on_a_grid() -> None:
    loop = HandLoop()
    _, ticks = ticks_of(loop)
    loop.run_until(160.01)
    assert len(ticks) == 3000
    assert ticks[-1] == (pytest.approx(60.0), 1)


def test_calls_are_spread_over_the_20_ms() -> None:
    loop = HandLoop()
    clock = MediaClock(loop)
    ticks: dict[int, list[float]] = {}
    for call in range(9):
        times = ticks.setdefault(call, [])
        clock.join(lambda periods, times=times: times.append(round(loop.now - 100.0, 4)))
    loop.run_until(100.0401)
    moments = [ticks[call][0] for call in range(8)]
    assert moments[:2] == [0.02, 0.01]
    assert sorted(moments) == [round(0.0025 * eighth, 4) for eighth in range(1, 9)]
    assert ticks[8] == ticks[0] == [0.02, 0.04]


def test_a_call_that_joins_later_ticks_on_the_same_grid() -> None:
    loop = HandLoop()
    clock, first = ticks_of(loop)
    loop.run_until(100.047)
    later: list[float] = []
    clock.join(lambda periods: later.append(loop.now - 100.0))
    loop.run_until(100.085)
    assert later == [pytest.approx(0.05), pytest.approx(0.07)]
    assert [at for at, _ in first] == [pytest.approx(at) for at in (0.02, 0.04, 0.06, 0.08)]


def test_a_tick_that_comes_late_does_not_move_the_next() -> None:
    loop = HandLoop()
    _, ticks = ticks_of(loop)
    loop.now += 0.033  # the loop was held for 13 ms after its tick was due
    loop.run_until(100.081)
    assert [round(at, 3) for at, _ in ticks] == [0.033, 0.04, 0.06, 0.08]
    assert [periods for _, periods in ticks] == [1, 1, 1, 1]


def test_what_was_missed_is_told_once_after_the_sockets_were_read() -> None:
    loop = HandLoop()
    clock, ticks = ticks_of(loop)
    loop.now += 0.105
    loop.run_until(100.121)
    assert [(round(at, 3), periods) for at, periods in ticks] == [
        (round(0.105 + READ_FIRST, 3), 5),
        (0.12, 1),
    ]
    assert clock.missed == 4


def test_a_long_stall_is_lost_time() -> None:
    loop = HandLoop()
    _, ticks = ticks_of(loop)
    loop.now += 60.0
    loop.run_until(160.05)
    assert [periods for _, periods in ticks] == [CATCH_UP, 1, 1]


def test_the_clock_rests_while_nobody_has_joined() -> None:
    loop = HandLoop()
    clock = MediaClock(loop)

    def member(periods: int) -> None:
        clock.leave(member)

    clock.join(member)
    loop.run_until(loop.now + PERIOD * 1.5)
    assert not loop.timers
    clock.join(member)
    assert len(loop.timers) == 1
    clock.close()
    assert not loop.timers


def test_a_member_that_fails_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    loop = HandLoop()
    clock, ticks = MediaClock(loop), []

    def broken(periods: int) -> None:
        raise ValueError("no sound")

    for _ in PHASES:
        clock.join(broken)
    clock.join(lambda periods: ticks.append(periods))
    loop.run_until(loop.now + 3.5 * PERIOD)
    assert ticks == [1, 1, 1]
    assert "no sound" in caplog.text


async def test_it_ticks_on_the_loop_that_runs() -> None:
    clock = MediaClock()
    ticked = asyncio.Event()
    clock.join(lambda periods: ticked.set())
    async with asyncio.timeout(5):
        await ticked.wait()
    clock.close()
