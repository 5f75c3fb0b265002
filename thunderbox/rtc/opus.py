"""Opus: a voice coded for the network and back, mono, 20 ms at a time.

Both ends of the codec work at 16 kHz here; on the network it is 48 kHz by definition, and whoever
is at the other end may use all of it. So nothing is resampled outside the codec.
"""

from __future__ import annotations

import ctypes

from thunderbox.errors import LegError
from thunderbox.rtc import libopus
from thunderbox.voice.leg import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE, SILENCE

RTP_RATE = 48_000
"""Ticks a second of the RTP timestamp, whatever the sound's own rate (RFC 7587)."""
RTP_FRAME = RTP_RATE // 50
BITRATE = 32_000
EXPECTED_LOSS = 5
"""Per cent; how much redundancy each packet carries for the one before follows from it."""
COMPLEXITY = 5
"""Of 10: what is above it costs twice the time for a difference nobody hears in speech."""
SETTLED = 20
"""Frames of silence after which each is coded like the one before, and needs no coding."""
LONGEST_MS = 120
LONGEST_SAMPLES = SAMPLE_RATE * LONGEST_MS // 1000
LONGEST_PACKET = 1275


class OpusEncoder:
    """Codes one voice, with redundancy for packets that are lost on the way."""

    def __init__(self, *, bitrate: int = BITRATE, expected_loss: int = EXPECTED_LOSS) -> None:
        self._opus = libopus.library()
        code = ctypes.c_int()
        self._state = self._opus.opus_encoder_create(
            SAMPLE_RATE, 1, libopus.APPLICATION_VOIP, ctypes.byref(code)
        )
        _check(code.value, "an encoder cannot be made")
        self._packet = ctypes.create_string_buffer(LONGEST_PACKET)
        self._quiet = 0
        """Frames of silence since the last sound."""
        self._silence = b""
        for request, value in (
            (libopus.SET_BITRATE, bitrate),
            (libopus.SET_COMPLEXITY, COMPLEXITY),
            (libopus.SET_SIGNAL, libopus.SIGNAL_VOICE),
            (libopus.SET_INBAND_FEC, 1),
            (libopus.SET_PACKET_LOSS_PERC, expected_loss),
        ):
            _check(self._opus.opus_encoder_ctl(self._state, request, value), "a setting is wrong")

    def encode(self, frame: bytes) -> bytes:
        """The packet of one frame of 20 ms. Raises LegError when it is none."""
        if len(frame) != FRAME_BYTES:
            raise LegError(f"A frame has {FRAME_BYTES} bytes, not {len(frame)}.")
        self._quiet = self._quiet + 1 if frame == SILENCE else 0
        if self._quiet > SETTLED:
            return self._silence
        length = self._opus.opus_encode(
            self._state, frame, FRAME_SAMPLES, self._packet, LONGEST_PACKET
        )
        _check(length, "a frame cannot be coded")
        self._silence = ctypes.string_at(self._packet, length)
        return self._silence

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            self._opus.opus_encoder_destroy(state)


class OpusDecoder:
    """Decodes one voice, mono or stereo; knows what to say in place of packets that are lost."""

    def __init__(self) -> None:
        self._opus = libopus.library()
        code = ctypes.c_int()
        self._state = self._opus.opus_decoder_create(SAMPLE_RATE, 1, ctypes.byref(code))
        _check(code.value, "a decoder cannot be made")
        self._pcm = ctypes.create_string_buffer(LONGEST_SAMPLES * 2)

    def decode(self, packet: bytes) -> bytes:
        """The samples of a packet. Raises LegError when it is not Opus."""
        return self._decode(packet, LONGEST_SAMPLES, redundancy=0)

    def recover(self, following: bytes, samples: int = FRAME_SAMPLES) -> bytes:
        """The lost packet before `following`, as far as that carries it; else made up.

        Raises LegError when `following` is not Opus.
        """
        return self._decode(following, samples, redundancy=1)

    def conceal(self, samples: int = FRAME_SAMPLES) -> bytes:
        """Samples in place of what is lost: the voice goes on for a moment and fades."""
        return self._decode(b"", samples, redundancy=0)

    def reset(self) -> None:
        """Forget what was decoded: another voice comes."""
        _check(
            self._opus.opus_decoder_ctl(self._state, libopus.RESET_STATE),
            "the decoder cannot begin anew",
        )

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            self._opus.opus_decoder_destroy(state)

    def _decode(self, packet: bytes, samples: int, *, redundancy: int) -> bytes:
        count = self._opus.opus_decode(
            self._state, packet or None, len(packet), self._pcm, samples, redundancy
        )
        _check(count, "a packet cannot be decoded")
        return ctypes.string_at(self._pcm, count * 2)


def duration(packet: bytes) -> int:
    """How long a packet sounds, in ticks of the RTP timestamp; 0 when it is not Opus."""
    if not packet:
        return 0
    count: int = libopus.library().opus_packet_get_nb_samples(packet, len(packet), RTP_RATE)
    return max(0, count)


def _check(code: int, what: str) -> None:
    if code < libopus.OK:
        raise LegError(f"Opus: {what} ({libopus.error_text(code)}).")
