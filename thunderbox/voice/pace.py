"""Pace: how patient a conversation is."""

from __future__ import annotations

from dataclasses import dataclass

ANSWER_MS = 1_000
"""A "yes" so shortly before the agent's last word is the answer to it."""

LEAD_MS = 30
"""What the shortest way in and out of a SIP call takes: a frame each, less half a tick."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a conversation is; all in ms."""

    agent_first: bool = True
    pause_ms: int = 350
    """Silence between the caller's last sound and the answer's first one, to begin with."""
    shortest_pause_ms: int = 250
    longest_pause_ms: int = 1_000
    """Between these it follows the caller's own pauses."""
    lead_ms: int = 0
    """So much of that silence passes on the way in and out, so the turn is decided earlier."""
    interrupt_ms: int = 500
    silence_ms: int = 30_000
    check_ins: int = 1
    """Times that a silent caller is asked for, each after silence_ms."""
    silence_end_ms: int = 15_000
    """Silence after the last of these times that ends the call."""
    max_turn_ms: int = 30_000
    """Voice without any pause is transcribed after so long: it is a machine, or noise."""
    max_ms: int = 3_600_000
    digits_ms: int = 2_000
    max_hold_ms: int | None = None
    voicemail: str | None = None
    """What is done when a machine picks up: "hangup", "message", or "prompt", which goes on
    talking; None where nobody picks up, in an inbound call."""
    acknowledge_ms: int | None = None
    """An answer that has no word after so long is bridged by an acknowledgement; None: never."""
