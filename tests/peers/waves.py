"""Waves: WAV files and pure tones, to know what one side heard of the other."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

Samples = np.ndarray


def tone(hz: float, seconds: float, rate: int, level: float = 0.4) -> Samples:
    """A sine as 16-bit samples."""
    t = np.arange(int(seconds * rate)) / rate
    return (level * 32767 * np.sin(2 * np.pi * hz * t)).astype("<i2")


def silence(seconds: float, rate: int) -> Samples:
    """Nothing, as 16-bit samples."""
    return np.zeros(int(seconds * rate), dtype="<i2")


def write(path: Path, samples: Samples, rate: int) -> Path:
    """Write a mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def read(path: Path) -> tuple[Samples, int]:
    """Samples and rate of a mono WAV file, also of one whose writer did not close it."""
    data = path.read_bytes()
    rate = int.from_bytes(data[24:28], "little")
    body = data[44:]
    return np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2"), rate


def strength(samples: Samples, rate: int, hz: float) -> float:
    """How much of the sound's energy lies within 20 Hz of a frequency, from 0 to 1."""
    if len(samples) < rate // 10:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
    total = float(spectrum[frequencies > 50].sum())
    near = float(spectrum[np.abs(frequencies - hz) <= 20].sum())
    return near / total if total > 1e6 else 0.0


def seconds_of(samples: Samples, rate: int, hz: float) -> float:
    """For how long a tone is heard, in steps of 100 ms."""
    step = rate // 10
    pieces = [samples[i : i + step] for i in range(0, len(samples) - step + 1, step)]
    return sum(strength(piece, rate, hz) > 0.5 for piece in pieces) / 10
