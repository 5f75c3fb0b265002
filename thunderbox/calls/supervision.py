"""Supervision: people of the organization who follow a running call, and whisper to its agent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from thunderbox.calls.gallery import Gallery
from thunderbox.calls.ports import Rooms, Ticket
from thunderbox.errors import ConflictError, LegError, RoomError

log = logging.getLogger(__name__)


class Supervised(Protocol):
    """A call in progress, as supervisors need it."""

    gallery: Gallery

    @property
    def talks(self) -> bool:
        """Whether the conversation goes on."""

    def whisper(self, text: str) -> None:
        """Tell the agent something that the caller does not hear."""


class Supervision:
    """Opens running calls to supervisors; nobody on the call notices."""

    def __init__(self, find: Callable[[int], Supervised | None], rooms: Rooms) -> None:
        """`find` knows every call in progress by its id."""
        self._find = find
        self._rooms = rooms

    async def listen(self, call_id: int, author: str) -> Ticket:
        """A hidden seat at a call, until it ends; `author` is for the log.

        Raises ConflictError when nobody talks or all seats are taken, RoomError.
        """
        call = self._talking(call_id)
        call.gallery.check_seats()
        try:
            seat = await self._rooms.seat(f"listen-{call_id}")
        except LegError as error:
            raise RoomError(str(error)) from error
        try:
            call.gallery.admit(seat)
        except ConflictError:
            await seat.close()
            raise
        log.info("Call %s: %s listens", call_id, author)
        return seat.ticket

    def whisper(self, call_id: int, text: str, author: str) -> None:
        """Tell the agent of a call something that the caller does not hear, for its next reply.

        Raises ConflictError when nobody talks.
        """
        self._talking(call_id).whisper(text)
        log.info("Call %s: %s whispers to the agent", call_id, author)

    def _talking(self, call_id: int) -> Supervised:
        call = self._find(call_id)
        if call is None:
            raise ConflictError(f"Call {call_id} is over.", code="call_over")
        if not call.talks:
            raise ConflictError(
                f"Call {call_id} has not been answered yet; ask again when it is in progress.",
                code="call_not_answered",
            )
        return call
