"""Memory: what a box holds, all of its processes together, now and at most.

Counted is the proportional set size: pages that processes share count once, a model's file that is
mapped into memory counts.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

EVERY_S = 2.0
PROC = Path("/proc")
GIVE_WAY = 10
"""Niceness: to count pages takes a moment, which is not the box's."""


class Memory:
    """The memory of a process and all processes below it, looked at every two seconds."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()

    @property
    def peak_mb(self) -> float:
        """The most that was seen."""
        return round(self._peak, 1)

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join(5)

    def _watch(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GIVE_WAY)
        while not self._stop.is_set():
            self._peak = max(self._peak, held_mb(self._pid))
            self._stop.wait(EVERY_S)


def held_mb(pid: int) -> float:
    """Megabytes that a process and all below it hold; 0.0 when it is gone."""
    return round(sum(_kib(one) for one in family(pid, parents())) * 1024 / 1e6, 1)


def family(pid: int, parents: Iterable[tuple[int, int]]) -> set[int]:
    """A process and all below it, from pairs of a process and its parent in any order."""
    pairs, found = list(parents), {pid}
    while more := {child for child, parent in pairs if parent in found} - found:
        found |= more
    return found


def parents() -> Iterable[tuple[int, int]]:
    """Every process of the machine with its parent."""
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            # A process may end while it is looked at.
            with suppress(OSError):
                state = (entry / "stat").read_text().rpartition(")")[2].split()
                yield int(entry.name), int(state[1])


def _kib(pid: int) -> int:
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
