"""Commentary: what a conversation tells its audience, in the order in which it happens.

Words of one party make one segment until they are final. Nothing is told twice, and nothing of
the agent's words before it is heard.
"""

from __future__ import annotations

from thunderbox.voice.audience import AgentState, Audience, Caption, Speaks
from thunderbox.voice.history import Passage
from thunderbox.voice.leg import Tick

EVERY_MS = 200
"""How often the words of a speaking agent are shown; people read and speak no faster."""


class Commentary:
    """One conversation's reports."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience
        self._segments = 0
        self._caller: Caption | None = None
        self._agent: Caption | None = None
        self._passage: Passage | None = None
        self._state: AgentState | None = None

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""
        self._audience.sound(tick)

    def agent_is(self, state: AgentState) -> None:
        """What the agent does now."""
        if state is not self._state:
            self._state = state
            self._audience.agent_state(state)

    def caller_saying(self, text: str) -> None:
        """All words so far of a turn that is not decided."""
        self._caller = self._show(Speaks.CALLER, self._caller, text)

    def caller_said(self, text: str, *, typed: bool = False) -> None:
        """A turn of the caller; what was typed is none of what they are saying."""
        if typed:
            self._audience.caption(
                Caption(Speaks.CALLER, self._next(), text, final=True, typed=True)
            )
            return
        so_far, self._caller = self._caller, None
        segment = self._next() if so_far is None else so_far.segment
        self._audience.caption(Caption(Speaks.CALLER, segment, text, final=True))

    def caller_said_nothing(self) -> None:
        """What was taken for the caller's words so far was none."""
        so_far, self._caller = self._caller, None
        if so_far is not None:
            self._audience.caption(Caption(Speaks.CALLER, so_far.segment, "", final=True))

    def agent_saying(self, passage: Passage, text: str) -> None:
        """Words of a passage up to the one that is being heard."""
        if passage is not self._passage:
            self._passage, self._agent = passage, None
        # What is known of how long words take changes while they are made: nothing is taken back.
        if self._agent is None or len(text) > len(self._agent.text):
            self._agent = self._show(Speaks.AGENT, self._agent, text)

    def agent_said(self, passage: Passage, text: str) -> None:
        """All that was heard of a passage."""
        so_far = self._agent if passage is self._passage else None
        self._passage = self._agent = None
        if so_far is None and not text:
            return
        segment = self._next() if so_far is None else so_far.segment
        self._audience.caption(Caption(Speaks.AGENT, segment, text, final=True))

    def _show(self, speaks: Speaks, so_far: Caption | None, text: str) -> Caption | None:
        if not text or (so_far is not None and so_far.text == text):
            return so_far
        segment = self._next() if so_far is None else so_far.segment
        caption = Caption(speaks, segment, text, final=False)
        self._audience.caption(caption)
        return caption

    def _next(self) -> int:
        self._segments += 1
        return self._segments
