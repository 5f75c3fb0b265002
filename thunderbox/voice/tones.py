"""Tones: finds pure tones in a line's sound, such as the beep of a mailbox or of a fax machine.

Fed with one 20 ms frame at a time; it reads no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thunderbox.voice.leg import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE

LOWEST_HZ, HIGHEST_HZ = 400.0, 2600.0
"""Below that a voice can be as pure as a tone."""
QUIETEST = 100.0
"""RMS of samples below which a line is silent."""
PURITY = 0.9
"""Share of a frame's energy that is in its strongest line of the spectrum."""
DRIFT_HZ = 15.0
"""How far a tone may move from frame to frame; a voice moves further."""
_BINS = 1024
_LOBE = 2 * _BINS // FRAME_SAMPLES + 1
_WINDOW = np.hanning(FRAME_SAMPLES).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone that sounds, or has sounded; its length in ms."""

    hz: float
    ms: int


class Tones:
    """The tones of one line."""

    def __init__(self) -> None:
        self.sounding: Tone | None = None

    def hear(self, frame: bytes) -> Tone | None:
        """Take the next 20 ms; the tone that ended with the frame before, if one did."""
        before, hz = self.sounding, pitch(frame)
        if hz is not None and before is not None and abs(hz - before.hz) <= DRIFT_HZ:
            self.sounding = Tone(hz, before.ms + FRAME_MS)
            return None
        self.sounding = None if hz is None else Tone(hz, FRAME_MS)
        return before


def pitch(frame: bytes) -> float | None:
    """The frequency of a frame that is one pure tone, in Hz; None for anything else."""
    samples = np.frombuffer(frame, "<i2").astype(np.float32)
    if float(np.sqrt(np.mean(samples * samples))) < QUIETEST:
        return None
    power = np.abs(np.fft.rfft((samples - samples.mean()) * _WINDOW, _BINS)) ** 2
    peak = int(np.argmax(power))
    low, high = max(0, peak - _LOBE), peak + _LOBE + 1
    if power[low:high].sum() < PURITY * power.sum():
        return None
    hz = (peak + _shift(power, peak)) * SAMPLE_RATE / _BINS
    return hz if LOWEST_HZ <= hz <= HIGHEST_HZ else None


def _shift(power: np.ndarray, peak: int) -> float:
    """How far the true peak is from the strongest bin: the vertex of a parabola through three."""
    if not 0 < peak < len(power) - 1:
        return 0.0
    left, middle, right = np.log(power[peak - 1 : peak + 2] + 1e-9)
    curve = left - 2 * middle + right
    return 0.0 if curve == 0 else float(0.5 * (left - right) / curve)
