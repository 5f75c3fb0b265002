"""Microphone: what one browser sends, as frames of 20 ms whenever they are wanted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np
from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from thunderbox.errors import LegError
from thunderbox.rtc import opus
from thunderbox.rtc.aiortc_seams import take_packets
from thunderbox.rtc.jitter import Conceal, JitterBuffer, Play
from thunderbox.voice.leg import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, SILENCE

log = logging.getLogger(__name__)

PER_MS = SAMPLE_RATE // 1000
OFF_MS = 250
"""Beyond this, pulls have lost step with the clock, and begin anew where it is."""
DROP_MS = 15
"""Excess delay at which frames of silence are left out."""
SHORTEN_MS = 100
"""Excess delay at which speech is shortened, too, a period of the voice a frame. Below, the next
pause is waited for: words that were hurried are recognised less well."""
SILENT = 100
"""Root mean square of a frame that is taken for silence (-50 dB of full scale)."""
SHORTEST_PITCH, LONGEST_PITCH = 40, 160
"""Periods of a voice in samples: 400 to 100 Hz."""
FADE = FRAME_BYTES // 2 - LONGEST_PITCH
_RISING = np.linspace(0.0, 1.0, FADE, dtype=np.float32)


class Microphone:
    """Takes a browser's packets as they come and gives a frame whenever it is asked."""

    def __init__(
        self,
        on_first: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_first = on_first
        self._monotonic = monotonic
        self._receiver: RTCRtpReceiver | None = None
        self._ssrc: int | None = None
        self._decoder = opus.OpusDecoder()
        self._pcm = b""
        self._now_ms = 0.0
        self.buffer = JitterBuffer()

    def attach(self, receiver: RTCRtpReceiver) -> None:
        """Listen to a receiver from now on, and no longer to the one before."""
        self._receiver = receiver
        self._ssrc = None

        def take(packet: RtpPacket) -> None:
            if self._receiver is receiver:
                self.take(packet)

        take_packets(receiver, take)

    def take(self, packet: RtpPacket) -> None:
        """Take one packet off the network."""
        if packet.ssrc != self._ssrc:
            first = self._ssrc is None
            self._ssrc = packet.ssrc
            self.buffer.restart()
            self._decoder.reset()
            if first:
                self._on_first()
        self.buffer.push(
            packet.sequence_number,
            packet.timestamp,
            packet.payload,
            self._monotonic() * 1000,
            opus.duration(packet.payload),
        )

    def pull(self) -> bytes:
        """The next 20 ms, 16-bit mono at 16 kHz; silence where there is nothing. Never waits."""
        now = self._step()
        while len(self._pcm) < FRAME_BYTES:
            heard = self._decoded(now + len(self._pcm) / 2 / PER_MS)
            if heard is None:
                self._pcm += SILENCE[len(self._pcm) :]
            else:
                self._pcm += heard
        frame, self._pcm = self._pcm[:FRAME_BYTES], self._pcm[FRAME_BYTES:]
        return frame

    @property
    def summary(self) -> str:
        """How the sound came through the network so far, for the log."""
        buffer = self.buffer
        if not buffer.received:
            return "no sound came"
        share = 100 * buffer.lost / (buffer.received + buffer.lost)
        return (
            f"{buffer.received} packets of sound came, {share:.1f} % were made up, "
            f"{buffer.late} came too late, the delay was set to {buffer.target_ms:.0f} ms"
        )

    def _step(self) -> float:
        """The time of this pull in ms: 20 ms after the last, also where several are made up for."""
        now = self._monotonic() * 1000
        self._now_ms += FRAME_MS
        if abs(now - self._now_ms) > OFF_MS:
            self._now_ms = now
        return self._now_ms

    def _decoded(self, now_ms: float) -> bytes | None:
        """Sound for `now_ms`; empty where a frame was left out, None where there is none."""
        step = self.buffer.pull(now_ms)
        try:
            match step:
                case Play():
                    return self._in_time(self._decoder.decode(step.payload))
                case Conceal():
                    samples = step.duration * SAMPLE_RATE // opus.RTP_RATE
                    if step.following:
                        return self._decoder.recover(step.following, samples)
                    return self._decoder.conceal(samples)
                case None:
                    return None
        except LegError as error:
            log.debug("A packet from a browser was no sound: %s", error)
            return SILENCE

    def _in_time(self, pcm: bytes) -> bytes:
        """Sound that came with too much delay, made shorter."""
        excess = self.buffer.excess_ms
        if excess < DROP_MS:
            return pcm
        samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32)
        if samples @ samples < SILENT * SILENT * samples.size:
            return b""
        return pcm if excess < SHORTEN_MS or len(pcm) < FRAME_BYTES else shortened(samples)


def shortened(samples: NDArray[np.float32]) -> bytes:
    """A frame of 20 ms or more without one period of its voice."""
    start = samples[:FADE]
    later = sliding_window_view(samples[SHORTEST_PITCH : LONGEST_PITCH + FADE], FADE)
    likeness = (later @ start) / (np.sqrt(np.einsum("ij,ij->i", later, later)) + 1.0)
    lag = SHORTEST_PITCH + int(np.argmax(likeness))
    faded = start + (samples[lag : lag + FADE] - start) * _RISING
    joined = np.concatenate((faded, samples[lag + FADE :]))
    return joined.astype(np.int16).tobytes()
