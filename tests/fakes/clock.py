"""Clocks that stand still until they are moved."""

from __future__ import annotations


class FakeClock:
    """Starts at noon of 20 November 2026, UTC."""

    def __init__(self) -> None:
        self.ms = 1_795_176_000_000

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return self.ms

    def monotonic(self) -> float:
        """Seconds."""
        return self.ms / 1000


class Seconds:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
