"""Causes: what a SIP status means for a call that ended (RFC 3261, section 21)."""

from __future__ import annotations

from dataclasses import dataclass

from thunderbox.voice.leg import EndCause

BUSY = frozenset({486, 600})
NO_ANSWER = frozenset({480, 487})
UNREACHABLE = frozenset({0, 502, 503, 504})
TIMED_OUT = 408


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a line when it has ended."""

    outbound: bool
    answered: bool
    rang: bool
    """Whether an outbound call had got any reply before its final one."""
    status: int
    """The last SIP status; in an answered call 200, or what ended it."""


@dataclass(frozen=True, slots=True)
class TransferNotice:
    """What the far end reports of a transfer (RFC 3515): the status of its own call so far."""

    status: int
    reason: str
    last: bool
    """Whether it will report nothing more."""

    @property
    def reached(self) -> bool:
        """Whether the target has answered."""
        return self.status // 100 == 2

    @property
    def final(self) -> bool:
        """Whether the outcome is known, or will never be."""
        return self.last or self.status >= 200

    def __str__(self) -> str:
        """Status and reason, for a sentence."""
        return f"{self.status} {self.reason}".strip()


def cause_of(past: Past) -> EndCause:
    """Why a line ended, where nothing on our side ended it."""
    if past.answered:
        lost = past.status == TIMED_OUT or past.status in UNREACHABLE
        return EndCause.UNREACHABLE if lost and past.status else EndCause.CALLER_HANGUP
    if not past.outbound:
        return EndCause.CANCELLED
    if past.status in BUSY:
        return EndCause.BUSY
    if past.status == TIMED_OUT:
        return EndCause.NO_ANSWER if past.rang else EndCause.UNREACHABLE
    if past.status in NO_ANSWER:
        return EndCause.NO_ANSWER
    if past.status in UNREACHABLE:
        return EndCause.UNREACHABLE
    return EndCause.REFUSED
