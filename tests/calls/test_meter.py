"""Running calls end when the money is used up, and not before."""

from __future__ import annotations

import pytest

from tests.calls.conftest import Box
from tests.calls.test_billing import reload_below, set_balance
from thunderbox.calls.meter import NOTICE_MS, Meter, Reading, unpaid
from thunderbox.store import ledger

MINUTE = 60_000
CLOSE = MINUTE - NOTICE_MS


def reading(call_id: int, began: int, cents: int = 8) -> Reading:
    return Reading(call_id, 1, began, cents)


@pytest.mark.parametrize(
    ("balance", "readings", "now", "ending"),
    [
        pytest.param(16, [reading(1, 0)], CLOSE, [], id="the next minute is paid"),
        pytest.param(15, [reading(1, 0)], CLOSE, [1], id="the next minute is not paid"),
        pytest.param(15, [reading(1, 0)], CLOSE - 1, [], id="its minute is not over yet"),
        pytest.param(1, [reading(1, 0)], 0, [], id="a begun minute is given"),
        pytest.param(16, [reading(1, 0)], MINUTE, [], id="a minute has begun"),
        pytest.param(16, [reading(1, 0)], MINUTE + CLOSE, [1], id="two minutes are all"),
        pytest.param(
            24, [reading(1, 0), reading(2, 0)], CLOSE, [2], id="the rest is enough for one"
        ),
        pytest.param(
            24, [reading(2, 0), reading(1, 2_000)], CLOSE + 2_000, [1], id="the earlier goes first"
        ),
        pytest.param(0, [reading(1, 0, 0)], CLOSE, [], id="what costs nothing goes on"),
        pytest.param(
            30, [reading(1, 0), reading(2, 30_000, 14)], CLOSE, [], id="others are counted"
        ),
        pytest.param(
            29, [reading(1, 0), reading(2, 30_000, 14)], CLOSE, [1], id="others use it up"
        ),
    ],
)
def test_which_calls_end(
    balance: int, readings: list[Reading], now: int, ending: list[int]
) -> None:
    assert unpaid(balance, readings, now) == ending


async def test_it_ends_the_call_whose_minute_is_over(box: Box) -> None:
    await set_balance(box, 15)
    ended: list[int] = []
    running = [reading(7, box.clock.now_ms())]
    meter = Meter(box.billing, box.clock, lambda: running, ended.append)
    await meter.check()
    assert ended == []
    box.clock.ms += CLOSE
    await meter.check()
    assert ended == [7]


async def test_a_reload_comes_before_the_end(box: Box) -> None:
    await set_balance(box, 15)
    await reload_below(box, 10, 500)
    ended: list[int] = []
    running = [reading(7, box.clock.now_ms())]
    box.clock.ms += CLOSE
    await Meter(box.billing, box.clock, lambda: running, ended.append).check()
    assert ended == []
    assert await ledger.balance(box.db, 1) == 515
