"""Echo: tells the agent's own voice, coming back from a loudspeaker, from a voice of the caller.

A hands-free phone sends back what it plays: later, quieter, and coloured by the room. So the power
of both directions in a few bands is followed in steps of 10 ms. Where the far end's powers follow
those that were sent, always at the same delay, that delay and the loss in each band are the echo
path; from then on a frame that holds no more than the path explains is echo. Whatever else it holds
is a voice.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from thunderbox.voice.leg import FRAME_SAMPLES, SAMPLE_RATE

STEP_MS = 10
LONGEST_MS = 400
"""The longest delay of an echo: a mobile network both ways and the buffers of a phone."""
SPAN_MS = 600
"""How much of the past shows whether the far end follows."""
ENOUGH_MS = 260
"""So much sound on both sides is needed to judge that."""
ALIKE = 0.7
"""Correlation of the two from which one follows the other; different speech stays under 0.5."""
STILL_ALIKE = 0.6
CONFIRMATIONS = 2
"""Times in a row that the same delay must be found after the first: chance changes it."""
MARGIN = 4.0
"""An echo may be so much stronger in a band than the path says: 6 dB, for one syllable's sake."""
UNEXPLAINED = 0.2
"""Share of the power over that margin from which there is more than echo."""
SMOOTHING = 0.3
"""How much a frame counts in that share: one syllable is not yet a voice."""
LEAST_LOSS_DB = 3.0
"""What comes back louder is another voice that happens to be alike."""
RING = 0.7
"""How much of the power is still in the room 10 ms later, at most."""
TYPICAL = 0.7
"""Quantile of what comes back that stands for the path: the rest is the room's echo of before."""
FADING = 0.96
"""How fast a gain may fall, each 60 ms: sounds differ in how they come back."""
LOST = 0.05
"""An echo that is so much weaker than the path says is no echo any more."""
QUIET = 1e7
"""Power in a band under which there is only the noise of a line."""

_EDGES = (250, 400, 550, 750, 1000, 1350, 1800, 2500, 3500)
_STEP = SAMPLE_RATE * STEP_MS // 1000
_BINS = 512
_LAGS = LONGEST_MS // STEP_MS
_SPAN = SPAN_MS // STEP_MS
_KEPT = _LAGS + _SPAN
_EVERY = 3

Floats = NDArray[np.float32]

_WINDOW = np.hanning(FRAME_SAMPLES).astype(np.float32)
_HZ = np.fft.rfftfreq(_BINS, 1 / SAMPLE_RATE)
_BANDS = np.stack([(low <= _HZ) & (high > _HZ) for low, high in pairwise(_EDGES)], axis=1).astype(
    np.float32
)


class Echo:
    """The echo of one call. Pure: time is the number of frames it was fed."""

    def __init__(self) -> None:
        bands = len(_EDGES) - 1
        self._tails = np.zeros((2, FRAME_SAMPLES - _STEP), np.float32)
        self._far = np.zeros((_KEPT, bands), np.float32)
        self._near = np.zeros((_KEPT, bands), np.float32)
        self._rung = np.zeros((_KEPT, bands), np.float32)
        """What was sent, with each sound fading as in a room."""
        self._ticks = 0
        self._candidate = (0, 0)
        self._lag: int | None = None
        self._gain = np.zeros(bands, np.float32)
        self._weak = 0
        self._more = 0.0
        """Share of the power lately that the path does not explain."""

    @property
    def delay_ms(self) -> int | None:
        """The delay of the echo, to 10 ms; None while none is known."""
        return None if self._lag is None else self._lag * STEP_MS

    def hear(self, far: bytes, near: bytes) -> bool:
        """Take 20 ms of both directions; whether all that came is echo of what was sent."""
        self._append(far, near)
        self._ticks += 1
        if self._ticks % _EVERY == 0:
            self._search()
        return self._lag is not None and self._explains(self._lag)

    def _append(self, far: bytes, near: bytes) -> None:
        """Take the powers of the next two steps of both directions."""
        both = np.stack([np.frombuffer(far, "<i2"), np.frombuffer(near, "<i2")])
        sound = np.concatenate([self._tails, both.astype(np.float32)], axis=1)
        self._tails = sound[:, -(FRAME_SAMPLES - _STEP) :]
        pieces = np.stack([sound[:, :FRAME_SAMPLES], sound[:, _STEP:]], axis=1) * _WINDOW
        spectrum = np.fft.rfft(pieces, _BINS)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ _BANDS
        rung = self._rung[-1]
        for kept, new in ((self._far, power[0]), (self._near, power[1])):
            kept[:-2] = kept[2:]
            kept[-2:] = new
        self._rung[:-2] = self._rung[2:]
        for at in (-2, -1):
            self._rung[at] = rung = np.maximum(self._near[at], RING * rung)

    def _search(self) -> None:
        """Look for the delay at which the far end follows what was sent."""
        far, near = self._far[-_SPAN:], self._near
        heard = far.max(axis=1) > QUIET
        if heard.sum() * STEP_MS < ENOUGH_MS:
            return
        alike = _alike(far, near, heard)
        lag = int(np.argmax(alike))
        before, times = self._candidate
        times = times + 1 if abs(lag - before) <= 1 and alike[lag] >= ALIKE else 0
        self._candidate = (lag, times)
        if times >= CONFIRMATIONS:
            if self._lag is not None and abs(lag - self._lag) <= 1:
                # Between two steps: the earlier one also holds how the echo fades.
                lag = min(lag, self._lag)
            self._measure(lag)
            self._lag = lag if _loss_db(self._gain) >= LEAST_LOSS_DB else None
        elif self._lag is not None and alike[self._lag] >= STILL_ALIKE:
            self._measure(self._lag)

    def _measure(self, lag: int) -> None:
        """How much of each band comes back."""
        far, sent = self._far[-_SPAN:], self._rung[_LAGS - lag : _LAGS - lag + _SPAN]
        loud = sent > QUIET
        share = np.sort(np.where(loud, far / np.maximum(sent, QUIET), np.inf), axis=0)
        count = loud.sum(axis=0)
        typical = share[(TYPICAL * np.maximum(count - 1, 0)).astype(int), np.arange(len(count))]
        known = count * STEP_MS >= ENOUGH_MS // 2
        self._gain[known] = np.maximum(typical, FADING * self._gain)[known]

    def _explains(self, lag: int) -> bool:
        """Whether the last two steps hold no more than the path brings back."""
        sent = self._rung[-2 - lag - 1 : len(self._rung) - lag + 1]
        expected = self._gain * np.maximum(np.maximum(sent[:2], sent[1:3]), sent[-2:])
        found = self._far[-2:]
        self._watch(float(found.sum()), float(expected.sum()))
        total = float(found.sum())
        over = float(np.maximum(found - MARGIN * expected, 0.0).sum())
        share = over / total if total > found.size * QUIET else 0.0
        self._more += SMOOTHING * (share - self._more)
        return self._more <= UNEXPLAINED

    def _watch(self, found: float, expected: float) -> None:
        """Forget the path when what should come back does not: the caller took up the handset."""
        if expected <= QUIET:
            return
        self._weak = self._weak + 1 if found < LOST * expected else 0
        if self._weak * 2 * STEP_MS > 500:
            self._lag, self._weak = None, 0


def _loss_db(gain: Floats) -> float:
    """How much is lost on the way, on average over the bands."""
    return float(-10 * np.log10(np.maximum(gain, 1e-6)).mean())


def _alike(far: Floats, near: Floats, heard: NDArray[np.bool_]) -> Floats:
    """How alike the far end's powers are to those sent, for each lag, from -1 to 1.

    Compared in decibels, band by band, and only where there is sound on both sides: that two
    voices begin at the same time must not count.
    """
    a = np.log10(np.maximum(far, QUIET) / QUIET) * heard[:, None]
    sounding = (near.max(axis=1, keepdims=True) > QUIET).astype(np.float32)
    b = np.log10(np.maximum(near, QUIET) / QUIET) * sounding
    bands = b.shape[1]
    # The latest windows first: lag 0 is the last one. Axes: lag, channel, time.
    channels = np.concatenate([b, b * b, sounding], axis=1)
    past = np.lib.stride_tricks.sliding_window_view(channels, _SPAN, axis=0)[:0:-1][:_LAGS]
    mask = heard.astype(np.float32)
    of_far = past[:, -1] @ np.concatenate([a, a * a, mask[:, None]], axis=1)
    of_near = past[:, :-1] @ mask
    count = np.maximum(of_far[:, -1:], 1.0)
    sum_a, sum_aa = of_far[:, :bands], of_far[:, bands:-1]
    sum_b, sum_bb = of_near[:, :bands], of_near[:, bands:]
    both = np.matmul(past[:, :bands].transpose(1, 0, 2), a.T[:, :, None])[:, :, 0].T
    together = (both - sum_a * sum_b / count).sum(axis=1)
    alone = (sum_aa - sum_a**2 / count).sum(axis=1) * (sum_bb - sum_b**2 / count).sum(axis=1)
    enough = of_far[:, -1] * STEP_MS >= ENOUGH_MS
    result: Floats = np.where(enough, together / np.sqrt(np.maximum(alone, 1e-6)), 0.0)
    return result
