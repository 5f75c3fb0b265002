"""Slot: one call's two rings of sound in memory that the box and its line card share.

Playout is a ring of bytes: the box puts and flushes, the card's media thread takes. Ticks are a
ring of records: the media thread puts, the box takes. Each counter is one aligned machine word,
written by one side, and x86 keeps the order of writes, so neither ring needs a lock; but a flush
has to know exactly what was not taken, so it and taking shut each other out. The lock is an
eventfd, and the media thread never waits for it: where it is held, the sound is being thrown away.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator
from contextlib import suppress

from thunderbox.sip.ring import PLAYOUT_BYTES, TICKS, check_fits
from thunderbox.voice.leg import FRAME_BYTES, Tick

SLOTS = 8
"""Twice as many as lines: a slot is free again only when the box has read its last tick."""
_PUT, _TAKEN, _TICKS_PUT, _TICKS_TAKEN, _TICKS_LOST = range(5)
_HEADER = 64
_TICK = 8 + 2 * FRAME_BYTES
_SIZE = -(-(_HEADER + PLAYOUT_BYTES + TICKS * _TICK) // mmap.PAGESIZE) * mmap.PAGESIZE
FLUSH_SECONDS = 0.05


class SharedMemory:
    """All slots of one card, and the file descriptors that make them."""

    def __init__(self, memory: int, locks: list[int], wake: int) -> None:
        self.descriptors = [memory, wake, *locks]
        """To be handed to the card, which calls `attach` with them."""
        self.wake = wake
        """An eventfd that the card writes after each tick."""
        self._map = mmap.mmap(memory, SLOTS * _SIZE)
        view = memoryview(self._map)
        self.slots = [
            Slot(view[number * _SIZE : (number + 1) * _SIZE], lock, wake)
            for number, lock in enumerate(locks)
        ]

    @classmethod
    def create(cls) -> SharedMemory:
        """New memory, all silent."""
        memory = os.memfd_create("thunderbox-sound")
        os.ftruncate(memory, SLOTS * _SIZE)
        flags = os.EFD_NONBLOCK | os.EFD_CLOEXEC
        locks = [os.eventfd(1, flags | os.EFD_SEMAPHORE) for _ in range(SLOTS)]
        return cls(memory, locks, os.eventfd(0, flags))

    @classmethod
    def attach(cls, descriptors: list[int]) -> SharedMemory:
        """The memory that another process has created."""
        memory, wake, *locks = descriptors
        return cls(memory, locks, wake)

    def close(self) -> None:
        """Let the descriptors go; the memory itself goes with its last user."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        for slot in self.slots:
            slot.lock = -1
        self.descriptors = []


class Slot:
    """One call's rings."""

    def __init__(self, view: memoryview, lock: int, wake: int) -> None:
        self.words = view[:_HEADER].cast("Q")
        self.playout = view[_HEADER : _HEADER + PLAYOUT_BYTES]
        self.ticks = view[_HEADER + PLAYOUT_BYTES :]
        self.lock = lock
        self.wake = wake

    def reset(self) -> None:
        """Empty both rings, for the next call; nobody uses them now."""
        for word in range(_TICKS_LOST + 1):
            self.words[word] = 0

    def held(self, seconds: float = 0.0) -> bool:
        """Take the lock, trying for so long; False when somebody else has it."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(BlockingIOError):
                os.eventfd_read(self.lock)
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.0002)

    def let_go(self) -> None:
        """Give the lock back."""
        os.eventfd_write(self.lock, 1)


class SlotPlayout:
    """The ring of sound to be played. Implements `sound.Playable`."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def put(self, pcm: bytes) -> None:
        """Queue 16-bit samples. Raises LegError when they are not whole or do not fit."""
        check_fits(pcm, self.queued)
        words, ring = self._slot.words, self._slot.playout
        put = words[_PUT]
        start = put % PLAYOUT_BYTES
        until_end = min(len(pcm), PLAYOUT_BYTES - start)
        ring[start : start + until_end] = pcm[:until_end]
        ring[: len(pcm) - until_end] = pcm[until_end:]
        words[_PUT] = put + len(pcm)  # last: only now the card may take them

    def take(self) -> bytes:
        """The next frame of at most 20 ms; empty when nothing is queued. Media thread only."""
        slot = self._slot
        words = slot.words
        if words[_PUT] == words[_TAKEN] or not slot.held():
            return b""
        try:
            taken = words[_TAKEN]
            size = min(FRAME_BYTES, words[_PUT] - taken)
            start = taken % PLAYOUT_BYTES
            frame = bytes(slot.playout[start : start + size])
            frame += bytes(slot.playout[: size - len(frame)])
            words[_TAKEN] = taken + size
        finally:
            slot.let_go()
        return frame

    def flush(self) -> int:
        """Throw away what was not taken; returns how many bytes.

        Nothing is thrown away when the card stands still: it is being ended then.
        """
        slot = self._slot
        if not self.queued or not slot.held(FLUSH_SECONDS):
            return 0
        try:
            thrown = self.queued
            slot.words[_PUT] = slot.words[_TAKEN]
        finally:
            slot.let_go()
        return thrown

    @property
    def queued(self) -> int:
        """Bytes put and neither taken nor flushed."""
        return self._slot.words[_PUT] - self._slot.words[_TAKEN]


class SlotTicks:
    """The ring of what happened every 20 ms. Implements `sound.TickSink`."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self.closed = False

    def put(self, tick: Tick) -> None:
        """Append a tick and wake the box; one that does not fit is counted as lost."""
        if self.closed:
            return
        words = self._slot.words
        put = words[_TICKS_PUT]
        if put - words[_TICKS_TAKEN] >= TICKS:
            words[_TICKS_LOST] += 1
            return
        at = put % TICKS * _TICK
        record = self._slot.ticks[at : at + _TICK]
        record[:8] = tick.spoken.to_bytes(8, "little")
        record[8 : 8 + FRAME_BYTES] = tick.far
        record[8 + FRAME_BYTES :] = tick.near
        words[_TICKS_PUT] = put + 1  # last: only now the box may take it
        with suppress(OSError):  # of an eventfd that counted to its end, or is gone
            os.eventfd_write(self._slot.wake, 1)

    def drain(self) -> Iterator[Tick]:
        """Every tick that has come, in order."""
        words = self._slot.words
        while (taken := words[_TICKS_TAKEN]) != words[_TICKS_PUT]:
            at = taken % TICKS * _TICK
            record = bytes(self._slot.ticks[at : at + _TICK])
            words[_TICKS_TAKEN] = taken + 1
            near = record[8 + FRAME_BYTES :]
            yield Tick(record[8 : 8 + FRAME_BYTES], near, int.from_bytes(record[:8], "little"))

    @property
    def lost(self) -> int:
        """Ticks that did not fit because the box did not read."""
        return self._slot.words[_TICKS_LOST]
