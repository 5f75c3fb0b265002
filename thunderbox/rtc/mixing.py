"""Mixing: both sides of a call as one sound, for whoever only listens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thunderbox.voice.leg import SILENCE, Tick


def mixed(tick: Tick) -> bytes:
    """20 ms of both sides, each as loud as it was; what is too loud together is clipped."""
    if tick.near == SILENCE:
        return tick.far
    if tick.far == SILENCE:
        return tick.near
    both = np.frombuffer(tick.far, "<i2").astype(np.int32) + np.frombuffer(tick.near, "<i2")
    clipped: NDArray[np.int32] = np.clip(both, -32768, 32767)
    return clipped.astype("<i2").tobytes()
