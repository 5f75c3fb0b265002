"""Sound to send through browser calls, and ways to find it again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thunderbox.voice.leg import FRAME_BYTES, SAMPLE_RATE


def tone(hertz: float, seconds: float, level: float = 8000) -> bytes:
    """A tone, 16-bit mono at 16 kHz."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.sin(2 * np.pi * hertz * times)).astype(np.int16).tobytes()


def vowel(seconds: float, pitch: float = 120, level: float = 9000) -> bytes:
    """Something like a voice: a gliding pitch with its harmonics, louder and softer."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(pitch + 20 * np.sin(2 * np.pi * 0.7 * times)) / SAMPLE_RATE
    voice = sum(np.sin(n * phase) / n for n in range(1, 12))
    envelope = 0.55 + 0.45 * np.sin(2 * np.pi * 3 * times)
    return (level * 0.5 * voice * envelope).astype(np.int16).tobytes()


def frames(pcm: bytes) -> list[bytes]:
    """Whole frames of 20 ms."""
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def samples(pcm: bytes) -> NDArray[np.float64]:
    """Samples as numbers."""
    return np.frombuffer(pcm, dtype=np.int16).astype(np.float64)


def pitch_of(pcm: bytes) -> float:
    """The strongest frequency, in Hz; 0 of silence."""
    heard = samples(pcm)
    if not heard.any():
        return 0.0
    strength = np.abs(np.fft.rfft(heard * np.hanning(heard.size)))
    return float(np.argmax(strength) * SAMPLE_RATE / heard.size)


def loudness(pcm: bytes) -> float:
    """Root mean square of the samples."""
    return float(np.sqrt(np.mean(samples(pcm) ** 2))) if pcm else 0.0
