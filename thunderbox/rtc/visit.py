"""Visit: a browser's call, as calls see it: the visitor's line and the captions they see."""

from __future__ import annotations

from thunderbox.calls.ports import Ticket
from thunderbox.rtc import messages
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.leg import RoomLeg
from thunderbox.rtc.room import Parting, Room
from thunderbox.rtc.session import Session
from thunderbox.rtc.speaking import Meter
from thunderbox.voice.audience import AgentState, Caption
from thunderbox.voice.leg import Digit, EndCause, Tick, Typed

CAUSES = {
    Parting.NEVER_CAME: EndCause.NO_ANSWER,
    Parting.NEVER_HEARD: EndCause.MEDIA_LOST,
    Parting.LEFT: EndCause.CALLER_HANGUP,
    Parting.VANISHED: EndCause.MEDIA_LOST,
    Parting.CLOSED: EndCause.AGENT_END,
}
MISSED = 8
"""Captions that are kept for a visitor whose connection is broken."""
EARLY = 8
"""What a visitor types before they hear is kept up to so many times."""


class Visit:
    """One visitor in one room. Implements `calls.ports.Room`."""

    def __init__(self, room: Room, clock: MediaClock) -> None:
        self.ticket: Ticket = room.ticket
        self.leg = RoomLeg(room.name, clock, room.close)
        self._room = room
        self._missed: dict[int, Caption] = {}
        self._early: list[Digit | Typed] = []
        self._meter = Meter()
        room.on_hears = self._on_hears
        room.on_away = self.leg.disconnect
        room.on_event = self._on_event
        room.on_parted = self._on_parted

    def sound(self, tick: Tick) -> None:
        """Show whether the visitor is heard to speak; they hear the agent by the leg."""
        speaks, session = self._meter.hear(tick.far), self._room.session
        if speaks is not None and session is not None:
            session.send_response(messages.speaking(session.visitor.sid, active=speaks))

    def caption(self, caption: Caption) -> None:
        """Show what either party says; what the visitor typed their page shows already."""
        if caption.typed or self._room.over:
            return
        session = self._room.session
        if session is not None and session.hears_ms is not None:
            session.caption(caption)
            return
        self._missed[caption.segment] = caption
        if len(self._missed) > MISSED:
            del self._missed[min(self._missed)]

    def agent_state(self, state: AgentState) -> None:
        """Show what the agent does."""
        self._room.show_agent(state)

    def _on_hears(self, session: Session) -> None:
        missed, self._missed = self._missed, {}
        for segment in sorted(missed):
            session.caption(missed[segment])
        self.leg.connect(session)
        early, self._early = self._early, []
        for event in early:
            self.leg.put(event)

    def _on_event(self, event: Digit | Typed) -> None:
        if self.leg.up:
            self.leg.put(event)
        elif len(self._early) < EARLY:
            self._early.append(event)

    def _on_parted(self, parting: Parting) -> None:
        self.leg.end(CAUSES[parting], parting.value)
