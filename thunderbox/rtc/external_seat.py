"""External seat: from where a supervisor follows a call, in a room of a LiveKit server."""

from __future__ import annotations

import asyncio
import logging

from livekit import rtc

from thunderbox.calls.ports import Ticket
from thunderbox.errors import LegError
from thunderbox.rtc.external_connection import ExternalConnection
from thunderbox.rtc.external_server import TOKEN_S, ExternalServer
from thunderbox.rtc.messages import AGENT
from thunderbox.rtc.mixing import mixed
from thunderbox.voice.audience import AgentState, Caption
from thunderbox.voice.leg import Tick
from thunderbox.voice.tasks import Spawn

log = logging.getLogger(__name__)


class ExternalSeat:
    """One supervisor's. Implements `calls.ports.Seat`."""

    def __init__(
        self, server: ExternalServer, name: str, supervisor: str, *, rejoin_s: float, spawn: Spawn
    ) -> None:
        """`rejoin_s` is how long a supervisor may take to come back.

        `spawn` starts the leaving of a room that nobody listens in any more.
        """
        self.ticket = Ticket(name, server.supervisor_token(name, supervisor), server.url)
        self._server = server
        self._supervisor = supervisor
        self._rejoin_s = rejoin_s
        self._connection = ExternalConnection(name)
        self._spawn = spawn
        self._closing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wait(TOKEN_S)

    @property
    def vacant(self) -> bool:
        """Whether the supervisor has left, or never came."""
        return self._closing is not None

    async def open(self) -> None:
        """Make the room and join it. Raises LegError, with a sentence."""
        name = self.ticket.room_name
        await self._server.create(name)
        room = self._connection.room
        room.on("participant_connected", self._came)
        room.on("participant_disconnected", self._left)
        await self._connection.open(self._server.url, self._server.agent_token(name, AGENT, ""))

    async def close(self) -> None:
        """Send the supervisor away."""
        await asyncio.shield(self._leave())

    def _leave(self) -> asyncio.Task[None]:
        self._stop_waiting()
        if self._closing is None:
            self._closing = self._spawn(self._close())
        return self._closing

    async def _close(self) -> None:
        await self._connection.close()
        try:
            await self._server.delete(self.ticket.room_name)
        except LegError as error:
            log.warning("%s: its room stays until it is empty. %s", self.ticket.room_name, error)

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""
        self._connection.send(mixed(tick))

    def caption(self, caption: Caption) -> None:
        """A supervisor listens."""

    def agent_state(self, state: AgentState) -> None:
        """A supervisor listens."""

    def _came(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._supervisor:
            self._stop_waiting()

    def _left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._supervisor:
            self._wait(self._rejoin_s)

    def _wait(self, seconds: float) -> None:
        """The place is given up when nobody has come until then."""
        self._stop_waiting()
        if self._closing is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._leave)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
