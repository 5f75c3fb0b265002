"""Pure tones are found, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.peers.waves import silence, tone
from thunderbox.voice.leg import FRAME_BYTES, SAMPLE_RATE
from thunderbox.voice.tones import Tone, Tones


def hear(samples: np.ndarray) -> list[Tone]:
    """The tones that ended in a sound."""
    tones, pcm = Tones(), samples.astype("<i2").tobytes()
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]
    return [found for frame in frames if (found := tones.hear(frame)) is not None]


@pytest.mark.parametrize("hz", [440.0, 1000.0, 1100.0, 1400.0, 2100.0, 2225.0])
@pytest.mark.parametrize("level", [0.01, 0.4, 0.9])
def test_a_tone_is_found_with_its_length(hz: float, level: float) -> None:
    sound = np.concatenate([tone(hz, 0.4, SAMPLE_RATE, level), silence(0.1, SAMPLE_RATE)])
    [found] = hear(sound)
    assert found.hz == pytest.approx(hz, abs=5)
    assert found.ms == 400


def test_a_tone_in_noise_of_a_line_is_found() -> None:
    noise = np.random.default_rng(1).normal(0, 60, SAMPLE_RATE // 2)
    sound = np.concatenate([tone(1000, 0.5, SAMPLE_RATE, 0.1) + noise, silence(0.1, SAMPLE_RATE)])
    [found] = hear(sound)
    assert found.ms == 500


@pytest.mark.parametrize(("low", "high"), [(350, 440), (480, 620), (770, 1336), (941, 1477)])
def test_two_tones_at_once_are_no_beep(low: float, high: float) -> None:
    both = tone(low, 0.5, SAMPLE_RATE, 0.2) + tone(high, 0.5, SAMPLE_RATE, 0.2)
    assert [found for found in hear(both) if found.ms > 40] == []


def test_noise_and_silence_are_no_tones() -> None:
    noise = np.random.default_rng(2).normal(0, 3000, SAMPLE_RATE)
    assert hear(np.concatenate([noise, silence(0.5, SAMPLE_RATE)])) == []


def test_a_tone_that_glides_is_no_beep() -> None:
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    glide = 8000 * np.sin(2 * np.pi * (500 * t + 700 * t * t))
    assert [found for found in hear(glide) if found.ms > 100] == []
