"""Heard: which words of the agent have left the box, from the bytes that were sent.

A reply's clauses lie one behind the other in the stream of bytes that a leg is given. Whoever
knows how many of those were sent knows which words were heard. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from thunderbox.voice.history import Passage
from thunderbox.voice.leg import SAMPLE_RATE

CHARACTERS_PER_SECOND = 14
"""Speed of speech, to guess how long a clause will be that is still being made."""


@dataclass(slots=True)
class SpokenClause:
    """One clause and its place in the stream of bytes given to the leg."""

    text: str
    start: int | None = None
    end: int | None = None

    def share(self, sent: int) -> float:
        """How much of it was heard when `sent` bytes of the stream had left, 0 to 1."""
        if self.start is None or sent <= self.start:
            return 0.0
        guess = self.start + len(self.text) * SAMPLE_RATE * 2 // CHARACTERS_PER_SECOND
        end = self.end if self.end is not None else max(sent, guess)
        # A flush shortens the stream under clauses that ended in it, never below `sent`.
        return 1.0 if end <= self.start else min(1.0, (sent - self.start) / (end - self.start))


@dataclass(slots=True)
class SpokenPassage:
    """A passage of the history while it is spoken."""

    passage: Passage
    clauses: list[SpokenClause] = field(default_factory=list)
    closed: bool = False
    started_at: int | None = None
    ended_at: int = 0

    @property
    def done(self) -> bool:
        """Whether all of it was heard, or the rest never will be."""
        return self.ended_at > 0

    @property
    def sounding(self) -> bool:
        """Whether some of it was heard, and more may come."""
        return self.started_at is not None and not self.done

    def words(self) -> str:
        """All of its words."""
        return " ".join(clause.text for clause in self.clauses)

    def words_begun(self, sent: int) -> str:
        """Its words up to the one that is being heard."""
        begun: list[str] = []
        for clause in self.clauses:
            if not (share := clause.share(sent)):
                break
            words = clause.text.split()
            begun += words[: int(len(words) * share) + 1]
        return " ".join(begun)

    def cut(self, sent: int, now: int) -> Heard:
        """End it here: what was heard of it when `sent` bytes of the stream had left."""
        heard: list[str] = []
        unheard: list[str] = []
        for clause in self.clauses:
            words = clause.text.split()
            count = int(len(words) * clause.share(sent))
            heard += words[:count]
            unheard += words[count:]
        self.ended_at = now or 1
        start = self.started_at if self.started_at is not None else now
        text, rest = " ".join(heard), " ".join(unheard)
        return Heard(self.passage, text, rest, start, now, interrupted=bool(rest))


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller heard of a passage."""

    passage: Passage
    text: str
    unheard: str
    start: int
    end: int
    interrupted: bool
