"""Journal: what a conversation reports while it runs, for whoever keeps the record.

Every method returns at once. Times are ms since the conversation began.
"""

from __future__ import annotations

from typing import Protocol

from thunderbox.voice.history import Call
from thunderbox.voice.leg import Tick


class Journal(Protocol):
    """Keeps the record of one conversation."""

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""

    def caller_said(self, text: str, start: int, end: int) -> None:
        """A turn of the caller."""

    def caller_saying(self, text: str, at: int) -> None:
        """Words so far of a turn that goes on, all of them again each time; for live views."""

    def agent_said(
        self,
        text: str,
        start: int,
        end: int,
        *,
        interrupted: bool,
        unheard: str,
        latency_ms: int | None,
    ) -> None:
        """Words of the agent as the caller heard them; `latency_ms` from the caller's last
        voiced moment to the first sound of the reply, where the words began a reply."""

    def tool_called(self, call: Call, at: int) -> None:
        """The agent uses a tool."""

    def tool_answered(self, call: Call, at: int) -> None:
        """The tool has answered."""

    def handed_on(self, target: str, *, reached: bool) -> None:
        """The caller was handed on to a number or SIP URI, or was to be."""
