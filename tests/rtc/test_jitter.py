"""The jitter buffer: bounded delay, whatever the network does."""

from __future__ import annotations

import random

import pytest

from tests.rtc.network import jitter, payload, through
from thunderbox.rtc.jitter import (
    FRAME,
    LONGEST_MS,
    PACKETS,
    SHORTEST_MS,
    START_MS,
    Conceal,
    JitterBuffer,
    Play,
)
from thunderbox.rtc.microphone import DROP_MS

SECOND = 50
"""Packets."""


def filled(*numbers: int, arrival: float = 0.0) -> JitterBuffer:
    """A buffer with packets that all came at once."""
    buffer = JitterBuffer()
    for number in numbers:
        buffer.push(number, number * FRAME, payload(number), arrival)
    return buffer


@pytest.mark.parametrize(
    ("network", "most_delay", "most_made_up"),
    [
        pytest.param(jitter(0), 60, 0, id="a perfect network"),
        pytest.param(jitter(10), 80, 0, id="jitter of 10 ms"),
        pytest.param(jitter(50), 130, 12, id="jitter of 50 ms, so that packets overtake"),
        pytest.param(jitter(0, lost=0.05), 60, 65, id="5 % lost"),
        pytest.param(jitter(50, lost=0.05), 130, 75, id="5 % lost and jitter of 50 ms"),
        pytest.param(jitter(50, lost=0.10), 130, 135, id="10 % lost and jitter of 50 ms"),
        pytest.param(jitter(0, lost=0.30), 80, 330, id="30 % lost"),
        pytest.param(jitter(150), LONGEST_MS + 50, 40, id="jitter of 150 ms"),
    ],
)
def test_the_delay_follows_the_network_and_stays(
    network: object, most_delay: float, most_made_up: int
) -> None:
    heard = through(JitterBuffer(), 20 * SECOND, network)  # type: ignore[arg-type]
    settled = heard.delays[2 * SECOND :]
    assert max(settled) - 30 <= most_delay
    assert heard.made_up <= most_made_up
    assert heard.numbers == sorted(set(heard.numbers))


def test_the_delay_of_a_quick_network_shrinks_below_that_of_the_start() -> None:
    buffer = JitterBuffer()
    heard = through(buffer, 5 * SECOND, jitter(1))
    assert buffer.target_ms < START_MS
    assert heard.delays[-1] - 30 < 45


def test_one_lost_packet_costs_20_ms_of_made_up_sound_and_no_delay() -> None:
    heard = through(
        JitterBuffer(), 100, lambda number: None if number == 50 else 30.0, shorten=False
    )
    assert heard.made_up == 1
    assert heard.delays[-1] <= heard.delays[40]
    assert heard.numbers == [number for number in range(100) if number != 50]


def test_a_lost_packet_is_made_up_from_the_one_after_it() -> None:
    buffer = filled(0, 1, 3, 4)
    steps = [buffer.pull(60 + 20 * n) for n in range(5)]
    assert steps == [
        Play(payload(0)),
        Play(payload(1)),
        Conceal(FRAME, payload(3)),
        Play(payload(3)),
        Play(payload(4)),
    ]
    assert buffer.lost == 1


def test_of_several_lost_packets_the_last_is_made_up_from_the_one_after_them() -> None:
    buffer = filled(0, 4)
    steps = [buffer.pull(60 + 20 * n) for n in range(5)]
    assert steps[1:] == [Conceal(), Conceal(), Conceal(FRAME, payload(4)), Play(payload(4))]
    assert buffer.lost == 3


def test_packets_out_of_order_are_played_in_order() -> None:
    heard = through(
        JitterBuffer(), 200, lambda number: 30.0 + (25 if number % 10 == 3 else 0), shorten=False
    )
    assert heard.numbers[50:] == list(range(heard.numbers[50], 200))


def test_a_packet_that_comes_twice_is_played_once() -> None:
    buffer = filled(0, 1, 1, 0, 2)
    steps = [buffer.pull(60 + 20 * n) for n in range(3)]
    buffer.push(1, FRAME, payload(1), 110)
    assert [*steps, buffer.pull(120)] == [
        Play(payload(0)),
        Play(payload(1)),
        Play(payload(2)),
        Conceal(),
    ]


@pytest.mark.parametrize(("sequence", "timestamp"), [(0xFFF0, 0), (0, 0xFFFFFFFF - 5000)])
def test_numbers_and_timestamps_wrap(sequence: int, timestamp: int) -> None:
    heard = through(JitterBuffer(), 100, jitter(5), sequence=sequence, timestamp=timestamp)
    assert heard.numbers == list(range(100))
    assert heard.made_up == 0


@pytest.mark.parametrize("parts_per_million", [200, -200])
def test_a_clock_that_drifts_moves_no_delay(parts_per_million: int) -> None:
    minutes = 5
    drift = 1 + parts_per_million / 1e6
    heard = through(
        JitterBuffer(), minutes * 60 * SECOND, jitter(3), spoken=lambda number: number * 20 * drift
    )
    late = heard.delays[-SECOND:]
    early = heard.delays[5 * SECOND : 6 * SECOND]
    assert abs(max(late) - max(early)) <= 25
    assert heard.made_up <= 1 + minutes * 60 * 0.2 / 20 + 1


def test_a_stall_of_the_network_loses_no_word_and_leaves_no_delay() -> None:
    def stalled(number: int) -> float:
        return 30.0 + max(0, 115 - number) * 20 if 100 <= number < 115 else 30.0

    heard = through(JitterBuffer(), 6 * SECOND, stalled)
    assert heard.numbers == list(range(6 * SECOND))
    assert heard.delays[-1] - 30 < 45


def test_a_network_that_becomes_slower_is_followed() -> None:
    heard = through(JitterBuffer(), 10 * SECOND, lambda number: 30.0 if number < 200 else 330.0)
    assert len(set(range(10 * SECOND)) - set(heard.numbers)) <= 15
    assert heard.delays[-1] - 330 < 60


def test_a_network_that_becomes_quicker_is_followed() -> None:
    heard = through(JitterBuffer(), 10 * SECOND, lambda number: 330.0 if number < 200 else 30.0)
    assert heard.delays[-1] - 30 < 60
    assert heard.numbers[-1] == 10 * SECOND - 1


def test_a_voice_that_falls_silent_is_not_made_up_and_comes_back_in_time() -> None:
    """Packets stop after one of two bytes; numbers go on without a gap, timestamps with one."""
    buffer = JitterBuffer()
    for number in range(10):
        buffer.push(number, number * FRAME, payload(number), number * 20.0)
    buffer.push(10, 10 * FRAME, b"\x08\x00", 200.0)
    steps = [buffer.pull(7 + 20.0 * n) for n in range(40)]
    assert not any(isinstance(step, Conceal) for step in steps)
    assert steps[-1] is None
    spoken = 800
    for number in range(10):
        buffer.push(11 + number, (40 + number) * FRAME, payload(number), spoken + number * 20.0)
    pulls = [807 + 20.0 * n for n in range(14)]
    back = [at for at in pulls if isinstance(buffer.pull(at), Play)]
    assert len(back) == 10
    assert START_MS - 10 <= back[0] - spoken <= START_MS + 20


def test_what_is_far_too_old_after_a_silence_is_left_out() -> None:
    buffer = filled(0)
    assert buffer.pull(60) == Play(payload(0))
    for number in range(1, 30):
        buffer.push(number, (number + 10) * FRAME, payload(number), 100.0 + number)
    step = buffer.pull(300)
    assert isinstance(step, Play)
    assert step.payload > payload(1)


def test_a_voice_that_stops_without_a_word_is_waited_for_and_then_begins_anew() -> None:
    def muted(number: int) -> float | None:
        return None if 100 <= number < 300 else 30.0

    heard = through(JitterBuffer(), 400, muted)
    assert heard.made_up <= 21
    assert heard.numbers == [*range(100), *range(300, 400)]
    assert heard.delays[-1] - 30 < 65


@pytest.mark.parametrize("silence_ms", [450, 700, 950, 5000])
def test_a_voice_whose_timestamps_stood_still_meanwhile_is_heard_again(silence_ms: int) -> None:
    heard = through(
        JitterBuffer(),
        300,
        lambda number: 30.0,
        spoken=lambda number: number * 20 + (silence_ms if number > 99 else 0),
    )
    assert len(heard.numbers) >= 285
    assert heard.delays[-1] - 30 < 65


def test_a_timestamp_that_jumps_begins_anew() -> None:
    heard = through(
        JitterBuffer(), 200, jitter(0), stamped=lambda n: n * FRAME + (10_000_000 if n > 99 else 0)
    )
    assert heard.numbers[-90:] == list(range(110, 200))
    assert heard.delays[-1] - 30 < 65


def test_another_voice_begins_anew() -> None:
    buffer = filled(0, 1, 2)
    buffer.pull(60)
    buffer.restart()
    assert buffer.pull(80) is None
    buffer.push(500, 77, payload(500), 90)
    assert buffer.pull(140) == Play(payload(500))


def test_what_nobody_pulls_is_bounded_and_what_is_old_is_left_out() -> None:
    buffer = JitterBuffer()
    for number in range(1000):
        buffer.push(number, number * FRAME, payload(number), number * 20.0)
    assert len(buffer._packets) <= PACKETS
    step = buffer.pull(1000 * 20.0)
    assert isinstance(step, Play)
    assert buffer.excess_ms <= LONGEST_MS


def test_packets_of_60_ms_are_played_one_after_the_other() -> None:
    buffer = JitterBuffer()
    for number in range(4):
        buffer.push(number, number * 3 * FRAME, payload(number), 60.0 * number, 3 * FRAME)
    steps = [buffer.pull(45 + 60.0 * n) for n in range(4)]
    assert steps == [Play(payload(number)) for number in range(4)]


def test_a_lost_packet_of_60_ms_is_made_up_whole() -> None:
    buffer = JitterBuffer()
    for number in (0, 2):
        buffer.push(number, number * 3 * FRAME, payload(number), 60.0 * number, 3 * FRAME)
    assert buffer.pull(45) == Play(payload(0))
    assert buffer.pull(165) == Conceal(3 * FRAME, payload(2))
    assert buffer.pull(225) == Play(payload(2))


def test_a_made_up_packet_that_comes_late_is_left_out() -> None:
    buffer = filled(0, 2, 3)
    assert [type(buffer.pull(60 + 20 * n)) for n in range(3)] == [Play, Conceal, Play]
    buffer.push(1, FRAME, payload(1), 115)
    assert buffer.pull(120) == Play(payload(3))
    assert buffer.late == 1


def test_a_gap_is_left_out_where_the_voice_is_far_behind() -> None:
    heard = through(
        JitterBuffer(),
        200,
        lambda number: None if number == 99 else 30.0,
        stamped=lambda n: n * FRAME + (900 * 48 if n > 99 else 0),
    )
    assert heard.made_up <= 5


def test_whatever_comes_there_is_something_to_play_and_little_is_kept() -> None:
    chance = random.Random(7)
    buffer = JitterBuffer()
    now, number, stamp = 0.0, 0, 0
    for _ in range(20_000):
        now += chance.choice((0, 0, 1, 20, 20, 500))
        number += chance.choice((1, 1, 1, 2, -1, 0, 40, 5000, -5000))
        stamp += chance.choice((FRAME, FRAME, 120, 0, -FRAME, 100_000, 2**31, -100_000))
        size = chance.choice((0, 1, 2, 40))
        duration = chance.choice((0, 120, FRAME, 6 * FRAME))
        buffer.push(number & 0xFFFF, stamp & 0xFFFFFFFF, bytes(size), now, duration)
        for _ in range(chance.choice((0, 1, 1, 5))):
            buffer.pull(now)
        assert len(buffer._packets) <= PACKETS
        assert SHORTEST_MS <= buffer.target_ms <= LONGEST_MS
    buffer.restart()
    assert through(buffer, 50, jitter(0)).numbers == list(range(50))


@pytest.mark.parametrize("seed", range(32))
def test_a_voice_is_heard_again_after_every_trouble_at_once(seed: int) -> None:
    chance = random.Random(seed)
    spread, share = chance.choice((0, 20, 100, 400)), chance.choice((0, 0.05, 0.3))
    silences, freaks = chance.choice((0, 0.05)), chance.choice((0, 0.01, 0.05))
    number, stamp = chance.randrange(2**16), chance.randrange(2**32)
    buffer, now, stalled = JitterBuffer(), 0.0, 0.0
    under_way: list[tuple[float, int, int]] = []
    for _ in range(300):
        now, number, stamp = now + 20, number + 1, stamp + FRAME
        if chance.random() < silences:
            stamp += FRAME * chance.randrange(40)
        if chance.random() < silences:
            now += chance.randrange(3000)
        if chance.random() < freaks:
            stamp += chance.choice((900 * 48, -900 * 48, 300 * 48, 1_000_000, -1_000_000, 2**31))
        if chance.random() < freaks:
            number += chance.choice((3, -3, 300, -300, 2000, -2000, 40_000))
        if chance.random() >= share:
            under_way.append((now + chance.uniform(0, spread), number, stamp))
        for one in sorted(one for one in under_way if one[0] <= now):
            under_way.remove(one)
            buffer.push(one[1] & 0xFFFF, one[2] & 0xFFFFFFFF, bytes(40), one[0])
        if chance.random() < 0.02:
            stalled = now + chance.randrange(800)
        while now >= stalled and isinstance(buffer.pull(now), Play) and buffer.excess_ms > DROP_MS:
            pass
        assert len(buffer._packets) <= PACKETS
    heard = through(
        buffer,
        200,
        lambda packet: 0.0,
        sequence=number + 1,
        timestamp=stamp + FRAME,
        spoken=lambda packet: now + 520 + packet * 20,
        begin=now + 507,
    )
    assert set(range(100, 200)) <= set(heard.numbers)
    assert heard.delays[-1] <= LONGEST_MS + DROP_MS + 20


@pytest.mark.parametrize("back", [20, 60, 101, 300, 2000])
def test_a_sender_that_counts_anew_is_heard(back: int) -> None:
    buffer = JitterBuffer()
    through(buffer, 50, jitter(0), sequence=3000)
    heard = through(
        buffer,
        100,
        jitter(0),
        sequence=3050 - back,
        timestamp=200 * FRAME,
        spoken=lambda packet: 4000 + packet * 20,
        begin=4007,
    )
    assert len(heard.numbers) >= 70


@pytest.mark.parametrize("sound", [b"", b"x"])
def test_packets_without_sound_are_left_out(sound: bytes) -> None:
    buffer = JitterBuffer()
    buffer.push(0, 0, sound, 0.0, 0)
    assert buffer.pull(100) is None
