"""Sounds for the tests of engines: a telephone line, noise, and what can be measured of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
from numpy.typing import NDArray

from thunderbox.voice.engines.resample import Resampler

Floats = NDArray[np.float32]


async def collect(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


def floats(pcm: bytes) -> Floats:
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0


def pcm(samples: Floats) -> bytes:
    return np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def dbfs(samples: Floats) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-12))


def same(one: bytes, other: bytes) -> bool:
    """The same words in the same voice, by their loudness: espeak's pitch trembles by itself."""
    a, b = (np.abs(floats(sound)) for sound in (one, other))
    size = min(len(a), len(b)) // 320 * 320
    loudness = [part[:size].reshape(-1, 320).mean(axis=1) for part in (a, b)]
    return abs(len(a) - len(b)) < 800 and bool(np.corrcoef(*loudness)[0, 1] > 0.9)


def noise(seconds: float, level: float, seed: int = 1) -> bytes:
    """White noise of `level` dBFS."""
    random = np.random.default_rng(seed)
    return pcm(random.normal(0.0, 10 ** (level / 20), int(seconds * 16000)).astype(np.float32))


def resampled(samples: Floats, source: int, target: int) -> Floats:
    stream = Resampler(source, target)
    return np.concatenate([stream.push(samples), stream.flush()])


def telephone(sound: bytes, snr: float = 25.0, seed: int = 1) -> bytes:
    """Through 8 kHz, mu-law and some noise, and padded as the turn detector leaves it."""
    narrow = resampled(floats(sound), 16000, 8000)
    random = np.random.default_rng(seed)
    level = np.sqrt(np.mean(narrow**2)) * 10 ** (-snr / 20)
    narrow = np.pad(narrow, (1600, 2400))
    narrow = narrow + random.normal(0.0, level, len(narrow)).astype(np.float32)
    pressed = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log1p(255)
    coded = np.round(pressed * 127) / 127
    plain = np.sign(coded) * (np.power(256.0, np.abs(coded)) - 1) / 255
    return pcm(resampled(plain.astype(np.float32), 8000, 16000))
