"""/v1/calls."""

from __future__ import annotations

import pytest

from tests.api.conftest import Tenant, make_call
from thunderbox.store import calls, turns
from thunderbox.store.database import Database
from thunderbox.store.turns import NewTurn

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}
START = 1_777_000_000_000  # 2026-04-24T03:06:40Z
DAY = 86_400_000

NEUTRAL = {
    "agent_variant_id": None,
    "agent_variant_label": None,
    "billable_minutes": None,
    "billed_at": None,
    "billing_total_cents": None,
    "call_outcome": None,
    "cloud_run_execution_name": None,
    "collected_values": None,
    "consent_evidence": None,
    "critical_issue_count": 0,
    "extracted_data": None,
    "goal_achievement": None,
    "goal_reasoning": None,
    "grade_score": None,
    "grade_status": None,
    "grade_updated_at": None,
    "is_scenario_call": False,
    "is_simulation": False,
    "is_test_call": False,
    "issue_count": 0,
    "livekit_room_name": None,
    "livekit_room_sid": None,
    "locale": "en-US",
    "recording_policy": None,
    "recording_retention_notice": None,
    "steps_trace": None,
    "transfer_bridge_kind": None,
    "transfer_bridge_seconds": None,
    "transfer_bridge_total_cents": None,
    "transfer_destination": "",
    "transfer_outcome": None,
    "transfer_sip_status": None,
    "unresolved_variables": [],
    "variables": {},
    "from_number_label": None,
    "to_number_label": None,
}


async def finish(db: Database, call_id: int, answered: int | None, ended: int) -> None:
    async with db.transaction() as tx:
        if answered is not None:
            await calls.set_answered(tx, call_id, answered)
        await calls.finish(
            tx,
            call_id,
            status="completed" if answered else "failed",
            end_reason="caller_hangup" if answered else "busy",
            sip_status=200 if answered else 486,
            ended_at=ended,
        )


async def test_a_call_in_progress(client, db: Database, tenant: Tenant):
    call_id = await make_call(db, tenant.org_id, agent_id=12)
    call = (await client.get(f"/v1/calls/{call_id}")).json()
    assert {name: call[name] for name in NEUTRAL} == NEUTRAL
    assert {name: call[name] for name in call if name not in NEUTRAL} == {
        "call_id": call_id,
        "agent_id": 12,
        "direction": "inbound",
        "from_number": "+14155550100",
        "to_number": "+15550100",
        "start_time": "2026-04-24T03:06:40.000Z",
        "end_time": None,
        "duration_seconds": None,
        "status": "in_progress",
        "end_reason": None,
        "recording_url": None,
        "product": "spark",
        "voice": "en-US-James1",
        "prompt": "Be brief.",
        "prompt_snapshot": "Be brief.",
        "sip_status": None,
        "outbound_dial_state": None,
        "recording_mode": "disabled_by_config",
        "recording_started_at": None,
        "sip_answered_at": None,
        "thinking_level": "base",
        "tool_snapshot": [],
    }


async def test_a_call_that_has_ended(client, db: Database, tenant: Tenant):
    call_id = await make_call(db, tenant.org_id)
    await finish(db, call_id, START + 2_000, START + 56_400)
    call = (await client.get(f"/v1/calls/{call_id}")).json()
    assert (call["status"], call["end_reason"], call["sip_status"]) == (
        "completed",
        "caller_hangup",
        200,
    )
    assert (call["duration_seconds"], call["end_time"]) == (54, "2026-04-24T03:07:36.400Z")


@pytest.mark.parametrize(
    ("answered", "ended", "state"),
    [(None, None, "submitted"), (None, 5, "failed"), (2, None, "answered"), (2, 5, "answered")],
)
async def test_how_dialling_went(client, db, tenant, answered, ended, state):
    call_id = await make_call(db, tenant.org_id, direction="outbound")
    async with db.transaction() as tx:
        if answered:
            await calls.set_answered(tx, call_id, START + answered)
    if ended:
        await finish(db, call_id, answered and START + answered, START + ended)
    call = (await client.get(f"/v1/calls/{call_id}")).json()
    assert call["outbound_dial_state"] == state


async def test_a_call_that_nobody_answered_lasted_no_time(client, db, tenant):
    call_id = await make_call(db, tenant.org_id, direction="outbound")
    await finish(db, call_id, None, START + 30_000)
    assert (await client.get(f"/v1/calls/{call_id}")).json()["duration_seconds"] == 0


async def test_a_calls_tools_are_shown_without_headers(client, db, tenant):
    tool = {
        "type": "function",
        "function": {"name": "book"},
        "endpoint": {"url": "https://a.example", "headers": {"Authorization": "secret"}},
    }
    call_id = await make_call(db, tenant.org_id, tools=[tool])
    [shown] = (await client.get(f"/v1/calls/{call_id}")).json()["tool_snapshot"]
    assert shown == tool | {"endpoint": {"url": "https://a.example"}}


@pytest.mark.parametrize("direction", ["mic", "widget"])
async def test_the_sdk_sees_browser_calls_as_web(client, db, tenant, direction):
    call_id = await make_call(db, tenant.org_id, direction=direction)
    url = f"/v1/calls/{call_id}"
    assert (await client.get(url)).json()["direction"] == direction
    assert (await client.get(url, headers=SDK)).json()["direction"] == "web"
    listed = (await client.get("/v1/calls", headers=SDK)).json()["results"]
    assert listed[0]["direction"] == "web"


@pytest.fixture
async def five(db: Database, tenant: Tenant) -> None:
    """Calls 1 to 5, a day apart."""
    one = await make_call(db, tenant.org_id, agent_id=7)
    await finish(db, one, START + 1, START + 2)
    await make_call(
        db,
        tenant.org_id,
        direction="outbound",
        from_number="+15550100",
        to_number="+14155550199",
        started_at=START + DAY,
    )
    for number, direction in enumerate(("mic", "widget"), 2):
        await make_call(
            db,
            tenant.org_id,
            direction=direction,
            from_number="web",
            started_at=START + number * DAY,
        )
    await make_call(db, tenant.org_id, is_test_call=True, started_at=START + 4 * DAY)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("limit=2", [5, 4]),
        ("limit=2&offset=3", [2, 1]),
        ("limit=200&offset=10", []),
        ("agent_id=7", [1]),
        ("direction=outbound", [2]),
        ("direction=widget", [4]),
        ("direction=web", [4, 3]),
        ("direction=test", [5]),
        ("status=completed", [1]),
        ("status=in_progress", [5, 4, 3, 2]),
        ("from_number=web", [4, 3]),
        ("to_number=%2B15550100", [5, 4, 3, 1]),
        ("phone_number=%2B15550100", [5, 4, 3, 2, 1]),
        ("phone_number=%2B14155550199", [2]),
        ("exclude_test_calls=true", [4, 3, 2, 1]),
        ("exclude_test_calls=false", [5, 4, 3, 2, 1]),
        ("start_date=2026-04-26", [5, 4, 3]),
        ("end_date=2026-04-25", [2, 1]),
        ("end_date=2026-04-25T03:06:40Z", [2, 1]),
        ("end_date=2026-04-25T03:06:39Z", [1]),
        ("start_date=2026-04-25T05:06:40.001%2B02:00", [5, 4, 3]),
        ("start_date=2026-04-25T05:06:40+02:00", [5, 4, 3, 2]),
        ("start_date=2026-04-25&end_date=2026-04-26", [3, 2]),
        ("direction=&status=&agent_id=7", [1]),
    ],
)
async def test_filters_and_pages(client, five, query, expected):
    response = await client.get(f"/v1/calls?{query}")
    assert response.status_code == 200, response.text
    assert [call["call_id"] for call in response.json()["results"]] == expected


async def test_a_page_says_how_many_there_are(client, five):
    page = (await client.get("/v1/calls?limit=2&offset=1")).json()
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 1)
    assert (await client.get("/v1/calls")).json()["limit"] == 50


@pytest.fixture
async def spoken(db: Database, tenant: Tenant) -> int:
    """A call with one turn of each kind."""
    call_id = await make_call(db, tenant.org_id)
    said = [
        NewTurn(role="user", content="Book Monday.", start_ms=0, end_ms=900),
        NewTurn(
            role="tool_call",
            content='{"name":"book","arguments":{"day":"Monday"}}',
            start_ms=950,
            end_ms=950,
            tool_call_id="t1",
            tool_name="book",
        ),
        NewTurn(
            role="tool_response",
            content='{"status":"confirmed"}',
            start_ms=990,
            end_ms=990,
            tool_call_id="t1",
            tool_name="book",
        ),
        NewTurn(
            role="assistant",
            content="You are",
            start_ms=1_300,
            end_ms=2_000,
            interrupted=True,
            interrupted_at_ms=2_000,
            unheard="booked.",
            latency_ms=400,
        ),
    ]
    async with db.transaction() as tx:
        for turn in said:
            await turns.append(tx, call_id, turn)
    return call_id


async def test_the_transcript_holds_what_was_said_so_far(client, spoken):
    response = await client.get(f"/v1/calls/{spoken}/transcript?live=true")
    assert response.json() == {
        "call_id": spoken,
        "transcripts": [
            {
                "role": "user",
                "content_type": "text/plain",
                "content": "Book Monday.",
                "start_ms": 0,
                "end_ms": 900,
            },
            {
                "role": "tool_call",
                "content_type": "application/json",
                "content": {"name": "book", "arguments": {"day": "Monday"}},
                "start_ms": 950,
                "end_ms": 950,
            },
            {
                "role": "tool_response",
                "content_type": "application/json",
                "content": {"status": "confirmed"},
                "start_ms": 990,
                "end_ms": 990,
            },
            {
                "role": "assistant",
                "content_type": "text/plain",
                "content": "You are",
                "start_ms": 1_300,
                "end_ms": 2_000,
            },
        ],
    }


async def test_the_history_marks_interruptions(client, spoken):
    items = (await client.get(f"/v1/calls/{spoken}/history")).json()
    assert items[-1] == {
        "role": "assistant",
        "content": "You are",
        "start_ms": 1_300,
        "end_ms": 2_000,
        "interrupted": True,
        "interrupted_at_ms": 2_000,
        "unheard": "booked.",
        "tool_calls": [],
        "tool_call_id": None,
        "latency_ms": 400,
    }


async def test_the_history_joins_tool_calls_with_their_answers(client, spoken):
    items = (await client.get(f"/v1/calls/{spoken}/history")).json()
    assert items[1]["tool_calls"] == [{"id": "t1", "name": "book", "arguments": {"day": "Monday"}}]
    assert (items[2]["tool_call_id"], items[2]["content"]) == ("t1", {"status": "confirmed"})


async def test_a_tool_that_answered_with_plain_text(client, db, tenant):
    call_id = await make_call(db, tenant.org_id)
    async with db.transaction() as tx:
        turn = NewTurn(role="tool_response", content="It rains.", start_ms=0, end_ms=0)
        await turns.append(tx, call_id, turn)
    [row] = (await client.get(f"/v1/calls/{call_id}/transcript")).json()["transcripts"]
    assert (row["content_type"], row["content"]) == ("text/plain", "It rains.")
