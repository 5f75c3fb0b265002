"""Stillness: tells when a line is back at the level that it has while nobody speaks.

A voice detector lags: for nearly 100 ms after the last sound it still says "voice". The level
does not, so together they date the end of a voice to the frame.
"""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np

ABOVE_BACKGROUND = 1.25
"""A frame up to this many times the background (2 dB) is background itself."""
BELOW_VOICE = 0.1
"""And it is this much quieter than the voice was (20 dB): in loud noise, the detector decides."""
SILENT = 10.0
"""RMS of 16-bit samples that mu-law makes of a silent line, with room."""
MEMORY_FRAMES = 100
LAG_FRAMES = 10
"""The detector also begins late: the newest frames before a voice hold its beginning."""
SETTLED_FRAMES = 10
"""So many frames before those say what the background is."""


class Stillness:
    """The level of one call's line, in RMS of 16-bit samples."""

    def __init__(self) -> None:
        self._unvoiced: deque[float] = deque(maxlen=MEMORY_FRAMES)
        self._background: float | None = None
        self._loudest = 0.0

    def hear(self, frame: bytes, voiced: bool) -> bool:
        """Take the next 20 ms of s16le PCM; True when they are as quiet as the line gets.

        `voiced` is what the voice detector says; only what it takes for no voice is background.
        """
        samples = np.frombuffer(frame, "<i2").astype(np.float32)
        level = float(np.sqrt(np.dot(samples, samples) / max(len(samples), 1)))
        if not voiced:
            self._unvoiced.append(level)
        self._loudest = max(self._loudest, level)
        return (
            self._background is not None
            and level <= max(SILENT, ABOVE_BACKGROUND * self._background)
            and level <= BELOW_VOICE * self._loudest
        )

    def begin(self) -> None:
        """A voice begins: what came before it is the background, its loudness the next say."""
        before = list(self._unvoiced)[:-LAG_FRAMES]
        self._background = median(before) if len(before) >= SETTLED_FRAMES else None
        self._loudest = 0.0
