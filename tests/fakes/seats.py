"""Rooms that only give seats, and seats that remember."""

from __future__ import annotations

from tests.fakes.audience import FakeAudience
from thunderbox.calls.ports import Room, Ticket
from thunderbox.errors import LegError


class FakeSeat(FakeAudience):
    """Remembers what it is told, and whether it was closed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.ticket = Ticket(room_name=name, token=f"token of {name}")
        self.vacant = False
        self.closed = False

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


class FakeRooms:
    """Gives a seat to everybody who asks, unless `full`."""

    def __init__(self) -> None:
        self.seats: list[FakeSeat] = []
        self.full = False

    async def open(self, name: str, agent_name: str) -> Room:
        """No rooms for visitors here."""
        raise LegError("There are seats only.")

    async def seat(self, name: str) -> FakeSeat:
        """The next seat."""
        if self.full:
            raise LegError("There is no room left.")
        self.seats.append(FakeSeat(f"{name}-{len(self.seats) + 1}"))
        return self.seats[-1]
