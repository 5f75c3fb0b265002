"""Rooms whose visitors speak over a line in memory."""

from __future__ import annotations

import asyncio

from thunderbox.calls.ports import Seat, Ticket
from thunderbox.errors import LegError
from thunderbox.voice.audience import AgentState, Caption
from thunderbox.voice.leg import Tick
from thunderbox.voice.loopback import Loopback, LoopbackLeg


class FakeRoom:
    """A room; `line.far` is the visitor's end."""

    def __init__(self, name: str, agent_name: str) -> None:
        self.agent_name = agent_name
        self.ticket = Ticket(name, f"token of {name}")
        self.line = Loopback(name)
        self.captions: list[Caption] = []
        self.states: list[AgentState] = []

    @property
    def leg(self) -> LoopbackLeg:
        """The box's end."""
        return self.line.near

    def sound(self, tick: Tick) -> None:
        """Nobody listens."""

    def caption(self, caption: Caption) -> None:
        """Words of either party."""
        self.captions.append(caption)

    def agent_state(self, state: AgentState) -> None:
        """What the agent does."""
        self.states.append(state)


class FakeRooms:
    """Opens rooms; raises `broken`, and waits for `gate`."""

    def __init__(self) -> None:
        self.opened: list[FakeRoom] = []
        self.broken: LegError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def newest(self) -> FakeRoom:
        """The room that was opened last."""
        return self.opened[-1]

    async def open(self, name: str, agent_name: str) -> FakeRoom:
        """A room for one visitor."""
        await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        self.opened.append(FakeRoom(name, agent_name))
        return self.newest

    async def seat(self, name: str) -> Seat:
        """There are none."""
        raise LegError("There are no seats.")
