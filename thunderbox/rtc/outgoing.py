"""Outgoing: the agent's voice on its way to one browser, coded as it is handed over."""

from __future__ import annotations

import asyncio
import fractions
from collections import deque

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from thunderbox.rtc.opus import RTP_FRAME, RTP_RATE, OpusEncoder

TIME_BASE = fractions.Fraction(1, RTP_RATE)
HELD = 5
"""Packets at most between us and aiortc's sender, which takes each at once while it runs."""


class OutgoingTrack(MediaStreamTrack):
    """A track whose packets leave when their sound is pushed; nobody else keeps its time.

    aiortc takes what is coded already as it is, so that no thread is needed per frame. One track
    serves one connection.
    """

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._encoder = OpusEncoder()
        self._packets: deque[av.Packet] = deque(maxlen=HELD)
        self._arrived = asyncio.Event()
        self._timestamp = 0
        self._taken = False

    def push(self, frame: bytes, periods: int = 1) -> None:
        """Send 20 ms of 16-bit mono at 16 kHz; `periods` of 20 ms have passed since the last.

        Where more than one has, the browser hears a gap, and what follows is in time. Raises
        LegError when it is no whole frame.
        """
        self._timestamp += periods * RTP_FRAME
        if not self._taken or self.readyState != "live":
            return
        packet = av.Packet(self._encoder.encode(frame))
        packet.pts = self._timestamp
        packet.time_base = TIME_BASE
        self._packets.append(packet)
        self._arrived.set()

    @property
    def taken(self) -> bool:
        """Whether the browser's connection sends it; what is pushed before is not coded."""
        return self._taken

    async def recv(self) -> av.Packet:
        """The next packet, for aiortc's sender."""
        self._taken = True
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        return self._packets.popleft()

    def stop(self) -> None:
        """End the track; whoever waits for its next packet learns so."""
        super().stop()
        self._arrived.set()
