"""Room: where one client meets the box. It outlives the client's connections.

Who holds the room's token may join while nobody is in who hears. A client whose connection broke
shows the participant id that only it was told, and takes the place of the broken one; so does
whoever comes with the token within the time in which the room waits for its return. Anybody else
is refused, and once the room is closed everybody is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum

from livekit.protocol import models, rtc

from thunderbox.calls.ports import Ticket
from thunderbox.errors import UnauthorizedError
from thunderbox.rtc import messages
from thunderbox.rtc.data import Outbox
from thunderbox.rtc.dialects import JoinAttempt
from thunderbox.rtc.messages import Cast
from thunderbox.rtc.session import Session
from thunderbox.rtc.tokens import Grant
from thunderbox.rtc.websocket import GOING_AWAY, NORMAL
from thunderbox.voice.audience import AgentState
from thunderbox.voice.leg import Digit, Typed

log = logging.getLogger(__name__)

HEAR_SECONDS = 20.0
"""How long a client that has joined may take until it hears."""


class Parting(Enum):
    """Why nobody is in the room any more."""

    NEVER_CAME = "nobody joined in time"
    NEVER_HEARD = "no sound could be exchanged with the client: UDP does not reach it"
    LEFT = "the client left"
    VANISHED = "the client's connection broke and it did not come back in time"
    CLOSED = "the box closed the room"


class Room:
    """One room and the client in it. What comes of it, its owner decides."""

    def __init__(
        self,
        ticket: Ticket,
        grant: Grant,
        cast: Cast,
        *,
        join_seconds: float,
        rejoin_seconds: float,
    ) -> None:
        self.ticket = ticket
        self.cast = cast
        self.outbox = Outbox(cast.agent_sid, cast.agent_track_sid)
        self.session: Session | None = None
        """The connection that there is now."""
        self.on_hears: Callable[[Session], None] = lambda session: None
        """The client hears, for the first time or again."""
        self.on_away: Callable[[], None] = lambda: None
        """The client's connection broke; it may come back."""
        self.on_event: Callable[[Digit | Typed], None] = lambda event: None
        self.on_parted: Callable[[Parting], None] = lambda parting: None
        """Nobody is in the room any more, and nobody may come."""
        self.on_closed: Callable[[Room], None] = lambda room: None
        self.over = False
        self.heard = False
        """Whether the client has ever heard."""
        self._grant = grant
        self._rejoin_seconds = rejoin_seconds
        self._joined = False
        self._said_goodbye = False
        self._timer: asyncio.TimerHandle | None = None
        self._wait(join_seconds, Parting.NEVER_CAME)

    @property
    def name(self) -> str:
        """The room's name."""
        return self.ticket.room_name

    def check(self, grant: Grant, expired: bool, join: JoinAttempt | None) -> None:
        """Whether a client may join now. Raises UnauthorizedError."""
        if self.over:
            raise UnauthorizedError("The call that this access token is for is over.")
        if grant.token_id != self._grant.token_id:
            raise UnauthorizedError("The access token is not the one of this room.")
        if not self._joined and expired:
            raise UnauthorizedError("The access token has expired. Ask for a new session.")
        session = self.session
        if session is None or session.hears_ms is None:
            return
        returns = join is not None and join.resumes and join.participant_sid == session.visitor.sid
        if not returns:
            raise UnauthorizedError("Somebody has joined with this access token already.")

    async def enter(self, session: Session) -> None:
        """Serve a client that may join, to the end of its connection."""
        before = self.session
        if self.over or (before is not None and before.hears_ms is not None):
            await session.close(models.DisconnectReason.DUPLICATE_IDENTITY)
            return
        self.session = session
        if before is not None:
            await before.close(models.DisconnectReason.DUPLICATE_IDENTITY)
        if self.heard:
            self._wait(HEAR_SECONDS, Parting.VANISHED)
        elif not self._joined:
            self._wait(HEAR_SECONDS, Parting.NEVER_HEARD)
        self._joined = True
        left = False
        try:
            left = await session.run()
        except Exception:
            log.exception("%s: a connection failed.", self.name)
        finally:
            # Before the connection is cleared away, which takes time: the client may be back.
            self._lose(session, left=left)
            await session.finish()

    async def free_place(self) -> None:
        """The client lost its connection and asks for it: it is given up for a new one."""
        old = self.session
        if old is not None:
            self.session = None
            self._away()
            await old.close(models.DisconnectReason.DUPLICATE_IDENTITY)

    def hears(self, session: Session) -> None:
        """A connection is good: the client hears."""
        if session is self.session and not self.over:
            self._stop_waiting()
            self.heard = True
            self.on_hears(session)

    def takes(self, session: Session, event: Digit | Typed) -> None:
        """The client typed, or pressed a key."""
        if session is self.session and not self.over:
            self.on_event(event)

    def tell(self, response: rtc.SignalResponse) -> None:
        """Tell the client, where there is one."""
        if self.session is not None:
            self.session.send_response(response)

    def show_agent(self, state: AgentState) -> None:
        """Tell the client what the agent does."""
        was, self.cast.agent_state = self.cast.agent_state, state
        self.tell(messages.update(self.cast.agent()))
        speaks = state is AgentState.SPEAKING
        if speaks != (was is AgentState.SPEAKING):
            self.tell(messages.speaking(self.cast.agent_sid, active=speaks))

    async def close(
        self, reason: models.DisconnectReason = models.DisconnectReason.ROOM_DELETED
    ) -> None:
        """Send the client away; nobody may come any more."""
        if not self.over:
            self._finish()
            self.on_parted(Parting.CLOSED)
        session, self.session = self.session, None
        if session is not None:
            await session.close(reason)

    def _lose(self, session: Session, *, left: bool) -> None:
        if self.session is not session:
            return
        self.session = None
        if self.over:
            return
        if left:
            self._part(Parting.LEFT)
            return
        self._said_goodbye = session.close_code in (NORMAL, GOING_AWAY)
        self._away()

    def _away(self) -> None:
        if not self.heard:
            return  # it may try again in the time that it was given to hear
        self.on_away()
        parting = Parting.LEFT if self._said_goodbye else Parting.VANISHED
        self._wait(self._rejoin_seconds, parting)

    def _wait(self, seconds: float, parting: Parting) -> None:
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._part, parting)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _part(self, parting: Parting) -> None:
        if self.over:
            return
        log.info("%s: %s.", self.name, parting.value)
        self._finish()
        self.on_parted(parting)

    def _finish(self) -> None:
        self._stop_waiting()
        self.over = True
        self.on_closed(self)
