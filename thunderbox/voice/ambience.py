"""Ambience: quiet background sound that an agent can have, made here from noise and a seed.

Each track is a loop of 20 s at 16 kHz whose end joins its beginning.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from thunderbox.voice.leg import SAMPLE_RATE

Sound = NDArray[np.float64]

SECONDS = 20
LEVEL = 0.02
"""Loudness of a track (RMS of full scale, -34 dBFS): to be noticed only when nobody speaks."""


@cache
def track(name: str) -> bytes:
    """A track as 16 kHz mono s16le PCM. Raises KeyError for a name that is none of TRACKS."""
    sound = _MAKERS[name](np.random.default_rng(len(name)))
    sound *= LEVEL / np.sqrt(np.mean(sound**2))
    samples: bytes = np.clip(np.rint(sound * 32767), -32768, 32767).astype("<i2").tobytes()
    return samples


def _band(rng: np.random.Generator, low: float, high: float) -> Sound:
    """Noise between two frequencies in Hz; periodic, so that the loop has no seam."""
    spectrum = np.fft.rfft(rng.standard_normal(SECONDS * SAMPLE_RATE))
    hertz = np.fft.rfftfreq(SECONDS * SAMPLE_RATE, 1 / SAMPLE_RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    sound: Sound = np.fft.irfft(spectrum)
    sound /= np.sqrt(np.mean(sound**2))
    return sound


def _swell(rng: np.random.Generator, slowest: float, fastest: float) -> Sound:
    """A slow rise and fall around 1, as loudness has it, between two rates in Hz."""
    return np.clip(1 + 0.6 * _band(rng, slowest, fastest), 0, None)


def _murmur(rng: np.random.Generator, people: int) -> Sound:
    """Voices too far away to be understood: bands of speech, each with the rhythm of syllables."""
    sound = np.zeros(SECONDS * SAMPLE_RATE)
    for _ in range(people):
        middle = rng.uniform(250, 900)
        sound += _band(rng, 0.7 * middle, 1.4 * middle) * _swell(rng, 2, 6) * _swell(rng, 0.1, 0.5)
    return sound / people


def _clicks(rng: np.random.Generator, per_second: float) -> Sound:
    """Keys of a keyboard, in bursts."""
    sound = np.zeros(SECONDS * SAMPLE_RATE)
    fade = np.exp(-np.arange(int(0.012 * SAMPLE_RATE)) / (0.002 * SAMPLE_RATE))
    typing = _swell(rng, 0.1, 0.4)
    for start in rng.integers(0, len(sound) - len(fade), int(per_second * SECONDS)):
        strength = rng.uniform(0.3, 1.0) * typing[start]
        sound[start : start + len(fade)] += strength * fade * rng.standard_normal(len(fade))
    return sound


def _call_center(rng: np.random.Generator) -> Sound:
    return _murmur(rng, 8) + 0.5 * _clicks(rng, 7) + 0.1 * _band(rng, 60, 400)


def _office(rng: np.random.Generator) -> Sound:
    return 0.6 * _band(rng, 50, 300) + 0.35 * _murmur(rng, 3) + 0.7 * _clicks(rng, 4)


def _cafe(rng: np.random.Generator) -> Sound:
    dishes = _band(rng, 2000, 3400) * np.clip(_swell(rng, 0.5, 3) - 1.6, 0, None)
    return _murmur(rng, 12) + 0.2 * _band(rng, 100, 1500) + 0.5 * dishes


_MAKERS = {"CALL_CENTER": _call_center, "OFFICE": _office, "CAFE": _cafe}
TRACKS = tuple(_MAKERS)
"""Ids of the tracks, as `background_track` of an agent names them."""
