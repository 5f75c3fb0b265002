"""Calls, turns and tool calls."""

from __future__ import annotations

import asyncio

import pytest

from tests.data import new_call
from thunderbox.errors import DuplicateError
from thunderbox.store import calls, tool_calls, turns
from thunderbox.store.database import Database
from thunderbox.store.turns import NewTurn


async def add(db: Database, org_id: int, **fields: object) -> int:
    async with db.transaction() as tx:
        return await calls.insert(tx, new_call(org_id, **fields))


async def finish(db: Database, call_id: int, reason: str) -> bool:
    async with db.transaction() as tx:
        closed = await calls.finish(
            tx, call_id, status="completed", end_reason=reason, sip_status=200, ended_at=9_000
        )
        return closed is not None


async def test_a_call_begins_in_progress(db: Database, org_id: int):
    tools = [{"type": "function", "function": {"name": "book"}}]
    call_id = await add(db, org_id, tools=tools, is_test_call=True, variables={"name": "Jane"})
    call = await calls.get(db, org_id, call_id)
    assert (call.status, call.ended_at, call.end_reason) == ("in_progress", None, None)
    assert (call.tools, call.is_test_call, call.variables) == (tools, True, {"name": "Jane"})
    assert (call.billable_minutes, call.grade_score) == (None, None)


async def test_what_happens_to_a_call_is_kept(db: Database, org_id: int):
    call_id = await add(db, org_id)
    async with db.transaction() as tx:
        await calls.set_answered(tx, call_id, 2_000)
        await calls.set_recording(tx, call_id, "1.mp3", 2_001)
    assert await finish(db, call_id, "caller_hangup")
    call = await calls.get(db, org_id, call_id)
    assert (call.answered_at, call.recording_file, call.recording_started_at) == (
        2_000,
        "1.mp3",
        2_001,
    )
    assert (call.status, call.end_reason, call.sip_status, call.ended_at) == (
        "completed",
        "caller_hangup",
        200,
        9_000,
    )
    assert await calls.recording_file(db, call_id) == "1.mp3"


async def test_a_call_is_finished_once(db: Database, org_id: int):
    call_id = await add(db, org_id)
    won = await asyncio.gather(*(finish(db, call_id, f"reason {n}") for n in range(10)))
    assert sorted(won) == [False] * 9 + [True]
    assert (await calls.get(db, org_id, call_id)).end_reason == f"reason {won.index(True)}"


async def test_a_call_of_another_organization_is_not_there(db: Database, org_id: int):
    assert await calls.get(db, org_id + 1, await add(db, org_id)) is None


async def test_in_progress_lists_calls_that_have_not_ended(db: Database, org_id: int):
    first, second = await add(db, org_id), await add(db, org_id)
    await finish(db, first, "agent_end")
    assert [call.id for call in await calls.in_progress(db)] == [second]


async def test_latest_is_the_call_that_began_last(db: Database, org_id: int):
    assert await calls.latest(db) is None
    await add(db, org_id)
    last = await add(db, org_id)
    assert (await calls.latest(db)).id == last


async def test_an_idempotency_key_is_used_once_per_organization(db: Database, org_id: int):
    call_id = await add(db, org_id, idempotency_key="k", request_digest="d")
    found = await calls.by_idempotency_key(db, org_id, "k")
    assert (found.id, found.request_digest) == (call_id, "d")
    assert await calls.by_idempotency_key(db, org_id + 1, "k") is None
    with pytest.raises(DuplicateError):
        await add(db, org_id, idempotency_key="k")


async def test_turns_are_numbered_within_their_call(db: Database, org_id: int):
    first, second = await add(db, org_id), await add(db, org_id)
    async with db.transaction() as tx:
        seqs = [
            await turns.append(
                tx, call_id, NewTurn(role="user", content="Hi.", start_ms=0, end_ms=900)
            )
            for call_id in (first, first, second, first)
        ]
    assert seqs == [1, 2, 1, 3]


async def test_a_turn_comes_back_as_it_was_written(db: Database, org_id: int):
    call_id = await add(db, org_id)
    new = NewTurn(
        role="assistant",
        content="We open at",
        start_ms=100,
        end_ms=900,
        interrupted=True,
        interrupted_at_ms=900,
        unheard="nine.",
        latency_ms=412,
    )
    async with db.transaction() as tx:
        await turns.append(tx, call_id, new)
    [turn] = await turns.of_call(db, call_id)
    assert {name: getattr(turn, name) for name in NewTurn.__struct_fields__} == {
        name: getattr(new, name) for name in NewTurn.__struct_fields__
    }


async def test_tool_calls_begin_and_finish(db: Database, org_id: int):
    call_id = await add(db, org_id)
    async with db.transaction() as tx:
        await tool_calls.insert(
            tx, call_id, id="t1", name="book", arguments={"day": "Monday"}, started_at=1
        )
    [running] = await tool_calls.of_call(db, call_id)
    assert (running.arguments, running.finished_at) == ({"day": "Monday"}, None)
    async with db.transaction() as tx:
        await tool_calls.finish(
            tx, "t1", response="{}", error=None, status_code=201, latency_ms=12, finished_at=13
        )
    [done] = await tool_calls.of_call(db, call_id)
    assert (done.response, done.status_code, done.latency_ms, done.finished_at) == (
        "{}",
        201,
        12,
        13,
    )
