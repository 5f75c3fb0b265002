"""Processor: how much of the machine's processor a box has used, all of its processes together."""

from __future__ import annotations

import os

from memory import PROC, family, parents


def used_s(pid: int) -> float:
    """Seconds of processor that a process and all below it have used so far."""
    return sum(_used_s(one) for one in family(pid, parents()))


def _used_s(pid: int) -> float:
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
