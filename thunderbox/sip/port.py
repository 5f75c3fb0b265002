"""Port: where PJSIP's conference bridge and a call's two queues of sound meet.

Every 20 ms the bridge's clock thread first asks each port for a frame, then gives it one, also
while nothing arrives. That pair of callbacks is one tick. A port lives as long as the endpoint and
serves one call after the other, because removing one while the clock runs is a race inside
PJSIP; only its `sound` changes.
"""

from __future__ import annotations

from typing import Any

import pjsua2 as pj

from thunderbox.sip.ring import padded
from thunderbox.sip.sound import Sound
from thunderbox.sip.vector import Frames
from thunderbox.voice.leg import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, SILENCE, Tick


class Port(pj.AudioMediaPort):  # type: ignore[misc]
    """A port of the bridge: 16 kHz, 20 ms, mono."""

    sound: Sound | None = None
    _near = SILENCE
    _spoken = 0

    def __init__(self, number: int, direct: bool) -> None:
        super().__init__()
        self._frames = Frames(direct)
        layout = pj.MediaFormatAudio()
        layout.init(pj.PJMEDIA_FORMAT_PCM, SAMPLE_RATE, 1, FRAME_MS * 1000, 16)
        self.createPort(f"line-{number}", layout)

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802 - PJSIP's name
        """Send the next 20 ms."""
        sound = self.sound
        if sound is None:
            return
        spoken = sound.playout.take() if sound.connected else b""
        self._spoken = len(spoken)
        self._near = padded(spoken) if spoken else SILENCE
        self._frames.write(frame, self._near if spoken else b"")

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802 - PJSIP's name
        """Take 20 ms, and with them complete the tick."""
        sound = self.sound
        if sound is None:
            return
        far = self._frames.read(frame) if sound.connected else SILENCE
        if len(far) != FRAME_BYTES:
            far = SILENCE
        near, spoken = self._near, self._spoken
        self._near, self._spoken = SILENCE, 0
        sound.ticks.put(Tick(far, near, spoken))
