"""Glimpse: when the words of a caller who goes on speaking are looked at.

Words so far are nice to have, the words at a pause are waited for. So a glimpse begins only while
a voice is heard: a pause is noticed 120 ms after it, and each of a glimpse's two steps (listening,
writing) is only taken when it is expected to be over by then.

In that pause itself a look is worth more: mostly it is the end, and its words are there sooner by
the time that passes until it is noticed. Pure decisions.
"""

from __future__ import annotations

from thunderbox.voice.leg import SAMPLE_RATE
from thunderbox.voice.utterance import WINDOW

EVERY_MS = 1_000
OVER_AGENT_MS = 300
"""The first glimpse at a voice over the agent's: two words stop it sooner than half a second."""
STEP_S = 0.1
"""What a step may take: a pause is noticed after 120 ms."""
PAUSE_MS = 60
"""Silence after which the words are looked at, in case that the pause is one."""
QUICK_S = 0.05
"""An engine that takes no longer is done before the turn is decided anyhow."""
_MEMORY = 0.3


def is_due(since_ms: int, voice_ms: int, quiet_ms: int, length: int, *, over_agent: bool) -> bool:
    """Whether to look now: `since_ms` after the last look in this stretch of voice, which has
    gone on for `voice_ms` and been silent for the last `quiet_ms`, at so many bytes of sound."""
    if quiet_ms or length > WINDOW:
        return False
    first = OVER_AGENT_MS if over_agent else EVERY_MS
    return voice_ms >= first and since_ms >= EVERY_MS


class Cost:
    """What recognition takes on this machine now, learned from every run."""

    def __init__(self) -> None:
        self._listening: float | None = None
        self._writing = 0.0

    def learn(self, listening_s: float, writing_s: float, sound_s: float) -> None:
        """A run took so long, for so much sound."""
        writing_s /= max(sound_s, 1.0)
        if self._listening is None:
            self._listening, self._writing = listening_s, writing_s
            return
        self._listening += _MEMORY * (listening_s - self._listening)
        self._writing += _MEMORY * (writing_s - self._writing)

    def allows(self, length: int) -> bool:
        """Whether a glimpse at so many bytes of sound keeps nobody waiting."""
        if self._listening is None:
            return False
        return self._listening <= STEP_S and self._writing * _seconds(length) <= STEP_S

    def is_worth_a_start(self, length: int) -> bool:
        """Whether words that are begun before a pause is sure come any sooner for it."""
        return (self._listening or 0.0) + self._writing * _seconds(length) > QUICK_S


def _seconds(length: int) -> float:
    return max(length / (SAMPLE_RATE * 2), 1.0)
