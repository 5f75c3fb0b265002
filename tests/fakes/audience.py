"""An audience that remembers."""

from __future__ import annotations

from thunderbox.voice.audience import AgentState, Caption, Speaks
from thunderbox.voice.leg import Tick


class FakeAudience:
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.captions: list[Caption] = []
        self.states: list[AgentState] = []
        self.told: list[Caption | AgentState] = []
        self.ticks: list[Tick] = []

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""
        self.ticks.append(tick)

    def caption(self, caption: Caption) -> None:
        """Words of either party."""
        self.captions.append(caption)
        self.told.append(caption)

    def agent_state(self, state: AgentState) -> None:
        """What the agent does."""
        self.states.append(state)
        self.told.append(state)

    def texts(self, speaks: Speaks) -> list[tuple[int, str, bool]]:
        """Segment, words and whether they are final, of one party."""
        return [
            (each.segment, each.text, each.final) for each in self.captions if each.speaks is speaks
        ]
