"""Listening: the seat of a supervisor, who hears both sides of a call and is not seen."""

from __future__ import annotations

from thunderbox.calls.ports import Ticket
from thunderbox.rtc import messages
from thunderbox.rtc.mixing import mixed
from thunderbox.rtc.room import Room
from thunderbox.rtc.session import Session
from thunderbox.rtc.speaking import Meter
from thunderbox.voice.audience import AgentState, Caption
from thunderbox.voice.leg import Tick


class ListeningSeat:
    """One supervisor's room. Implements `calls.ports.Seat`."""

    def __init__(self, room: Room) -> None:
        self.ticket: Ticket = room.ticket
        self._room = room
        self._hearer: Session | None = None
        self._meter = Meter()
        room.on_hears = self._on_hears
        room.on_away = self._on_away

    def sound(self, tick: Tick) -> None:
        """Both sides, as one voice."""
        speaks = self._meter.hear(tick.far)
        if self._hearer is None:
            return
        self._hearer.send(mixed(tick), 1)
        if speaks is not None:
            self._room.tell(messages.speaking(self._room.cast.caller_sid, active=speaks))

    def caption(self, caption: Caption) -> None:
        """Show what either party says."""
        if self._hearer is not None:
            self._hearer.caption(caption)

    def agent_state(self, state: AgentState) -> None:
        """Show what the agent does."""
        self._room.show_agent(state)

    @property
    def vacant(self) -> bool:
        """Whether the supervisor has left, or never came."""
        return self._room.over

    async def close(self) -> None:
        """Send the supervisor away."""
        self._hearer = None
        await self._room.close()

    def _on_hears(self, session: Session) -> None:
        self._hearer = session

    def _on_away(self) -> None:
        self._hearer = None
