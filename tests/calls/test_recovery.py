"""Calls that a crash left in progress."""

from __future__ import annotations

from tests.calls.conftest import Box
from tests.calls.test_recording import decode, record
from tests.data import new_call
from thunderbox.calls.recovery import close_interrupted
from thunderbox.store import calls, turns


async def left_over(box: Box) -> int:
    """A call in progress with one turn and a recording that was never closed."""
    path = await record(box.recordings, 4, close=False)
    async with box.db.transaction() as tx:
        begun_at = box.clock.now_ms() - 60_000
        new = new_call(1, agent_id=1, phone_number_id=1, started_at=begun_at)
        call_id = await calls.insert(tx, new)
        await calls.set_recording(tx, call_id, path.name, begun_at)
        await turns.append(
            tx, call_id, turns.NewTurn(role="user", content="Hi.", start_ms=100, end_ms=900)
        )
    return call_id


async def test_it_is_closed_as_failed_and_interrupted(box: Box) -> None:
    call_id = await left_over(box)
    assert await close_interrupted(box.db, box.recordings, box.clock, box.surroundings.closing) == 1
    call = await calls.get(box.db, 1, call_id)
    assert call is not None
    assert (call.status, call.end_reason) == ("failed", "interrupted")
    assert call.ended_at is not None
    assert call.ended_at <= box.clock.now_ms()


async def test_its_turns_are_still_there(box: Box) -> None:
    call_id = await left_over(box)
    await close_interrupted(box.db, box.recordings, box.clock, box.surroundings.closing)
    assert [turn.content for turn in await turns.of_call(box.db, call_id)] == ["Hi."]


async def test_its_recording_plays(box: Box) -> None:
    call_id = await left_over(box)
    await close_interrupted(box.db, box.recordings, box.clock, box.surroundings.closing)
    call = await calls.get(box.db, 1, call_id)
    assert call is not None
    assert call.recording_file is not None
    assert decode(box.recordings / call.recording_file).shape[1] > 0


async def test_finished_calls_are_left_alone(box: Box) -> None:
    await left_over(box)
    await close_interrupted(box.db, box.recordings, box.clock, box.surroundings.closing)
    assert await close_interrupted(box.db, box.recordings, box.clock, box.surroundings.closing) == 0
