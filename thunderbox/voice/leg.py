"""Leg: one party's line into a call, whatever carries it (SIP, WebRTC, memory).

Sound is 16-bit little-endian mono PCM at 16 kHz, cut into frames of 20 ms
(320 samples, 640 bytes). The leg's own clock ticks every 20 ms; at each tick it yields one
`Tick`: the frame that came from the far end, and the frame that was sent to it at the same
moment. Both sides of a recording, "what was really heard", and echo detection follow from that
pair, so nothing else has to measure time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

SAMPLE_RATE = 16_000
FRAME_MS = 20
FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000
FRAME_BYTES = FRAME_SAMPLES * 2
SILENCE = bytes(FRAME_BYTES)


@dataclass(frozen=True, slots=True)
class Tick:
    """20 ms of a call: `far` is what the far end said, `near` what it was played."""

    far: bytes
    near: bytes
    spoken: int
    """Bytes of `near` that came from `Leg.play` (the rest is padding with silence)."""


class EndCause(Enum):
    """Why a leg ended; the value is the call's `end_reason` where the leg decides it."""

    CALLER_HANGUP = "caller_hangup"
    AGENT_END = "agent_end"
    CANCELLED = "cancelled"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    REGISTRATION_LOST = "registration_lost"
    MEDIA_LOST = "media_lost"
    LINE_FAILED = "line_failed"
    TRANSFERRED = "transfer"


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end picked up and media flows."""


@dataclass(frozen=True, slots=True)
class Digit:
    """The far end pressed a key (RFC 4733 or SIP INFO): one of 0-9, *, #, A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The far end wrote a message instead of speaking."""

    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """The far end put the call on hold."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The far end took the call off hold."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The leg is over; always the last event. `sip_status` is 0 where there is none."""

    cause: EndCause
    sip_status: int = 0
    detail: str = ""


LegEvent = Answered | Digit | Typed | Held | Resumed | Ended


class Leg(Protocol):
    """One party's line. Every method may be called again after the end and then does nothing."""

    name: str
    """Short and unique within the process, for the log; no personal data."""

    events: asyncio.Queue[LegEvent]
    """Bounded; what happens on the line, in order."""

    async def answer(self) -> None:
        """Pick up an inbound leg; returns when media flows, or at once when the leg is over.

        Raises LegError when no media flows after 10 s.
        """

    async def refuse(self, status: int, reason: str) -> None:
        """Turn an inbound leg down with a SIP status and a reason for the caller."""

    async def tick(self) -> Tick | None:
        """Wait for the next 20 ms; None once the leg has ended. One reader at a time."""

    def play(self, pcm: bytes) -> None:
        """Queue sound for the far end. The leg holds at most 30 s; more raises LegError."""

    @property
    def queued(self) -> int:
        """Bytes queued by `play` and not yet sent."""

    def flush(self) -> int:
        """Throw away what is queued and not yet sent; returns how many bytes that was."""

    async def send_digits(self, digits: str) -> None:
        """Press keys on the line (RFC 4733)."""

    async def transfer(self, target: str) -> None:
        """Hand the far end on to a number or a SIP URI (RFC 3515); the leg then ends.

        Returns once the far end has reached the target; the leg ends with `TRANSFERRED`. Raises
        LegError, and the leg goes on, when the target is no such thing, the far end refuses or
        fails to reach it, or nothing final comes within 20 s.
        """

    async def hang_up(self) -> None:
        """End the leg; returns when it is over or after 3 s."""
