"""PcmStream: the samples in a remote voice's answer, while it comes.

Either bare PCM (s16le, mono, 24 kHz: OpenAI's `pcm`), or a WAV file, which says itself what it is
and whose announced length is wrong as long as it is made.
"""

from __future__ import annotations

import struct

import numpy as np

from thunderbox.voice.engines.resample import Samples

PCM_RATE = 24_000
_MOST_HEADER = 64 * 1024
_PCM_FORMATS = (1, 0xFFFE)
"""WAVE_FORMAT_PCM, and WAVE_FORMAT_EXTENSIBLE as it is used for the same."""


class PcmStream:
    """One clause's sound; `rate` is known once samples have come."""

    def __init__(self) -> None:
        self.rate = PCM_RATE
        self._channels = 1
        self._header = True
        self._held = b""

    def feed(self, chunk: bytes) -> Samples:
        """The samples that are complete now, mono. Raises ValueError for another format."""
        self._held += chunk
        if self._header and not self._read_header():
            return np.zeros(0, np.float32)
        size = 2 * self._channels
        whole = len(self._held) // size * size
        frames, self._held = self._held[:whole], self._held[whole:]
        samples = np.frombuffer(frames, "<i2").astype(np.float32) / 32768.0
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
        return samples

    def _read_header(self) -> bool:
        """Take a WAV's header off; False while more of it is needed."""
        held = self._held
        if not held.startswith(b"RIFF"[: len(held)]):
            self._header = False
            return True
        if len(held) < 12:
            return False
        if held[8:12] != b"WAVE":
            raise ValueError("it is no WAV file")
        at = 12
        while len(held) >= at + 8:
            name, size = held[at : at + 4], int.from_bytes(held[at + 4 : at + 8], "little")
            if name == b"data":
                self._held, self._header = held[at + 8 :], False
                return True
            if name == b"fmt " and len(held) >= at + 24:
                self._read_format(held[at + 8 : at + 24])
            at += 8 + size + size % 2
        if len(held) > _MOST_HEADER or at > _MOST_HEADER:
            raise ValueError("its WAV file has no sound")
        return False

    def _read_format(self, block: bytes) -> None:
        kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", block)
        if kind not in _PCM_FORMATS or bits != 16 or channels not in (1, 2):
            raise ValueError("its WAV file is not 16-bit PCM with one or two channels")
        if not 8_000 <= rate <= 96_000:
            raise ValueError(f"its sound has {rate} samples a second")
        self.rate, self._channels = rate, channels
