"""What the benches make of what they measured."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from api_during_calls import compare
from box import gather
from four_calls import judge, lost, unevenness
from interruption import last_of_answer
from long_call import growth
from memory import family, held_mb
from mulaw import decode, encode
from phone import Packet
from processor import used_s
from talk import Turn
from voice_to_voice import parts
from web_talk import grown, summed

MS = 1_000_000


def packets(*each: tuple[int, int, bool]) -> list[Packet]:
    """Packets from (ms, sequence, voiced)."""
    return [Packet(at * MS, sequence, voiced) for at, sequence, voiced in each]


def test_mu_law_comes_back_nearly_as_it_was() -> None:
    samples = np.array([0, 7, -7, 100, -1000, 8000, -32_000, 32_767], np.int16)
    back = decode(encode(samples)).astype(int)
    assert np.abs(back - samples).max() <= np.abs(samples.astype(int)).max() // 16
    assert decode(encode(np.zeros(1, np.int16)))[0] == 0


def test_jitter_is_how_far_a_gap_is_from_20_ms() -> None:
    assert unevenness(packets((0, 1, True), (20, 2, True), (43, 3, True), (60, 4, True))) == [
        0.0,
        3.0,
        3.0,
    ]


def test_a_missing_packet_is_lost_and_no_jitter() -> None:
    received = packets((0, 65_534, True), (20, 65_535, True), (60, 1, True))
    assert lost(received) == 1
    assert unevenness(received) == [0.0]


def measured(p95: float | None, memory: float = 800.0) -> dict[str, Any]:
    """What four_calls.py measured, as far as it is judged."""
    return {
        "voice_to_voice_ms": {"p95": p95},
        "jitter_ms": {"p99": 0.9},
        "packets_lost": 1,
        "event_loop_lag_ms": {"p99": 5.0},
        "peak_memory_mb": memory,
    }


def test_four_calls_are_judged_by_each_goal() -> None:
    found = judge("starter", measured(400.0), measured(900.0, 901.0))
    assert {name: one["met"] for name, one in found.items()} == {
        "jitter_p99_ms": True,
        "packets_lost": False,
        "event_loop_lag_p99_ms": True,
        "p95_against_one_call": True,
        "peak_memory_mb": False,
    }
    assert found["p95_against_one_call"]["measured"] == 2.25
    assert "peak_memory_mb" not in judge("real-size", measured(400.0), measured(900.0))
    assert not judge("starter", measured(400.0), measured(None))["p95_against_one_call"]["met"]


def test_the_memory_of_a_box_is_that_of_all_its_processes() -> None:
    parents = [(4, 3), (2, 1), (3, 2), (9, 1), (5, 2), (10, 9)]
    assert family(2, parents) == {2, 3, 4, 5}
    child = subprocess.Popen(["sleep", "10"])
    try:
        alone, together = held_mb(child.pid), held_mb(os.getpid())
    finally:
        child.kill()
        child.wait()
    assert 0 < alone < together


def test_the_last_packet_of_an_answer_is_the_one_before_the_silence() -> None:
    received = packets(
        (0, 1, True), (1000, 2, True), (1020, 3, True), (1060, 4, True), (2000, 5, True)
    )
    assert last_of_answer(received, 1000 * MS) == 1060 * MS


def test_parts_count_from_the_last_voiced_packet_and_only_until_the_answer() -> None:
    turn = Turn("Where are you?", 1000 * MS, 1500 * MS, 500.0)
    notes = [
        {"at": at * MS, "what": what}
        for at, what in (
            (900, "transcribe begins"),
            (1150, "transcribe begins"),
            (1200, "transcribe ends"),
            (1300, "speak begins"),
            (1400, "speak begins"),
            (1600, "released"),
        )
    ]
    found = parts([turn], notes)
    assert found["pause noticed"] == [150.0]
    assert found["words known"] == [200.0]
    assert found["first clause"] == [300.0]
    assert found["turn decided"] == []


def test_growth_is_counted_once_the_box_has_settled() -> None:
    memory = [(0.0, 100.0), (60.0, 190.0), (120.0, 200.0), (1020.0, 200.5), (1920.0, 201.0)]
    assert growth(memory) == {
        "growth_since_settled": pytest.approx(1.0),
        "growth_an_hour": pytest.approx(2.0),
    }


@pytest.fixture
def in_the_background() -> Iterator[None]:
    """As a shell starts what it puts into the background: with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("in_the_background")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_bench_that_is_cut_keeps_what_it_has(sign: signal.Signals) -> None:
    def turns() -> Iterator[int]:
        yield from (1, 2)
        os.kill(os.getpid(), sign)
        yield 3

    done: list[int] = []
    assert not gather(turns(), done)
    assert done[:2] == [1, 2]
    assert gather(iter([4]), done)


def test_requests_beside_calls_cost_what_is_beyond_two_runs_without() -> None:
    def run(jitter: float, answers: float) -> dict:
        return {
            "jitter_ms": {"p99": jitter},
            "packets_lost": 0,
            "event_loop_lag_ms": {"p99": 0.9},
            "voice_to_voice_ms": {"p50": answers, "p95": answers},
        }

    goals = compare(run(0.8, 360.0), run(2.1, 370.0), run(1.0, 350.0))
    jitter, answers = goals["more_jitter_p99_ms"], goals["later_answers_p50_ms"]
    assert (jitter["measured"], jitter["met"]) == (1.1, False)
    assert (answers["measured"], answers["met"]) == (10.0, True)


def test_what_visitors_received_is_what_came_since_the_first_look() -> None:
    def counted(packets: float, concealed_ms: float, buffer_ms: float) -> dict[str, float]:
        return {"packets": packets, "concealed_ms": concealed_ms, "buffer_ms": buffer_ms}

    first = grown(counted(100, 10.0, 80.0), counted(3100, 10.0, 30.0))
    second = grown(counted(100, 0.0, 80.0), counted(3000, 40.0, 50.0))
    assert first == counted(3000, 0.0, 30.0)
    assert summed([first, second]) == {
        **counted(5900, 40.0, 40.0),
        "worst_concealed_ms": 40.0,
    }


def test_the_processor_of_a_box_is_that_of_all_its_processes() -> None:
    before = used_s(os.getpid())
    sum(range(3_000_000))
    assert used_s(os.getpid()) > before
    assert used_s(2**22 + 1) == 0.0
