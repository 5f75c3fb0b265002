"""Inbound calls: who answers, who is turned down, and what is written about it."""

from __future__ import annotations

import asyncio

import pytest

from tests.calls.conftest import Box
from tests.calls.test_billing import set_balance
from thunderbox.calls.meter import Meter
from thunderbox.calls.ports import Invitation
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import LegError
from thunderbox.store import calls, ledger, phone_numbers, turns
from thunderbox.voice.leg import SILENCE, EndCause, Ended, Tick
from thunderbox.voice.loopback import Loopback


def invitation(called: str) -> Invitation:
    """A call from a phone in the office."""
    return Invitation(called=called, caller="200", source="127.0.0.1:5062")


async def step(line: Loopback, times: int) -> None:
    """Move the line, and let everybody work."""
    for _ in range(times):
        line.step()
        for _ in range(12):
            await asyncio.sleep(0)


async def next_tick(line: Loopback) -> Tick:
    """Move the line; what the caller's end hears."""
    await step(line, 1)
    tick = await line.far.tick()
    assert tick is not None
    return tick


async def finish(line: Loopback, ringing: asyncio.Task[None]) -> None:
    """The caller hangs up and the call is closed."""
    await line.far.hang_up()
    await asyncio.wait_for(ringing, 10)


async def answered(line: Loopback) -> None:
    """Wait until the box has picked up and speaks."""
    async with asyncio.timeout(10):
        while not (line.near.answered and line.near.queued):
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("called", ["101", "reception", "+15550199"])
async def test_a_number_of_somebody_else_is_404(box: Box, called: str) -> None:
    line = Loopback("t")
    await Switchboard(box.surroundings).ring(line.near, invitation(called))
    assert line.near.refusal == (404, "No such number on this box")


async def test_a_number_without_an_agent_is_480(box: Box) -> None:
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE phone_numbers SET inbound_agent_id = NULL")
    line = Loopback("t")
    await Switchboard(box.surroundings).ring(line.near, invitation("100"))
    assert line.near.refusal == (480, "No agent is assigned to this number")


async def test_a_number_whose_credit_is_used_up_is_402_before_it_rings(box: Box) -> None:
    await set_balance(box, 0)
    line = Loopback("t")
    await Switchboard(box.surroundings).ring(line.near, invitation("100"))
    assert line.near.refusal == (402, "The balance of this number is used up")
    assert not line.near.answered
    assert await calls.latest(box.db) is None


async def test_a_call_whose_credit_is_used_up_says_so_and_ends(box: Box) -> None:
    await set_balance(box, 8)
    line, switchboard = Loopback("t"), Switchboard(box.surroundings)
    meter = Meter(box.billing, box.clock, switchboard.readings, switchboard.end_unpaid)
    ringing = asyncio.create_task(switchboard.ring(line.near, invitation("100")))
    await answered(line)
    box.clock.ms += 55_000
    await meter.check()
    async with asyncio.timeout(10):
        while not ringing.done():
            await step(line, 1)
    call = await calls.latest(box.db)
    assert call is not None
    assert (call.status, call.end_reason) == ("completed", "insufficient_balance")
    assert call.billing_total_cents == 8
    assert await ledger.balance(box.db, 1) == 0
    said = [turn.content for turn in await turns.of_call(box.db, call.id)]
    assert said[-1] == "I am sorry, the credit for this call is used up. Goodbye!"
    assert switchboard.readings() == []


async def test_a_refused_call_leaves_no_row(box: Box) -> None:
    line = Loopback("t")
    await Switchboard(box.surroundings).ring(line.near, invitation("101"))
    assert await calls.latest(box.db) is None


async def test_the_row_is_there_before_the_call_is_answered(box: Box) -> None:
    line = Loopback("t")
    seen: list[calls.Call | None] = []

    async def answer() -> None:
        seen.append(await calls.latest(box.db))

    line.near.answer = answer  # type: ignore[method-assign]
    ringing = asyncio.create_task(Switchboard(box.surroundings).ring(line.near, invitation("100")))
    async with asyncio.timeout(10):
        while not seen:
            await asyncio.sleep(0.001)
    assert seen[0] is not None
    assert (seen[0].status, seen[0].direction) == ("in_progress", "inbound")
    assert (seen[0].from_number, seen[0].to_number) == ("200", "+15550100")
    await finish(line, ringing)


async def test_a_caller_who_gives_up_before_the_answer_is_a_failed_call(box: Box) -> None:
    line = Loopback("t")

    async def answer() -> None:
        line.near.events.put_nowait(Ended(EndCause.CANCELLED, 487))

    line.near.answer = answer  # type: ignore[method-assign]
    await Switchboard(box.surroundings).ring(line.near, invitation("100"))
    call = await calls.latest(box.db)
    assert call is not None
    assert (call.status, call.end_reason, call.sip_status) == ("failed", "cancelled", 487)


async def test_a_call_whose_media_never_comes_fails(box: Box) -> None:
    line = Loopback("t")

    async def answer() -> None:
        raise LegError("no media")

    line.near.answer = answer  # type: ignore[method-assign]
    await Switchboard(box.surroundings).ring(line.near, invitation("100"))
    call = await calls.latest(box.db)
    assert call is not None
    assert (call.status, call.end_reason) == ("failed", "media_lost")


async def test_a_call_ends_with_its_turns_and_its_recording(box: Box) -> None:
    line = Loopback("t")
    switchboard = Switchboard(box.surroundings)
    ringing = asyncio.create_task(switchboard.ring(line.near, invitation("100")))
    await answered(line)
    assert switchboard.running == 1
    await step(line, 50)
    await finish(line, ringing)
    call = await calls.latest(box.db)
    assert call is not None
    assert (call.status, call.end_reason) == ("completed", "caller_hangup")
    assert [turn.content for turn in await turns.of_call(box.db, call.id)] == ["Hello."]
    assert call.recording_file is not None
    assert (box.recordings / call.recording_file).stat().st_size > 1000
    assert switchboard.running == 0


async def test_an_agent_with_a_background_is_never_quite_silent(box: Box) -> None:
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE agents SET background_track = 'OFFICE'")
    line = Loopback("t")
    ringing = asyncio.create_task(Switchboard(box.surroundings).ring(line.near, invitation("100")))
    async with asyncio.timeout(20):
        while not line.near.answered:
            await asyncio.sleep(0.001)
    async with asyncio.timeout(20):
        while (tick := await next_tick(line)).far == SILENCE:
            pass
    for _ in range(200):
        tick = await next_tick(line)
    assert tick.far != SILENCE
    await finish(line, ringing)


async def test_a_box_that_goes_down_says_goodbye_and_refuses_new_calls(box: Box) -> None:
    line, late = Loopback("t"), Loopback("late")
    switchboard = Switchboard(box.surroundings)
    ringing = asyncio.create_task(switchboard.ring(line.near, invitation("100")))
    await answered(line)
    await step(line, 20)
    closing = asyncio.create_task(switchboard.close(5.0))
    await step(line, 300)
    await asyncio.wait_for(asyncio.gather(closing, ringing), 10)
    await switchboard.ring(late.near, invitation("100"))
    call = await calls.latest(box.db)
    assert call is not None
    assert call.end_reason == "shutdown"
    assert late.near.refusal == (503, "This box is shutting down")


async def test_a_released_number_is_not_answered(box: Box) -> None:
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE phone_numbers SET status = 'released'")
    assert await phone_numbers.by_number(box.db, "+15550100") is None
    line = Loopback("t")
    await Switchboard(box.surroundings).ring(line.near, invitation("100"))
    assert line.near.refusal == (404, "No such number on this box")
