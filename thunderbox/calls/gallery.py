"""Gallery: everybody who follows one call, as one audience.

They come and go while the call runs, and whatever one of them does, the call does not notice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from thunderbox.calls.ports import Seat
from thunderbox.errors import ConflictError
from thunderbox.voice.audience import AgentState, Audience, Caption
from thunderbox.voice.leg import Tick

log = logging.getLogger(__name__)

SEATS = 5
"""Supervisors who may follow one call at a time."""
CLOSE_S = 3.0
"""How long the end of a call waits for a seat."""


class Gallery:
    """The audiences of one call; a voice.audience.Audience itself."""

    def __init__(self, name: str) -> None:
        """`name` is for the log."""
        self._name = name
        self._audiences: list[Audience] = []
        self._seats: list[Seat] = []
        self._state: AgentState | None = None
        self._closed = False

    def add(self, audience: Audience) -> None:
        """Let somebody follow the call from now on."""
        if self._closed:
            return
        self._audiences.append(audience)
        if (state := self._state) is not None:
            self._tell(audience, partial(audience.agent_state, state))

    def remove(self, audience: Audience) -> None:
        """Tell somebody nothing any more."""
        if audience in self._audiences:
            self._audiences.remove(audience)

    def check_seats(self) -> None:
        """Whether another supervisor may follow the call. Raises ConflictError."""
        for seat in [seat for seat in self._seats if seat.vacant]:
            self._seats.remove(seat)
            self.remove(seat)
        if self._closed:
            raise ConflictError("The call is over.", code="call_over")
        if len(self._seats) >= SEATS:
            raise ConflictError(
                f"{SEATS} supervisors follow this call already; ask again when one has left.",
                code="seats_taken",
            )

    def admit(self, seat: Seat) -> None:
        """Let a supervisor follow the call. Raises ConflictError."""
        self.check_seats()
        self._seats.append(seat)
        self.add(seat)

    async def close(self) -> None:
        """The call is over: send the supervisors away."""
        self._closed = True
        self._audiences.clear()
        seats, self._seats = self._seats, []
        await asyncio.gather(*map(self._send_away, seats))

    # ------------------------------------------------------------ voice.audience.Audience

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""
        for audience in tuple(self._audiences):
            self._tell(audience, partial(audience.sound, tick))

    def caption(self, caption: Caption) -> None:
        """Words of either party."""
        for audience in tuple(self._audiences):
            self._tell(audience, partial(audience.caption, caption))

    def agent_state(self, state: AgentState) -> None:
        """What the agent does."""
        self._state = state
        for audience in tuple(self._audiences):
            self._tell(audience, partial(audience.agent_state, state))

    async def _send_away(self, seat: Seat) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await seat.close()
        except Exception:
            log.exception("%s: a supervisor's seat could not be closed", self._name)

    def _tell(self, audience: Audience, tell: Callable[[], None]) -> None:
        """Whoever fails is told nothing more: it would fail fifty times a second."""
        try:
            tell()
        except Exception:
            log.exception("%s: one who followed the call failed, and does no more", self._name)
            self.remove(audience)
