"""Bytes in and out of PJSIP's vectors."""

from __future__ import annotations

import pjsua2 as pj
import pytest

from thunderbox.sip import vector
from thunderbox.voice.leg import FRAME_BYTES

FRAME = bytes(range(256)) * 2 + bytes(128)


def test_this_build_can_be_read_by_address() -> None:
    assert vector.check()


def test_both_ways_of_reading_agree() -> None:
    held = pj.ByteVector(FRAME)
    assert vector.read(held) == vector.read_slowly(held) == FRAME
    assert vector.read(pj.ByteVector()) == b""


@pytest.mark.parametrize("direct", [True, False])
def test_writing(direct: bool) -> None:
    out = vector.Out(direct)
    for fill in (FRAME, bytes(FRAME_BYTES), FRAME[::-1]):
        assert bytes(out.fill(fill)) == fill
