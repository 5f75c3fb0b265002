"""Supervisors of a running call: what they hear, and what they tell its agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.calls.conftest import Box
from tests.calls.test_switchboard import answered, finish, invitation, step
from tests.fakes.engines import WORD
from tests.fakes.seats import FakeRooms
from thunderbox.calls.supervision import Supervision
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import ConflictError, RoomError
from thunderbox.store import calls, turns
from thunderbox.voice.audience import Speaks
from thunderbox.voice.loopback import Loopback


class Scene:
    """A call that is answered, and who supervises it."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.line = Loopback("t")
        self.switchboard = Switchboard(box.surroundings)
        self.rooms = FakeRooms()
        self.supervision = Supervision(self.switchboard.call, self.rooms)
        self.ringing = asyncio.create_task(self.switchboard.ring(self.line.near, invitation("100")))

    async def ask(self) -> None:
        """The caller asks, and is answered."""
        self.line.far.play(WORD * 8)
        await step(self.line, 150)


@pytest.fixture
async def scene(box: Box) -> AsyncIterator[Scene]:
    """The scene; at the end the caller hangs up."""
    made = Scene(box)
    await answered(made.line)
    await step(made.line, 50)
    yield made
    await finish(made.line, made.ringing)


async def test_a_supervisor_hears_and_reads_both_sides(scene: Scene) -> None:
    ticket = await scene.supervision.listen(1, "ann@example.com")
    assert ticket == scene.rooms.seats[0].ticket
    await scene.ask()
    seat = scene.rooms.seats[0]
    assert any(any(tick.far) for tick in seat.ticks)
    assert any(any(tick.near) for tick in seat.ticks)
    finals = [(each.speaks, each.text) for each in seat.captions if each.final]
    assert finals == [(Speaks.CALLER, "Hello?"), (Speaks.AGENT, "Hello.")]


async def test_the_seat_ends_with_the_call(scene: Scene) -> None:
    await scene.supervision.listen(1, "ann@example.com")
    await finish(scene.line, scene.ringing)
    assert scene.rooms.seats[0].closed
    with pytest.raises(ConflictError, match="Call 1 is over"):
        await scene.supervision.listen(1, "ann@example.com")
    with pytest.raises(ConflictError, match="Call 1 is over"):
        scene.supervision.whisper(1, "Be kind.", "ann@example.com")


async def test_a_sixth_supervisor_is_refused_before_a_room_is_opened(scene: Scene) -> None:
    for _ in range(5):
        await scene.supervision.listen(1, "ann@example.com")
    with pytest.raises(ConflictError, match="5 supervisors"):
        await scene.supervision.listen(1, "bob@example.com")
    assert len(scene.rooms.seats) == 5


async def test_a_seat_whose_call_ended_meanwhile_is_closed(scene: Scene) -> None:
    rooms, seat = scene.rooms, scene.rooms.seat

    async def slow(name: str) -> object:
        given = await seat(name)
        await finish(scene.line, scene.ringing)
        return given

    rooms.seat = slow  # type: ignore[method-assign, assignment]
    with pytest.raises(ConflictError, match="over"):
        await scene.supervision.listen(1, "ann@example.com")
    assert rooms.seats[0].closed


async def test_a_room_that_cannot_be_had_is_said(scene: Scene) -> None:
    scene.rooms.full = True
    with pytest.raises(RoomError, match="There is no room left"):
        await scene.supervision.listen(1, "ann@example.com")


async def test_a_whisper_is_known_to_the_next_reply_and_to_nobody_else(scene: Scene) -> None:
    await scene.supervision.listen(1, "ann@example.com")
    scene.supervision.whisper(1, "Offer a discount of ten percent.", "ann@example.com")
    await scene.ask()
    told = scene.box.asked[-1][0]
    assert told["role"] == "system"
    assert told["content"].endswith("\n- Offer a discount of ten percent.")
    await finish(scene.line, scene.ringing)
    words = " ".join(turn.content for turn in await turns.of_call(scene.box.db, 1))
    assert "discount" not in words
    assert not any("discount" in each.text for each in scene.rooms.seats[0].captions)


async def test_what_was_whispered_is_read_before_it_is_needed(scene: Scene) -> None:
    scene.supervision.whisper(1, "Be brief.", "ann@example.com")
    await step(scene.line, 2)
    assert scene.box.read_ahead[-1][0]["content"].endswith("- Be brief.")
    assert len(scene.box.read_ahead[-1]) == 1


async def test_a_call_that_rings_cannot_be_followed(box: Box) -> None:
    switchboard = Switchboard(box.surroundings)
    supervision = Supervision(switchboard.call, FakeRooms())
    line = Loopback("t")
    ringing = asyncio.create_task(switchboard.ring(line.near, invitation("100")))
    while switchboard.call(1) is None:
        await asyncio.sleep(0)
    with pytest.raises(ConflictError, match="not been answered"):
        await supervision.listen(1, "ann@example.com")
    await answered(line)
    await finish(line, ringing)
    assert (await calls.latest(box.db)) is not None
