from __future__ import annotations

import pytest

from thunderbox.voice.limits import Limits
from thunderbox.voice.pace import Pace


def live(pace: Pace, until_ms: int, speaks_ms: int = 1_000) -> list[tuple[str, int]]:
    """A caller who says nothing: what a call does about it, in steps of 20 ms."""
    limits, found, now = Limits(pace), [], 0
    while now < until_ms:
        now += 20
        if limits.check_in_due(now):
            found.append(("asks", now))
            now += speaks_ms
            limits.stirred(now)
        elif limits.is_too_silent(now):
            return [*found, ("ends", now)]
    return found


@pytest.mark.parametrize(
    ("check_ins", "expected"),
    [
        (0, [("ends", 15_000)]),
        (1, [("asks", 10_000), ("ends", 16_000)]),
        (2, [("asks", 10_000), ("asks", 21_000), ("ends", 27_000)]),
    ],
)
def test_a_silent_caller_is_asked_for_so_often_and_then_left(
    check_ins: int, expected: list[tuple[str, int]]
) -> None:
    pace = Pace(silence_ms=10_000, silence_end_ms=5_000, check_ins=check_ins)
    assert live(pace, 60_000) == expected


def test_an_answer_makes_the_next_silence_the_first_one() -> None:
    limits = Limits(Pace(silence_ms=10_000, silence_end_ms=5_000))
    assert limits.check_in_due(10_000)
    assert not limits.check_in_due(20_000)
    limits.answered()
    limits.stirred(20_000)
    assert not limits.is_too_silent(26_000)
    assert limits.check_in_due(30_000)


@pytest.mark.parametrize(("most", "ends"), [(None, False), (60_000, True), (60_020, False)])
def test_a_hold_is_waited_for_so_long(most: int | None, ends: bool) -> None:
    limits = Limits(Pace(max_hold_ms=most))
    limits.hold(1_000, held=True)
    assert limits.held
    assert limits.is_held_too_long(61_000) is ends
    limits.hold(61_000, held=False)
    assert not limits.held
    assert not limits.is_held_too_long(200_000)


@pytest.mark.parametrize(("now", "too_long"), [(59_980, False), (60_000, True)])
def test_a_call_lasts_so_long(now: int, too_long: bool) -> None:
    assert Limits(Pace(max_ms=60_000)).is_too_long(now) is too_long
