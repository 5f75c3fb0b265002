"""Resampler: from an engine's sample rate to the call's, piece by piece, without seams."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_ZERO_CROSSINGS = 24
_KAISER_BETA = 8.0
_ROLLOFF = 0.94
"""Where the low pass begins, as a part of the lower Nyquist frequency: the rest is its slope."""


@lru_cache(maxsize=8)
def _filters(up: int, down: int) -> Samples:
    """One windowed sinc for each of the `up` positions between two input samples."""
    cutoff = _ROLLOFF * min(1.0, up / down)
    half = int(np.ceil(_ZERO_CROSSINGS / cutoff))
    offsets = np.arange(-half + 1, half + 1)[None, :] - np.arange(up)[:, None] / up
    inside = np.clip(1.0 - (offsets / half) ** 2, 0.0, None)
    table = cutoff * np.sinc(cutoff * offsets) * np.i0(_KAISER_BETA * np.sqrt(inside))
    table /= table.sum(axis=1, keepdims=True)
    return table.astype(np.float32)


class Resampler:
    """One stream from `source` to `target` samples a second (windowed sinc, polyphase)."""

    def __init__(self, source: int, target: int) -> None:
        common = gcd(source, target)
        self._up, self._down = target // common, source // common
        self._table = _filters(self._up, self._down) if source != target else None
        self._half = 0 if self._table is None else self._table.shape[1] // 2
        self._held: Samples = np.zeros(max(self._half - 1, 0), np.float32)
        self._next = 0
        """Where the next output sample lies, in 1/up of an input sample from `_held[half - 1]`."""

    def push(self, samples: Samples) -> Samples:
        """What can be said about the output once these input samples are known."""
        if self._table is None:
            return samples
        held = np.concatenate([self._held, samples])
        last = (len(held) - 2 * self._half) * self._up + self._up - 1
        if last < self._next:
            self._held = held
            return np.zeros(0, np.float32)
        at = np.arange(self._next, last + 1, self._down)
        first = at // self._up
        windows = np.lib.stride_tricks.sliding_window_view(held, 2 * self._half)[first]
        out: Samples = np.einsum("ij,ij->i", windows, self._table[at % self._up])
        following = int(at[-1]) + self._down
        used = min(following // self._up, len(held))
        self._held = held[used:]
        self._next = following - used * self._up
        return out

    def flush(self) -> Samples:
        """The rest, once no input follows."""
        return self.push(np.zeros(self._half, np.float32))
