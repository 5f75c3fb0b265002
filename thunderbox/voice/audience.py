"""Audience: whoever follows a conversation while it runs (captions, a supervisor, a display).

Every method returns at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from thunderbox.voice.leg import Tick


class AgentState(Enum):
    """What the agent does; the values are those of LiveKit's attribute `lk.agent.state`."""

    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class Speaks(Enum):
    """Whose words they are."""

    CALLER = "caller"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Caption:
    """What one party said so far; a later caption of the same segment takes its place."""

    speaks: Speaks
    segment: int
    """Counted from 1 within the conversation, over both parties."""
    text: str
    """All of the segment, not only what is new."""
    final: bool
    """Whether nothing more comes. Words of the agent are then those that were heard; no words
    take back those of before: it was noise, or the agent was cut off at once."""
    typed: bool = False
    """Whether the caller typed or keyed them in, and so has seen them already."""


class Audience(Protocol):
    """Follows one conversation."""

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""

    def caption(self, caption: Caption) -> None:
        """Words of either party, as they come."""

    def agent_state(self, state: AgentState) -> None:
        """The agent began to listen, to think or to speak."""


class Nobody:
    """An audience that does not look."""

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""

    def caption(self, caption: Caption) -> None:
        """Words of either party."""

    def agent_state(self, state: AgentState) -> None:
        """What the agent does."""
