"""Speaking: whether a voice is to be heard now, for pages that show who speaks."""

from __future__ import annotations

import numpy as np

FRAMES = 15
"""It is looked every 300 ms."""
LOUD = 400
"""Root mean square of a voice that is shown as speaking (-38 dB of full scale)."""


class Meter:
    """Watches one party's sound."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._speaks = False

    def hear(self, frame: bytes) -> bool | None:
        """Take 20 ms; whether the party speaks, where that has changed."""
        self._frames.append(frame)
        if len(self._frames) < FRAMES:
            return None
        samples = np.frombuffer(b"".join(self._frames), "<i2").astype(np.float32)
        self._frames.clear()
        speaks = bool(np.sqrt(np.mean(samples * samples)) >= LOUD)
        changed, self._speaks = speaks is not self._speaks, speaks
        return speaks if changed else None
