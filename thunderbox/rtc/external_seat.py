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

log = logging.getLogger(__name__)


class ExternalSeat:
    """One supervisor's. Implements `calls.ports.Seat`."""

    def __init__(
        self, server: ExternalServer, name: str, supervisor: str, *, rejoin_s: float
    ) -> None:
        """`rejoin_s` is how long a supervisor may take to come back."""
        self.ticket = Ticket(name, server.supervisor_token(name, supervisor), server.url)
        self._server = server
        self._supervisor = supervisor
        self._rejoin_s = rejoin_s
        self._connection = ExternalConnection(name)
        self._vacant_at = asyncio.get_running_loop().time() + TOKEN_S

    @property
    def vacant(self) -> bool:
        """Whether the supervisor has left, or never came."""
        return asyncio.get_running_loop().time() >= self._vacant_at

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
            self._vacant_at = float("inf")

    def _left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._supervisor:
            self._vacant_at = asyncio.get_running_loop().time() + self._rejoin_s
