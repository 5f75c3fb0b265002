"""Rooms: the box's own, in which browsers meet it. Implements `calls.ports.Rooms`."""

from __future__ import annotations

import asyncio
import logging
import secrets

from livekit.protocol import models, rtc

from thunderbox.calls.ports import Clock, Ticket
from thunderbox.errors import LegError, UnauthorizedError
from thunderbox.rtc import ice
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.dialects import JoinAttempt
from thunderbox.rtc.links import LinkEvents, Links
from thunderbox.rtc.listening import ListeningSeat
from thunderbox.rtc.messages import Cast
from thunderbox.rtc.peer import Peer
from thunderbox.rtc.room import Room
from thunderbox.rtc.session import Session
from thunderbox.rtc.tokens import AccessTokens
from thunderbox.rtc.visit import Visit
from thunderbox.rtc.websocket import WebSocket
from thunderbox.rtc_settings import RtcSettings

log = logging.getLogger(__name__)

MOST = 256
"""Rooms at a time; what calls and supervisors may have is decided before, and is far less."""
CLOSED = 1000
"""Names of closed rooms that are remembered, to say that a call is over rather than unknown."""
VISITOR = "visitor"
SUPERVISOR = "supervisor"
CLOSE_SECONDS = 3.0


class BoxRooms:
    """Every room that is open."""

    def __init__(
        self,
        settings: RtcSettings,
        api_host: str,
        secret: bytes,
        clock: Clock,
        media_clock: MediaClock,
        join_seconds: float,
    ) -> None:
        """`join_seconds` is how long a client may take until it joins its room."""
        self._settings = settings
        self._api_host = api_host
        self._tokens = AccessTokens(secret, clock)
        self._media_clock = media_clock
        self._join_seconds = join_seconds
        self._rooms: dict[str, Room] = {}
        self._closed: dict[str, None] = {}

    async def open(self, name: str, agent_name: str) -> Visit:
        """Open a room for one visitor. Raises LegError when the name is taken."""
        return Visit(self._room(name, agent_name, VISITOR, hidden=False), self._media_clock)

    async def seat(self, name: str) -> ListeningSeat:
        """Open a room in which a supervisor hears both sides. Raises LegError."""
        # A call may have several supervisors, each in a room of their own.
        own = f"{name}-{secrets.token_hex(4)}"
        return ListeningSeat(self._room(own, "Call", SUPERVISOR, hidden=True))

    def admit(self, token: str, join: JoinAttempt | None) -> Room:
        """The room that a token opens now. Raises UnauthorizedError."""
        grant = self._tokens.read(token)
        room = self._rooms.get(grant.room)
        if room is None:
            over = grant.room in self._closed
            raise UnauthorizedError(
                "The call that this access token is for is over."
                if over or self._tokens.has_expired(grant)
                else "There is no such room. Ask for a new session."
            )
        room.check(grant, self._tokens.has_expired(grant), join)
        return room

    def new_session(self, room: Room, socket: WebSocket, join: JoinAttempt) -> Session:
        """A connection of a client that was let in."""
        found = ice.ice(self._settings, self._api_host, socket.client)

        def new_links(events: LinkEvents) -> Links:
            return Links(join.dialect, room.cast, lambda peer: Peer(found, peer), events)

        return Session(
            socket,
            join,
            room.cast,
            room,
            room.outbox,
            new_links,
            self._media_clock,
            self._ice_servers(),
        )

    async def close(self) -> None:
        """The box goes down: send everybody away."""
        rooms = list(self._rooms.values())
        if rooms:
            reason = models.DisconnectReason.SERVER_SHUTDOWN
            closing = {asyncio.ensure_future(room.close(reason)) for room in rooms}
            await asyncio.wait(closing, timeout=CLOSE_SECONDS)
        self._media_clock.close()

    @property
    def count(self) -> int:
        """Rooms that are open."""
        return len(self._rooms)

    def _room(self, name: str, agent_name: str, identity: str, *, hidden: bool) -> Room:
        if name in self._rooms:
            raise LegError(f"There is a room called {name} already.")
        if len(self._rooms) >= MOST:
            raise LegError(f"{MOST} rooms are open already. Try again later.")
        token = self._tokens.mint(name, identity, hears_only=hidden)
        room = Room(
            Ticket(room_name=name, token=token),
            self._tokens.read(token),
            Cast(name, agent_name, identity, hidden=hidden),
            join_seconds=self._join_seconds,
            rejoin_seconds=self._settings.rejoin_seconds,
        )
        room.on_closed = self._forget
        self._rooms[name] = room
        return room

    def _forget(self, room: Room) -> None:
        self._rooms.pop(room.name, None)
        self._closed[room.name] = None
        while len(self._closed) > CLOSED:
            del self._closed[next(iter(self._closed))]

    def _ice_servers(self) -> list[rtc.ICEServer]:
        """What the client uses itself: the same as the box."""
        return [
            rtc.ICEServer(
                urls=[one.urls] if isinstance(one.urls, str) else list(one.urls),
                username=one.username or "",
                credential=one.credential or "",
            )
            for one in ice.servers(self._settings)
        ]
