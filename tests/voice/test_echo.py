"""The agent's own voice from a loudspeaker is told from a voice of the caller."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from time import thread_time

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.peers.speaker import spoken
from thunderbox.voice.echo import Echo
from thunderbox.voice.leg import FRAME_BYTES, FRAME_MS, SAMPLE_RATE
from thunderbox.voice.listener import START_FRAMES

Floats = NDArray[np.float64]
AGENT, CALLER = "en-US-James1", "en-US-Michael1"
ANSWER = (
    "We are open Monday to Friday from nine a.m. to five p.m. We are closed on Sunday. A cleaning "
    "costs eighty dollars. Parking is behind the building."
)
QUESTION = "No, wait, I want to know how much a cleaning costs, please."
BEGIN_MS, CALLER_MS = 400, 3600


@dataclass
class Voices:
    """What agent and caller say."""

    answer: Floats
    question: Floats


@pytest.fixture(scope="module")
def voices() -> Voices:
    """The two voices."""
    answer, question = (
        np.frombuffer(spoken(text, voice), "<i2").astype(np.float64)
        for text, voice in ((ANSWER, AGENT), (QUESTION, CALLER))
    )
    return Voices(answer, question)


def at(sound: Floats, ms: int, length: int) -> Floats:
    """A sound placed in silence."""
    placed = np.zeros(length)
    begin = ms * SAMPLE_RATE // 1000
    placed[begin : begin + len(sound)] = sound[: length - begin]
    return placed


def through_room(sound: Floats, delay_ms: int, loss_db: float, seed: int) -> Floats:
    """What a hands-free phone sends back: narrow, coloured, with 120 ms of reverberation."""
    rng = np.random.default_rng(seed)
    tail = np.arange(120 * SAMPLE_RATE // 1000)
    impulse = 0.35 * rng.normal(0, 1, len(tail)) * np.exp(-tail / (0.025 * SAMPLE_RATE))
    impulse[0] = 1.0
    hz = np.fft.rfftfreq(8192, 1 / SAMPLE_RATE)
    colour = ((hz > 350) & (hz < 3400)) * (1 + 0.5 * np.sin(hz / 500 + seed))
    coloured = np.fft.irfft(np.fft.rfft(impulse, 8192) * colour)[: len(tail) + 400]
    back = np.convolve(sound, coloured)[: len(sound)]
    back *= 10 ** (-loss_db / 20) * np.sqrt(np.mean(sound**2) / np.mean(back**2))
    return at(back, delay_ms, len(sound))


def voiced(near: Floats, far: Floats, echo: Echo | None = None) -> tuple[Echo, list[int]]:
    """The times in ms at which there is sound from the far end that is no echo."""
    echo, times = echo or Echo(), []
    noise = np.random.default_rng(9).normal(0, 15, len(far))
    ours, theirs = (
        np.clip(side, -32768, 32767).astype("<i2").tobytes() for side in (near, far + noise)
    )
    for begin in range(0, len(ours) - FRAME_BYTES + 1, FRAME_BYTES):
        frame = theirs[begin : begin + FRAME_BYTES]
        loud = np.abs(np.frombuffer(frame, "<i2").astype(int)).max() > 300
        if not echo.hear(frame, ours[begin : begin + FRAME_BYTES]) and loud:
            times.append(begin // (FRAME_BYTES // FRAME_MS))
    return echo, times


def longest_run(times: list[int]) -> int:
    """How many frames in a row there are at most."""
    longest = run = 0
    for before, time in pairwise([-1, *times]):
        run = run + 1 if time - before == FRAME_MS else 1
        longest = max(longest, run)
    return longest


PATHS = [(60, 6.0, 0), (60, 20.0, 1), (105, 9.0, 4), (150, 12.0, 2), (235, 16.0, 3), (300, 9.0, 5)]


@pytest.mark.parametrize(("delay", "loss", "seed"), PATHS)
def test_an_echo_is_no_voice_once_its_path_is_known(
    voices: Voices, delay: int, loss: float, seed: int
) -> None:
    length = len(voices.answer) + SAMPLE_RATE
    near = at(voices.answer, BEGIN_MS, length)
    echo, times = voiced(near, through_room(near, delay, loss, seed))
    assert echo.delay_ms == pytest.approx(delay, abs=40)
    learnt = BEGIN_MS + delay + 700
    assert longest_run([time for time in times if time > learnt]) < START_FRAMES


@pytest.mark.parametrize(("delay", "loss", "seed"), PATHS)
def test_a_caller_who_talks_over_the_echo_is_heard(
    voices: Voices, delay: int, loss: float, seed: int
) -> None:
    length = len(voices.answer) + SAMPLE_RATE
    near = at(voices.answer, BEGIN_MS, length)
    far = through_room(near, delay, loss, seed) + at(voices.question, CALLER_MS, length)
    _, times = voiced(near, far)
    during = [time for time in times if CALLER_MS <= time < CALLER_MS + 3000]
    assert len(during) * FRAME_MS >= 700


@pytest.mark.parametrize("begin", [500, 700, 1000, 2500])
def test_without_an_echo_every_voice_is_heard(voices: Voices, begin: int) -> None:
    length = len(voices.answer) + SAMPLE_RATE
    far = at(voices.question, begin, length)
    echo, times = voiced(at(voices.answer, BEGIN_MS, length), far)
    assert echo.delay_ms is None
    loud = np.abs(far[: len(far) // 320 * 320].reshape(-1, 320)).max(axis=1) > 400
    assert len(times) >= loud.sum()


def test_a_caller_is_heard_while_the_agent_is_silent(voices: Voices) -> None:
    length = len(voices.answer) + SAMPLE_RATE
    near = at(voices.answer, BEGIN_MS, length)
    echo, _ = voiced(near, through_room(near, 150, 10.0, 1))
    alone = at(voices.question, 500, len(voices.question) + SAMPLE_RATE)
    _, times = voiced(np.zeros(len(alone)), alone, echo)
    assert len(times) * FRAME_MS >= 0.7 * len(voices.question) / SAMPLE_RATE * 1000


def test_the_path_is_forgotten_when_the_echo_is_gone(voices: Voices) -> None:
    length = len(voices.answer) + SAMPLE_RATE
    near = at(voices.answer, BEGIN_MS, length)
    echo, _ = voiced(near, through_room(near, 150, 10.0, 1))
    voiced(near, np.zeros(length), echo)
    assert echo.delay_ms is None


def test_it_costs_little(voices: Voices) -> None:
    length = len(voices.answer) + SAMPLE_RATE
    near = at(voices.answer, BEGIN_MS, length)
    far = through_room(near, 150, 10.0, 1)
    begin = thread_time()
    voiced(near, far)
    assert (thread_time() - begin) * 1000 / (length / 320) < 1.0, "ms of processor a tick"
