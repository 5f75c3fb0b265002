"""ClauseSound: turns what a synthesizer makes into sound for a call.

Resampled to 16 kHz, at a steady level, without the silence before and after the words, and
faded at both ends so that clauses follow each other without a click.
"""

from __future__ import annotations

import numpy as np

from thunderbox.voice.engines.resample import Resampler, Samples
from thunderbox.voice.leg import SAMPLE_RATE

LEVEL_DBFS = -20.0
"""RMS of the voiced parts: what telephones expect, with headroom for the peaks."""

_SILENT = 10 ** (-46 / 20)
_KNEE = 0.7
_LEAD = SAMPLE_RATE * 4 // 1000
_TRAIL = SAMPLE_RATE * 12 // 1000
_FADE = SAMPLE_RATE * 3 // 1000


def voiced_rms(samples: Samples, rate: int) -> float:
    """RMS of the 20 ms parts that hold sound, so that pauses do not count; 0.0 for silence."""
    size = rate // 50
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.mean(parts.astype(np.float64) ** 2, axis=1)
    if not len(power) or power.max() <= 0.0:
        return 0.0
    return float(np.sqrt(power[power > power.max() * 0.01].mean()))


def gain_for(samples: Samples, rate: int) -> float:
    """What brings a voice, of which this is a sample, to the level of a call."""
    rms = voiced_rms(samples, rate)
    return float(min(10 ** (LEVEL_DBFS / 20) / rms, 20.0)) if rms > 0.0 else 1.0


class ClauseSound:
    """One clause: floats of the engine's rate in, s16le PCM of the call's rate out."""

    def __init__(self, rate: int, gain: float) -> None:
        self._resampler = Resampler(rate, SAMPLE_RATE)
        self._gain = gain
        self._started = False
        self._held: Samples = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> bytes:
        """Sound that may be played already; silence is held back until words follow it."""
        return self._take(self._resampler.push(samples), last=False)

    def end(self) -> bytes:
        """The rest of the clause."""
        return self._take(self._resampler.flush(), last=True)

    def _take(self, samples: Samples, *, last: bool) -> bytes:
        held = np.concatenate([self._held, samples * self._gain])
        loud = np.flatnonzero(np.abs(held) > _SILENT)
        if not len(loud):
            self._held = held if self._started else held[-_LEAD:]
            return b""
        if not self._started:
            self._started = True
            held = held[max(int(loud[0]) - _LEAD, 0) :]
            fade = min(_FADE, len(held))
            held[:fade] *= np.linspace(0.0, 1.0, fade, dtype=np.float32)
            loud = np.flatnonzero(np.abs(held) > _SILENT)
        end = int(loud[-1]) + 1 if len(loud) else 0
        if last:
            out = held[: end + _TRAIL]
            fade = min(_FADE, len(out))
            out[len(out) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        else:
            end = max(end - _FADE, 0)
            out, self._held = held[:end], held[end:]
        return _pcm(out)


def _pcm(samples: Samples) -> bytes:
    """16-bit samples; what is above the knee is pressed together instead of cut off."""
    loud = np.abs(samples)
    over = np.maximum(loud - _KNEE, 0.0)
    pressed = _KNEE + (1.0 - _KNEE) * np.tanh(over / (1.0 - _KNEE))
    limited = np.where(over > 0.0, np.copysign(pressed, samples), samples)
    return np.rint(limited * 32767.0).astype("<i2").tobytes()
