"""Vector: bytes in and out of PJSIP's sound frames.

SWIG copies a byte vector element by element: 0.5 ms for 20 ms of sound, fifty times a second
per call. A `std::vector` begins with the address of its first byte, so reading and writing there
costs 2 microseconds and gives the interpreter lock to nobody. `check` proves the layout once;
where it does not hold, the slow copy is used.
"""

from __future__ import annotations

import ctypes
import logging
from typing import Any

import pjsua2 as pj

from thunderbox.voice.leg import FRAME_BYTES, SILENCE

log = logging.getLogger(__name__)

_Pointers = ctypes.c_void_p * 2


def read(vector: Any) -> bytes:
    """The bytes of a vector."""
    begin, end = _Pointers.from_address(int(vector.this))
    if not begin or not end or not 0 < end - begin <= 65536:
        return b""
    return ctypes.string_at(begin, end - begin)


def read_slowly(vector: Any) -> bytes:
    """The bytes of a vector, element by element."""
    return bytes(vector)


class Out:
    """One frame's vector that is filled again and again."""

    def __init__(self, direct: bool) -> None:
        self.vector: Any = pj.ByteVector(SILENCE)
        self._view: memoryview | None = None
        if direct:
            begin = _Pointers.from_address(int(self.vector.this))[0]
            array = (ctypes.c_ubyte * FRAME_BYTES).from_address(begin or 0)
            self._view = memoryview(array).cast("B")

    def fill(self, frame: bytes) -> Any:
        """The vector, holding this frame of exactly 20 ms."""
        if self._view is None:
            return pj.ByteVector(frame)
        self._view[:] = frame
        return self.vector


def check() -> bool:
    """Whether vectors can be read and written by address."""
    sample = bytes(range(256)) * 2 + bytes(range(128))
    try:
        readable = read(pj.ByteVector(sample)) == sample
        writable = readable and bytes(Out(direct=True).fill(sample)) == sample
    except (TypeError, ValueError, OverflowError):
        return False
    return writable
