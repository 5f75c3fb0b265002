"""Recording: both sides of a call as a stereo MP3, caller left, agent right, written as it runs.

Constant bit rate and no header to be patched at the end, so the file can be played at any
moment; a crash loses what was not yet encoded, half a second, and at most one frame more.
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np

from thunderbox.voice.leg import FRAME_MS, SAMPLE_RATE

log = logging.getLogger(__name__)

CHUNK_FRAMES = 500 // FRAME_MS
"""Half a second is encoded at a time."""
MAX_WAITING = 60
"""Chunks (30 s) that may wait for the disk; more are left out and said so in the log."""
BIT_RATE = 48_000
"""Bits per second: speech of both sides is clear at that, and an hour takes 21 MB."""
_LAYER3 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""kbit/s by index in the header of an MPEG-2 Layer III frame."""
_RATES = (22_050, 24_000, 16_000)


class Recorder:
    """Encodes every running call's recording on one thread."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")

    def start(self, call_id: int) -> Recording:
        """Begin the recording of a call."""
        return Recording(self.directory / f"{call_id}.mp3", self._thread)

    def close(self) -> None:
        """Finish what is being encoded."""
        self._thread.shutdown(wait=True)


class Recording:
    """One call's recording."""

    def __init__(self, path: Path, thread: ThreadPoolExecutor) -> None:
        self.path = path
        self._thread = thread
        self._far: list[bytes] = []
        self._near: list[bytes] = []
        self._waiting: list[Future[None]] = []
        self._lost = 0
        self._file = path.open("wb")
        encoder = av.CodecContext.create("libmp3lame", "w")
        encoder.sample_rate = SAMPLE_RATE
        encoder.layout = "stereo"
        encoder.format = "s16p"
        encoder.bit_rate = BIT_RATE
        self._encoder = encoder
        self._position = 0

    def add(self, far: bytes, near: bytes) -> None:
        """20 ms of both sides; returns at once."""
        self._far.append(far)
        self._near.append(near)
        if len(self._far) >= CHUNK_FRAMES:
            self._hand_over()

    async def close(self) -> None:
        """Encode the rest and close the file."""
        self._hand_over()
        await asyncio.wrap_future(self._thread.submit(self._finish))
        if self._lost:
            log.warning("%s lacks %d half seconds: the disk was slow", self.path.name, self._lost)

    def _hand_over(self) -> None:
        self._waiting = [future for future in self._waiting if not future.done()]
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
        else:
            far, near = b"".join(self._far), b"".join(self._near)
            self._waiting.append(self._thread.submit(self._encode, far, near))
        self._far, self._near = [], []

    def _encode(self, far: bytes, near: bytes) -> None:
        """Append half a second to the file (recorder's thread)."""
        if not far:
            return
        planes = np.stack([np.frombuffer(far, np.int16), np.frombuffer(near, np.int16)])
        frame = av.AudioFrame.from_ndarray(planes, format="s16p", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._position
        self._position += planes.shape[1]
        try:
            for packet in self._encoder.encode(frame):
                self._file.write(bytes(packet))
            self._file.flush()
        except (OSError, av.FFmpegError):
            log.exception("%s cannot be written", self.path.name)

    def _finish(self) -> None:
        try:
            for packet in self._encoder.encode(None):
                self._file.write(bytes(packet))
            self._file.flush()
            os.fsync(self._file.fileno())
        except (OSError, av.FFmpegError):
            log.exception("%s cannot be finished", self.path.name)
        finally:
            self._file.close()


def make_playable(path: Path) -> bool:
    """Cut a recording that a crash left behind its last whole frame; False when none is whole."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    end = 0
    while (length := _frame_length(data, end)) and end + length <= len(data):
        end += length
    if end < len(data):
        with path.open("r+b") as file:
            file.truncate(end)
    return end > 0


def _frame_length(data: bytes, at: int) -> int:
    """Bytes of the MPEG-2 Layer III frame at a place; 0 when there is none (ISO 13818-3)."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xFE != 0xF2:
        return 0
    rate_index, sample_index = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if rate_index in (0, 15) or sample_index == 3:
        return 0
    padding = data[at + 2] >> 1 & 1
    return 72 * _LAYER3[rate_index] * 1000 // _RATES[sample_index] + padding
