"""What the turn-taking machine hears about (events) and what it wants done (effects).

Times are milliseconds since the conversation began, counted by the leg's ticks. A *turn* is what
the caller says until it is the agent's turn; a *reply* is what the agent makes of it. Both are
numbered, so that what comes late can be told from what is current.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Party(Enum):
    """Who, or what, has picked up."""

    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    SILENCE = "silence"


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Begun:
    """The line is open."""

    at: int


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller's voice began at `at`, a little before it could be known."""

    at: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller's voice paused; `at` is its last voiced moment."""

    at: int


@dataclass(frozen=True, slots=True)
class Transcribed:
    """What was said in a turn so far; `revision` is that of the Transcribe it answers.

    `finished` is whether it sounded like all, where there is a model that can tell.
    """

    at: int
    turn: int
    revision: int
    text: str
    finished: bool | None = None


@dataclass(frozen=True, slots=True)
class Glimpsed:
    """Words so far of a caller who goes on speaking."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class WordsReady:
    """The first words of a reply are there, heard or not."""

    at: int
    reply: int


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """The agent's words are complete (not yet heard); `ends_call` when it wants to hang up."""

    at: int
    reply: int
    ends_call: bool
    empty: bool


@dataclass(frozen=True, slots=True)
class Playing:
    """The first sound of a reply left the box."""

    at: int
    reply: int


@dataclass(frozen=True, slots=True)
class Played:
    """All that there is of a reply was heard."""

    at: int
    reply: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key."""

    at: int
    digit: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """The caller wrote a message."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The caller put the call on hold, or took it off."""

    at: int
    held: bool


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """An engine failed or broke its deadline; `reply` is 0 when it was the recognizer."""

    at: int
    reply: int


@dataclass(frozen=True, slots=True)
class PartyKnown:
    """It is known who has picked up; not `sure` while a person with much to say may be it, too."""

    at: int
    party: Party
    sure: bool = True


@dataclass(frozen=True, slots=True)
class BeepHeard:
    """A beep of the far end is over."""

    at: int


@dataclass(frozen=True, slots=True)
class EchoFound:
    """The far end is known to send back the agent's own voice, from now on and until now."""

    at: int


@dataclass(frozen=True, slots=True)
class Moment:
    """20 ms went by; the caller's voice, if it goes on, has been silent for the last `quiet` ms."""

    at: int
    quiet: int = 0


Event = (
    Begun
    | SpeechStarted
    | SpeechStopped
    | Transcribed
    | Glimpsed
    | WordsReady
    | ReplyFinished
    | Playing
    | Played
    | Pressed
    | Wrote
    | HoldChanged
    | EngineFailed
    | PartyKnown
    | BeepHeard
    | EchoFound
    | Moment
)

# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Turn the sound of the turn so far into words."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True)
class DropTurn:
    """Forget the sound of a turn: it was noise, a backchannel, or it has been dealt with."""

    turn: int


@dataclass(frozen=True, slots=True)
class CommitTurn:
    """The caller's words are now part of the conversation."""

    text: str
    start: int
    end: int
    typed: bool = False
    """Whether they were written or keyed in, beside what is being said."""


@dataclass(frozen=True, slots=True)
class Generate:
    """Make a reply, silently: no sound and no tool before Release. `text` is what the caller
    said in the turn that is not committed yet; None for the greeting."""

    reply: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Release:
    """A reply may be spoken, and its tools may run. `asked_at` is the caller's last voiced
    moment, from which the delay to the first sound is measured."""

    reply: int
    asked_at: int | None


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Say within a reply that has no words yet that it is on its way; they follow directly."""

    reply: int


@dataclass(frozen=True, slots=True)
class Discard:
    """A reply that was never released is not wanted any more."""

    reply: int


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop speaking now; what was heard stays in the conversation, marked as interrupted."""

    reply: int


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a fixed sentence (a name from phrases.py) as a reply of its own."""

    reply: int
    phrase: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Speak again what an interruption by mere noise cut off from reply `of`."""

    reply: int
    of: int


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """Speak the message for a mailbox as a reply of its own."""

    reply: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call; `reason` is its end_reason."""

    reason: str


Effect = (
    Transcribe
    | DropTurn
    | CommitTurn
    | Generate
    | Release
    | Acknowledge
    | Discard
    | Interrupt
    | Say
    | Resume
    | LeaveMessage
    | HangUp
)
