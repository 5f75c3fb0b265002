"""External rooms: browser calls by way of an existing LiveKit server.

For those who outgrow one box: the server carries the media of all visitors, and several boxes can
share it. Implements `calls.ports.Rooms`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from thunderbox.errors import LegError
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.external_room import ExternalRoom
from thunderbox.rtc.external_seat import ExternalSeat
from thunderbox.rtc.external_server import ExternalServer
from thunderbox.voice.tasks import Tasks

CLOSE_S = 4.0


def new_identity() -> str:
    """A name for a visitor, unique on the server."""
    return f"visitor-{secrets.token_hex(4)}"


def _unique(name: str) -> str:
    """A room for each supervisor of a call: they come and go by themselves."""
    return f"{name}-{secrets.token_hex(3)}"


class ExternalRooms:
    """Rooms on one LiveKit server."""

    def __init__(
        self,
        server: ExternalServer,
        *,
        join_s: float,
        rejoin_s: float,
        new_identity: Callable[[], str] = new_identity,
    ) -> None:
        """`join_s` is how long a visitor may take to come, `rejoin_s` to come back."""
        self._server = server
        self._join_s = join_s
        self._rejoin_s = rejoin_s
        self._new_identity = new_identity
        self._clock = MediaClock()
        self._tasks = Tasks("rooms on the LiveKit server")

    async def open(self, name: str, agent_name: str) -> ExternalRoom:
        """Make a room and join it. Raises LegError, with a sentence."""
        room = ExternalRoom(
            self._server,
            name,
            self._new_identity(),
            self._clock,
            join_s=self._join_s,
            rejoin_s=self._rejoin_s,
            spawn=self._tasks.spawn,
        )
        try:
            await room.open(agent_name)
        except LegError:
            await room.close()
            raise
        return room

    async def seat(self, name: str) -> ExternalSeat:
        """Make a room in which a supervisor hears both sides of a call. Raises LegError."""
        seat = ExternalSeat(
            self._server,
            _unique(name),
            self._new_identity(),
            rejoin_s=self._rejoin_s,
            spawn=self._tasks.spawn,
        )
        try:
            await seat.open()
        except LegError:
            await seat.close()
            raise
        return seat

    async def close(self) -> None:
        """Leave what is left, and the server."""
        await self._tasks.close(CLOSE_S)
        self._clock.close()
        await self._server.close()
