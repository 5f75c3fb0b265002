"""Test calls: a simulated caller and an agent on a line in memory, with engines as told."""

from __future__ import annotations

import asyncio

import pytest

from tests.calls.conftest import Box
from tests.fakes.engines import FakeModel
from thunderbox.calls import simulations as desk
from thunderbox.calls.ports import Destination, Invitation
from thunderbox.calls.simulated_caller import (
    GOODBYE,
    HANG_UP,
    MAX_LINES,
    CallerModel,
    lines_of,
)
from thunderbox.calls.simulations import Simulations
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import LegError
from thunderbox.store import calls, simulations
from thunderbox.store.simulations import NewSimulation, Simulation
from thunderbox.voice.leg import Leg
from thunderbox.voice.loopback import Loopback


class OwnPhone:
    """A phone that calls itself: what it dials rings at the switchboard."""

    def __init__(self, switchboard: Switchboard, *, busy: bool = False) -> None:
        self._switchboard = switchboard
        self._busy = busy
        self.tasks: list[asyncio.Task[None]] = []

    async def dial(self, destination: Destination, ring_timeout: float) -> Leg:
        """Both ends of a line in memory."""
        if self._busy:
            raise LegError("All lines are busy.")
        line = Loopback("own")
        called = destination.to.removeprefix("sip:").partition("@")[0]
        ring = Invitation(called=called, caller=destination.caller, source="127.0.0.1:5060")
        self.tasks.append(asyncio.create_task(self._switchboard.ring(line.far, ring)))
        self.tasks.append(asyncio.create_task(line.run()))
        return line.near


def desk_of(box: Box, *, busy: bool = False) -> Simulations:
    """What works off the queue."""
    switchboard = Switchboard(box.surroundings)
    return Simulations(box.surroundings, switchboard, OwnPhone(switchboard, busy=busy))


async def queue(box: Box, **changes: object) -> int:
    """A run of the agent that a fresh box has."""
    fields: dict[str, object] = {
        "target_type": "agent",
        "target_id": 1,
        "target_name": "Reception",
        "agent_name": "Reception",
        "direction": "outbound",
        "target_number": "",
        "scenario_prompt": "- Bye.",
        "language": None,
        "estimated_cost_cents": 16,
        "requested_by_id": None,
        "due_at": 0,
    }
    async with box.db.transaction() as tx:
        return await simulations.insert(tx, 1, NewSimulation(**fields | changes))  # type: ignore[arg-type]


async def finished(box: Box, run_id: int) -> Simulation:
    """A run, once it is over."""
    async with asyncio.timeout(20):
        while (run := await simulations.get(box.db, 1, run_id)) is None or run.status in (
            "queued",
            "in_progress",
        ):
            await asyncio.sleep(0.01)
    return run


@pytest.mark.parametrize("mode", ["bot", "sip"])
@pytest.mark.parametrize(
    ("direction", "of_call"), [("outbound", "inbound"), ("inbound", "outbound")]
)
async def test_a_test_call_is_talked_through(
    box: Box, direction: str, of_call: str, mode: str
) -> None:
    run_id = await queue(box, direction=direction, mode=mode)
    worker = desk_of(box)
    await worker.start()
    try:
        run = await finished(box, run_id)
    finally:
        await worker.close()
    assert (run.status, run.error_message) == ("completed", "")
    call = await calls.latest(box.db)
    assert call is not None
    assert (call.id, call.direction, call.is_test_call) == (run.call_id, of_call, True)
    assert (call.status, call.end_reason) == ("completed", "caller_hangup")
    assert "simulator" in (call.from_number, call.to_number)


async def test_a_run_waits_until_it_is_due(box: Box) -> None:
    run_id = await queue(box, due_at=box.clock.ms + 60_000)
    worker = desk_of(box)
    await worker.start()
    for _ in range(20):
        await asyncio.sleep(0)
    run = await simulations.get(box.db, 1, run_id)
    assert run is not None
    assert run.status == "queued"
    box.clock.ms += 60_000
    worker.wake()
    assert (await finished(box, run_id)).status == "completed"
    await worker.close()


async def test_a_run_that_was_cut_off_is_failed_at_the_next_start(box: Box) -> None:
    run_id = await queue(box)
    async with box.db.transaction() as tx:
        await simulations.begin(tx, run_id)
    worker = desk_of(box)
    await worker.start()
    run = await finished(box, run_id)
    await worker.close()
    assert (run.status, run.error_message) == ("failed", desk.RESTARTED)


async def test_a_run_without_its_target_fails(box: Box) -> None:
    run_id = await queue(box, target_id=99)
    worker = desk_of(box)
    await worker.start()
    run = await finished(box, run_id)
    await worker.close()
    assert (run.status, run.call_id) == ("failed", None)
    assert run.error_message == "The target, or its agent, is no longer there."


async def test_a_phone_without_a_free_line_fails_the_run_and_its_call(box: Box) -> None:
    run_id = await queue(box, mode="sip")
    worker = desk_of(box, busy=True)
    await worker.start()
    run = await finished(box, run_id)
    await worker.close()
    assert (run.status, run.error_message) == ("failed", "All lines are busy.")
    call = await calls.latest(box.db)
    assert call is not None
    assert (call.id, call.status, call.end_reason) == (run.call_id, "failed", "error")


async def test_stopping_the_box_fails_the_run(box: Box) -> None:
    run_id = await queue(box, scenario_prompt="- One.\n- Two.\n- Three.")
    worker = desk_of(box)
    await worker.start()
    async with asyncio.timeout(10):
        while (run := await simulations.get(box.db, 1, run_id)) is None or run.call_id is None:
            await asyncio.sleep(0.01)
    await worker.close()
    run = await finished(box, run_id)
    assert (run.status, run.error_message) == ("failed", desk.RESTARTED)


@pytest.mark.parametrize(
    ("scenario", "lines"),
    [
        ("", ["Hello, what can you help me with?", "Thank you, goodbye."]),
        ("You want a pizza.", []),
        ("- Hi.\n\n  - Bye.  ", ["Hi.", "Bye."]),
        ("- Hi.\nThen say bye.", []),
        ("\n".join(["- More."] * 30), ["More."] * MAX_LINES),
    ],
)
def test_a_scenario_is_lines_or_a_role(scenario: str, lines: list[str]) -> None:
    assert lines_of(scenario) == lines


async def said(model: CallerModel, before: int) -> str:
    """What a caller says who has spoken so many times."""
    messages = [{"role": "assistant", "content": "x"}] * before
    return "".join([piece async for piece in model.generate("c", messages)])


async def test_lines_are_said_in_order_and_the_last_one_hangs_up() -> None:
    model = CallerModel(FakeModel(lambda _: "no"), ["One.", "Two."])
    assert await said(model, 0) == "One."
    assert await said(model, 1) == "Two." + HANG_UP
    assert await said(model, 2) == GOODBYE + HANG_UP


async def test_a_role_ends_with_goodbye_or_after_enough() -> None:
    answers = iter(["I want a pizza.", "Goodbye."])
    model = CallerModel(FakeModel(lambda _: next(answers)), [])
    assert await said(model, 0) == "I want a pizza."
    assert await said(model, 1) == "Goodbye." + HANG_UP
    assert await said(model, MAX_LINES) == GOODBYE + HANG_UP
