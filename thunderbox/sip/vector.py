"""Vector: bytes in and out of PJSIP's sound frames.

SWIG copies a byte vector element by element: 0.5 ms for 20 ms of sound, fifty times a second
per call. And every one of its getters and setters lets go of the interpreter lock, so that a
busy thread can keep PJSIP's clock waiting each time. So frames are read and written where they lie:
`struct MediaFrame {int type; std::vector<unsigned char> buf; unsigned size;}`, where a vector
begins with the addresses of its first byte and of the one after its last. `check` proves that
layout once; where it does not hold, SWIG's slow way is used.
"""

from __future__ import annotations

import ctypes
from typing import Any

import pjsua2 as pj

from thunderbox.voice.leg import FRAME_BYTES, SILENCE

_VECTOR_AT = 8
_SIZE_AT = 32
_LARGEST = 65_536
_Pointers = ctypes.c_void_p * 2


class Frames:
    """Reads and writes the frames of one port."""

    def __init__(self, direct: bool) -> None:
        self._direct = direct
        self._silence: Any = pj.ByteVector(SILENCE)
        self._sound: Any = pj.ByteVector(SILENCE)
        if direct:
            begin = _Pointers.from_address(int(self._sound.this))[0]
            array = (ctypes.c_ubyte * FRAME_BYTES).from_address(begin or 0)
            self._view = memoryview(array).cast("B")

    def read(self, frame: Any) -> bytes:
        """The bytes of a frame."""
        if not self._direct:
            return bytes(frame.buf)
        begin, end = _Pointers.from_address(int(frame.this) + _VECTOR_AT)
        if not begin or not end or not 0 < end - begin <= _LARGEST:
            return b""
        return ctypes.string_at(begin, end - begin)

    def write(self, frame: Any, pcm: bytes) -> None:
        """Make a frame one of 20 ms of sound; `pcm` is as long as that, or empty for silence."""
        if not self._direct:
            frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
            frame.size = FRAME_BYTES
            frame.buf = pj.ByteVector(pcm) if pcm else self._silence
            return
        address = int(frame.this)
        ctypes.c_int.from_address(address).value = pj.PJMEDIA_FRAME_TYPE_AUDIO
        ctypes.c_uint.from_address(address + _SIZE_AT).value = FRAME_BYTES
        if pcm:
            self._view[:] = pcm
            frame.buf = self._sound
        else:
            frame.buf = self._silence


def check() -> bool:
    """Whether frames can be read and written where they lie."""
    sample = bytes(range(256)) * 2 + bytes(range(128))
    frame = pj.MediaFrame()
    frame.type, frame.size, frame.buf = 7, 12_345, pj.ByteVector(sample)
    try:
        address = int(frame.this)
        there = (
            ctypes.c_int.from_address(address).value == 7
            and ctypes.c_uint.from_address(address + _SIZE_AT).value == 12_345
        )
        if not there or Frames(direct=True).read(frame) != sample:
            return False
        Frames(direct=True).write(frame, sample[::-1])
    except (TypeError, ValueError, OverflowError):
        return False
    written = (frame.type, frame.size, bytes(frame.buf))
    return written == (pj.PJMEDIA_FRAME_TYPE_AUDIO, FRAME_BYTES, sample[::-1])
