"""Bytes in and out of PJSIP's vectors."""

from __future__ import annotations

import pjsua2 as pj
import pytest

from thunderbox.sip import vector
from thunderbox.voice.leg import FRAME_BYTES

FRAME = bytes(range(256)) * 2 + bytes(128)


def test_this_build_can_be_read_by_address() -> None:
    assert vector.check()


def frame_of(pcm: bytes) -> pj.MediaFrame:
    """A frame as PJSIP hands it over."""
    frame = pj.MediaFrame()
    frame.buf = pj.ByteVector(pcm)
    return frame


@pytest.mark.parametrize("direct", [True, False])
def test_reading(direct: bool) -> None:
    frames = vector.Frames(direct)
    assert frames.read(frame_of(FRAME)) == FRAME
    assert frames.read(frame_of(b"")) == b""


@pytest.mark.parametrize("direct", [True, False])
def test_writing(direct: bool) -> None:
    frames = vector.Frames(direct)
    for pcm in (FRAME, b"", FRAME[::-1]):
        frame = frame_of(b"")
        frames.write(frame, pcm)
        assert bytes(frame.buf) == (pcm or bytes(FRAME_BYTES))
        assert (frame.type, frame.size) == (pj.PJMEDIA_FRAME_TYPE_AUDIO, FRAME_BYTES)
