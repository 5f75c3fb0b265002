from itertools import pairwise

import numpy as np
import pytest

from tests.voice.engines.sounds import resampled
from thunderbox.voice.engines.resample import Resampler


def sine(rate: int, hertz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize("source", [8000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("hertz", [100, 1000, 3300])
def test_a_sine_stays_the_same_sine(source: int, hertz: float) -> None:
    out = resampled(sine(source, hertz), source, 16000)
    wanted = sine(16000, hertz)
    inside = slice(400, 15600)
    error = out[:16000][inside] - wanted[inside]
    snr = 10 * np.log10(np.mean(wanted[inside] ** 2) / np.mean(error**2))
    assert snr > 60


def test_what_the_target_cannot_hold_is_removed() -> None:
    out = resampled(sine(22050, 9500), 22050, 16000)
    assert np.sqrt(np.mean(out[400:-400] ** 2)) < 0.002


def test_pieces_give_the_same_as_the_whole() -> None:
    whole = np.random.default_rng(3).normal(0, 0.2, 22050).astype(np.float32)
    stream = Resampler(22050, 16000)
    cuts = [0, 1, 2, 60, 61, 700, 701, 5000, 22050]
    parts = [stream.push(whole[a:b]) for a, b in pairwise(cuts)]
    together = np.concatenate([*parts, stream.flush()])
    np.testing.assert_allclose(together, resampled(whole, 22050, 16000), atol=1e-6)


def test_length_follows_the_rates() -> None:
    out = resampled(np.zeros(22050, np.float32), 22050, 16000)
    assert abs(len(out) - 16000) <= 2


def test_the_same_rate_passes_through() -> None:
    samples = sine(16000, 440)
    assert Resampler(16000, 16000).push(samples) is samples
