"""A clock that stands still until it is moved."""

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
