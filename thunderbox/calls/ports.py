"""What calls need from outside, as small protocols: lines to place calls on, and the time.

`sip` (and later `rtc`) implement them and `appliance.py` plugs them in, so that nothing in
`calls` ever learns what carries a call.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from thunderbox.voice.leg import Leg


@dataclass(frozen=True, slots=True)
class Invitation:
    """An inbound call while it rings."""

    called: str
    """User part of the request, as dialled: `+15550100`, `15550100`, `100`."""

    caller: str
    """User part of the caller's address; `anonymous` when it names none."""

    source: str
    """`ip:port` the request came from, for the log."""


OnRing = Callable[[Leg, Invitation], Awaitable[None]]
"""Handles an inbound leg from its first ring to its end; one task per call runs it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to place a call: a number through the trunk, or a SIP URI straight."""

    to: str
    """E.164 number, or `sip:user@host[:port][;transport=tcp]`."""

    caller: str
    """The number that the far end is shown."""


class Dialer(Protocol):
    """Places calls."""

    async def dial(self, destination: Destination, ring_timeout: float) -> Leg:
        """Start an outbound leg and return it while it rings.

        Its events then bring `Answered`, or `Ended` with the reason: busy, no answer within
        `ring_timeout` seconds, refused, unreachable, registration lost. Raises LegError, with a
        sentence, when no line is free or the destination cannot be called at all.
        """


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""


class SystemClock:
    """The machine's own time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()
