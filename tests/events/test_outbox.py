"""What is written when something happens, for whom, and what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.events.conftest import Office
from thunderbox.events import outbox
from thunderbox.store import (
    agents,
    calls,
    grades,
    issue_reports,
    organization_webhooks,
    simulations,
    turns,
    webhook_deliveries,
)
from thunderbox.store.agents import NewAgent
from thunderbox.store.grades import Result
from thunderbox.store.issue_reports import NewIssueReport
from thunderbox.store.simulations import NewSimulation
from thunderbox.store.turns import NewTurn

LEGACY = "https://legacy.example/all"


async def _end(office: Office, call_id: int, reason: str = "caller_hangup") -> None:
    async with office.db.transaction() as tx:
        await calls.set_answered(tx, call_id, 1_777_000_002_000)
        await calls.finish(
            tx,
            call_id,
            status="completed",
            end_reason=reason,
            sip_status=None,
            ended_at=1_777_000_032_400,
        )
        await outbox.call_ended(tx, call_id)


async def _data(office: Office) -> dict[str, Any]:
    delivery = await office.one()
    return dict(json.loads(await webhook_deliveries.data_of(office.db, delivery.event_id)))


async def test_a_call_that_ends_says_everything_of_it(office: Office):
    await office.endpoint(events=["telephony.complete"])
    call_id = await office.call()
    async with office.db.transaction() as tx:
        await calls.set_recording(tx, call_id, "1.mp3", 1_777_000_002_000)
        await turns.append(
            tx, call_id, NewTurn(role="user", content="Hi", start_ms=2000, end_ms=2500)
        )
        asked = '{"name":"look_up","arguments":{"id":7}}'
        await turns.append(
            tx, call_id, NewTurn(role="tool_call", content=asked, start_ms=2600, end_ms=2600)
        )
    await _end(office, call_id)
    assert await _data(office) == {
        "call_id": call_id,
        "direction": "inbound",
        "from_number": "+14155550100",
        "to_number": "+15550100",
        "start_time": "2026-04-24T03:06:40.000Z",
        "end_time": "2026-04-24T03:07:12.400Z",
        "duration_seconds": 30,
        "status": "completed",
        "end_reason": "caller_hangup",
        "product": "spark",
        "voice": "en-US-James1",
        "transfer_number": None,
        "recording_url": f"/v1/recordings/{call_id}.mp3",
        "billable_minutes": None,
        "billing_total_cents": None,
        "transcripts": [
            {
                "role": "user",
                "content_type": "text/plain",
                "content": "Hi",
                "start_ms": 2000,
                "end_ms": 2500,
            },
            {
                "role": "tool_call",
                "content_type": "application/json",
                "content": {"name": "look_up", "arguments": {"id": 7}},
                "start_ms": 2600,
                "end_ms": 2600,
            },
        ],
        "agent_id": None,
        "agent_name": None,
        "is_test_call": False,
        "variables": {},
    }


@pytest.mark.parametrize(
    ("direction", "name", "legacy"),
    [
        ("inbound", "telephony.complete", "call.complete"),
        ("outbound", "telephony.complete", "call.complete"),
        ("widget", "web.complete", "call.complete"),
        ("mic", "web.complete", "call.complete"),
    ],
)
async def test_each_way_of_delivery_has_its_names(
    office: Office, direction: str, name: str, legacy: str
):
    await office.endpoint()
    async with office.db.transaction() as tx:
        await organization_webhooks.put(tx, office.org_id, LEGACY)
    await _end(office, await office.call(direction=direction))
    named = {found.endpoint_id is None: found.event_type for found in await office.log()}
    assert named == {False: name, True: legacy}


async def test_both_ways_tell_of_the_same_event(office: Office):
    await office.endpoint()
    async with office.db.transaction() as tx:
        await organization_webhooks.put(tx, office.org_id, LEGACY)
    await _end(office, await office.call())
    assert len({found.event_id for found in await office.log()}) == 1


async def test_where_nobody_listens_nothing_is_written(office: Office):
    await office.endpoint(events=["call.graded"])
    await office.endpoint(status="disabled")
    await _end(office, await office.call())
    assert await office.log() == []
    assert await office.db.fetch_all("SELECT 1 FROM webhook_events") == []


async def test_an_event_that_is_rolled_back_tells_nobody(office: Office):
    await office.endpoint()
    call_id = await office.call()
    with pytest.raises(ZeroDivisionError):
        async with office.db.transaction() as tx:
            await outbox.call_ended(tx, call_id)
            raise ZeroDivisionError
    assert await office.log() == []
    assert office.receivers.sent == []


async def test_an_endpoint_of_one_agent_hears_of_its_calls_alone(office: Office):
    async with office.db.transaction() as tx:
        new = NewAgent(name="Front desk", prompt="Be brief.", voice="en-US-James1")
        agent = await agents.insert(tx, office.org_id, new, "me")
    await office.endpoint(agent_id=agent.id)
    await _end(office, await office.call())
    assert await office.log() == []
    await _end(office, await office.call(agent_id=agent.id))
    assert (await office.one()).agent_id == agent.id
    data = await _data(office)
    assert (data["agent_id"], data["agent_name"]) == (agent.id, "Front desk")


async def test_another_organization_hears_nothing(office: Office):
    await office.endpoint()
    row = await office.db.fetch_one("SELECT max(id) FROM organizations")
    assert row is not None
    async with office.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO organizations (name, created_at, updated_at) VALUES ('B', 0, 0)"
        )
    await _end(office, await office.call(org_id=int(row[0]) + 1))
    assert await office.log() == []


async def _say(office: Office, role: turns.TurnRole = "user") -> None:
    call_id = await office.call()
    async with office.db.transaction() as tx:
        turn = NewTurn(role=role, content="Hello?", start_ms=10, end_ms=900)
        seq = await turns.append(tx, call_id, turn)
        await outbox.turn_ended(tx, call_id, seq, turn)


async def test_turns_are_told_to_who_asks_for_them(office: Office):
    endpoint = await office.endpoint(events=["telephony.turn"])
    await office.endpoint("https://everything.example/")
    async with office.db.transaction() as tx:
        await organization_webhooks.put(tx, office.org_id, LEGACY)
    await _say(office)
    await _say(office, "tool_call")
    assert (await office.one()).endpoint_id == endpoint.id
    data = await _data(office)
    assert (data["role"], data["content"], data["turn_index"]) == ("user", "Hello?", 0)


@pytest.mark.parametrize(
    ("response", "told"), [('{"open":true}', {"open": True}), ("We are open", "We are open")]
)
async def test_a_tool_that_was_used(office: Office, response: str, told: object):
    await office.endpoint(events=["telephony.tool"])
    call_id = await office.call()
    async with office.db.transaction() as tx:
        await outbox.tool_used(
            tx,
            call_id,
            "hours",
            {"day": "Monday"},
            response=response,
            error=None,
            status_code=200,
            latency_ms=41,
        )
    assert await _data(office) == {
        "call_id": call_id,
        "tool_name": "hours",
        "arguments": {"day": "Monday"},
        "response": told,
        "error": None,
        "status_code": 200,
        "latency_ms": 41,
    }


async def test_a_caller_who_was_handed_on(office: Office):
    await office.endpoint(events=["call.transfer_completed"])
    call_id = await office.call()
    async with office.db.transaction() as tx:
        await calls.set_transfer(tx, call_id, "+15550199", reached=True)
        await outbox.transferred(tx, call_id)
    data = await _data(office)
    assert (data["transfer_number"], data["transfer_outcome"]) == ("+15550199", "refer_accepted")
    await _end(office, call_id, "transfer")


async def test_a_call_that_was_handed_on_says_to_whom(office: Office):
    await office.endpoint(events=["telephony.complete"])
    call_id = await office.call()
    async with office.db.transaction() as tx:
        await calls.set_transfer(tx, call_id, "+15550199", reached=True)
    await _end(office, call_id, "transfer")
    assert (await _data(office))["transfer_number"] == "+15550199"


async def test_a_grade(office: Office):
    await office.endpoint(events=["call.graded"])
    call_id = await office.call()
    async with office.db.transaction() as tx:
        asked = await grades.request(tx, office.org_id, call_id)
        made = await grades.finish(tx, asked.id, Result(score=0.92, call_outcome="success"))
        assert made is not None
        await outbox.graded(tx, made)
    data = await _data(office)
    assert data["call_id"] == call_id
    grade = data["grade"]
    assert (grade["score"], grade["score_100"]) == (0.92, 92)
    assert (grade["call_outcome"], grade["call_id"]) == ("success", call_id)
    assert data["report"] == {"outcome_label": "success"}


async def test_an_issue_report(office: Office):
    await office.endpoint(events=["issue.reported"])
    call = await calls.by_id(office.db, await office.call())
    assert call is not None
    async with office.db.transaction() as tx:
        report = await issue_reports.insert(tx, call, NewIssueReport(title="Wrong price"))
        await outbox.reported(tx, report)
    data = await _data(office)
    assert data.pop("issue_report") == data
    assert (data["call_id"], data["title"], data["trace_id"]) == (
        call.id,
        "Wrong price",
        report.trace_id,
    )


async def test_a_test_call(office: Office):
    await office.endpoint(events=["test-call.completed"])
    async with office.db.transaction() as tx:
        run_id = await simulations.insert(
            tx,
            office.org_id,
            NewSimulation(
                batch_id=None,
                target_type="agent",
                target_id=1,
                target_name="Front desk",
                agent_name="Front desk",
                direction="outbound",
                target_number="",
                scenario_prompt="",
                language=None,
                estimated_cost_cents=16,
                requested_by_id=None,
                due_at=0,
                mode="bot",
            ),
        )
        await simulations.finish(tx, run_id, "Insufficient balance.")
        await outbox.tested(tx, office.org_id, run_id)
    data = await _data(office)
    assert (data["run_id"], data["id"], data["status"]) == (run_id, run_id, "failed")
    assert data["error_message"] == "Insufficient balance."
