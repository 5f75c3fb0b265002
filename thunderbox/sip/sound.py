"""Sound: one call's two queues as whoever moves its sound sees them."""

from __future__ import annotations

from typing import Protocol

from thunderbox.voice.leg import Tick


class Playable(Protocol):
    """Sound on its way to the far end: one side puts and flushes, the media thread takes."""

    def put(self, pcm: bytes) -> None:
        """Queue 16-bit samples. Raises LegError when they are not whole or do not fit."""

    def take(self) -> bytes:
        """The next frame of at most 20 ms; empty when nothing is queued. Media thread only."""

    def flush(self) -> int:
        """Throw away what was not taken; returns how many bytes."""

    @property
    def queued(self) -> int:
        """Bytes put and neither taken nor flushed."""


class TickSink(Protocol):
    """Takes what happened every 20 ms."""

    def put(self, tick: Tick) -> None:
        """Append a tick. Media thread only; never raises."""


class Sound:
    """The two queues, and whether they move."""

    def __init__(self, playout: Playable, ticks: TickSink) -> None:
        self.playout = playout
        self.ticks = ticks
        self.connected = False
        """Whether the far end listens now; while it does not, nothing is taken to be played."""
