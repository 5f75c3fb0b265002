"""When what failed is tried again."""

from __future__ import annotations

import pytest

from thunderbox.events.schedule import GIVE_UP_MS, next_test, next_try

MINUTE, HOUR = 60_000, 3_600_000


def _waits(chance: float) -> list[int]:
    waits, now, tries = [], 0, 1
    while (again := next_try(30_000, tries, 0, now, chance)) is not None:
        waits.append(again - now)
        now, tries = again, tries + 1
    assert now == GIVE_UP_MS, "the last try is made when the day ends"
    return waits


def test_waits_double_up_to_an_hour():
    doubling = [30_000, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE]
    waits = _waits(0.5)
    assert waits[:8] == [*doubling, HOUR]
    assert set(waits[7:-1]) == {HOUR}


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.9), (1.0, 1.1)])
def test_chance_spreads_them_by_a_tenth(chance: float, factor: float):
    assert _waits(chance)[:2] == [round(30_000 * factor), round(MINUTE * factor)]


def test_a_day_after_the_first_try_nothing_is_tried():
    assert next_try(30_000, 9, 0, GIVE_UP_MS, 0.5) is None
    assert next_try(30_000, 9, 0, GIVE_UP_MS - 1, 0.5) == GIVE_UP_MS


def test_a_test_is_tried_twice():
    assert next_test(1, 1000) == 1000 + MINUTE
    assert next_test(2, 1000) is None
