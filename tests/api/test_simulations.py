"""/v1/test-calls, /v1/test-call-batches and /v1/simulations."""

from __future__ import annotations

import dataclasses

import pytest

from tests.api.conftest import make_call
from thunderbox.calls.billing import Billing
from thunderbox.calls.ports import SystemClock
from thunderbox.settings import BillingSettings, Settings
from thunderbox.store import calls, simulations, turns

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}


@pytest.fixture
def order(agent) -> dict:
    return {"target_type": "agent", "target_id": agent["id"], "consent_to_charge": True}


async def test_a_test_call_is_ordered(client, agent, order, outside):
    response = await client.post("/v1/test-calls", json=order)
    assert response.status_code == 201
    run = response.json()
    assert run.pop("created_at") == run.pop("updated_at")
    assert run == {
        "id": run["id"],
        "target_type": "agent",
        "target_id": agent["id"],
        "direction": "outbound",
        "target_number": "",
        "scenario_prompt": "",
        "mode": "bot",
        "status": "queued",
        "charge_multiplier": 2,
        "estimated_cost_cents": 16,
        "call_id": None,
        "sip_call_id": None,
        "error_message": "",
        "started_at": None,
        "completed_at": None,
        "batch_id": None,
        "agent_name": "Front desk",
        "duration_seconds": None,
        "grade": None,
        "verdict": None,
        "verdict_reason": "",
        "metadata": {},
        "recording_url": None,
        "requested_by_id": 1,
        "target_name": "Front desk",
        "transcript": [],
    }
    assert outside.woken == 1


async def test_the_sdk_knows_only_200(client, order):
    assert (await client.post("/v1/test-calls", json=order, headers=SDK)).status_code == 200


async def test_simulations_are_the_same(client, order):
    run = (await client.post("/v1/simulations", json=order)).json()
    assert (await client.get("/v1/test-calls")).json() == [run]
    assert (await client.get("/v1/simulations")).json() == [run]
    assert (await client.get(f"/v1/simulations/{run['id']}")).json() == run
    batch = (await client.post("/v1/simulations/batches", json=order)).json()
    assert (await client.get("/v1/simulations/batches")).json() == [batch]
    url = f"/{batch['id']}"
    assert (await client.get(f"/v1/simulations/batches{url}")).json() == batch
    assert (await client.get(f"/v1/test-call-batches{url}")).json() == batch


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target_type", "person"),
        ("target_id", "x"),
        ("consent_to_charge", False),
        ("consent_to_charge", "yes"),
        ("direction", "up"),
        ("mode", "fax"),
        ("scenario_prompt", "x" * 4001),
        ("primary_language", "?"),
    ],
)
async def test_wrong_fields_are_named(client, order, field, value):
    response = await client.post("/v1/test-calls", json=order | {field: value})
    assert (response.status_code, list(response.json())) == (400, [field])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_count", 0),
        ("run_count", 21),
        ("stagger_seconds", 61),
        ("scenario_prompts", "x"),
        ("scenario_prompts", ["x"] * 21),
        ("name", "x" * 256),
        ("consent_to_charge", False),
    ],
)
async def test_wrong_fields_of_a_batch_are_named(client, order, field, value):
    response = await client.post("/v1/test-call-batches", json=order | {field: value})
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_what_is_required_is_missed(client):
    for url in ("/v1/test-calls", "/v1/test-call-batches"):
        response = await client.post(url, json={})
        assert (response.status_code, sorted(response.json())) == (
            400,
            ["consent_to_charge", "target_id", "target_type"],
        )


async def test_a_target_of_others_is_404(client, order, other):
    for url in ("/v1/test-calls", "/v1/test-call-batches"):
        response = await client.post(url, json=order, headers=other.headers)
        assert (response.status_code, list(response.json())) == (404, ["detail"])


async def test_a_number_needs_an_agent_for_the_direction(client, agent):
    number = (await client.post("/v1/phone-numbers")).json()
    body = {"target_type": "phone_number", "target_id": number["id"], "consent_to_charge": True}
    assert (await client.post("/v1/test-calls", json=body)).status_code == 404
    url = f"/v1/phone-numbers/{number['id']}"
    await client.patch(url, json={"inbound_agent_id": agent["id"]})
    made = await client.post("/v1/test-calls", json=body)
    assert (made.status_code, made.json()["target_name"]) == (201, number["number"])
    answered = await client.post("/v1/test-calls", json=body | {"direction": "inbound"})
    assert answered.status_code == 404


async def test_without_credit_nothing_is_ordered(app, client, order, db):
    poor = Settings(billing=BillingSettings(starting_credit_cents=0))
    billing = Billing(db, poor, SystemClock())
    app.state.parts = dataclasses.replace(app.state.parts, billing=billing)
    for url in ("/v1/test-calls", "/v1/test-call-batches"):
        response = await client.post(url, json=order)
        assert (response.status_code, list(response.json())) == (402, ["detail"])
    assert (await client.get("/v1/test-calls")).json() == []


async def test_runs_are_filtered_and_paged(client, order, agent):
    made = [(await client.post("/v1/test-calls", json=order)).json()["id"] for _ in range(3)]

    async def listed(**query) -> list[int]:
        found = (await client.get("/v1/test-calls", params=query)).json()
        return [run["id"] for run in found]

    assert await listed() == made[::-1]
    assert await listed(limit=1, offset=1) == [made[1]]
    assert await listed(agent_id=agent["id"], target_type="agent") == made[::-1]
    assert await listed(agent_id=agent["id"] + 1) == []
    assert await listed(status="queued") == made[::-1]
    assert await listed(status="completed") == []
    assert await listed(target_type="phone_number") == []


@pytest.mark.parametrize("query", ["status=done", "target_type=x", "limit=201", "agent_id=0"])
async def test_wrong_filters_are_named(client, query):
    response = await client.get(f"/v1/test-calls?{query}")
    assert (response.status_code, list(response.json())) == (400, [query.partition("=")[0]])


async def test_a_finished_run_shows_its_call(client, db, tenant, order):
    run = (await client.post("/v1/test-calls", json=order)).json()
    call_id = await make_call(db, tenant.org_id, is_test_call=True)
    async with db.transaction() as tx:
        await simulations.begin(tx, run["id"])
        await simulations.set_call(tx, run["id"], call_id)
        await calls.set_answered(tx, call_id, 1_777_000_000_000)
        await turns.append(
            tx, call_id, turns.NewTurn(role="user", content="Hi.", start_ms=0, end_ms=400)
        )
        await tx.execute(
            "UPDATE calls SET ended_at = 1777000009000, grade_status = 'completed', "
            "grade_score = 0.8, call_outcome = 'success' WHERE id = ?",
            (call_id,),
        )
        await simulations.finish(tx, run["id"], "")
    [shown] = (await client.get("/v1/test-calls")).json()
    assert (shown["status"], shown["call_id"], shown["duration_seconds"]) == (
        "completed",
        call_id,
        9,
    )
    assert shown["started_at"] <= shown["completed_at"]
    assert [entry["content"] for entry in shown["transcript"]] == ["Hi."]
    assert shown["grade"] == {"status": "completed", "score": 0.8, "call_outcome": "success"}
    [newer] = (await client.get("/v1/test-calls", headers=SDK)).json()
    assert newer["grade"]["score"] == 80


async def test_a_batch_staggers_its_runs_and_takes_scenarios_in_turn(client, db, order):
    body = order | {
        "run_count": 3,
        "stagger_seconds": 10,
        "scenario_prompts": ["First.", "Second."],
        "name": "Nightly",
    }
    response = await client.post("/v1/test-call-batches", json=body)
    assert response.status_code == 201
    batch = response.json()
    assert (batch["status"], batch["run_count"], batch["total_runs"]) == ("in_progress", 3, 3)
    assert (batch["estimated_cost_cents"], batch["estimated_minutes"]) == (48, 3)
    rows = await db.fetch_all("SELECT id, due_at, scenario_prompt FROM simulations ORDER BY id")
    assert batch["run_ids"] == [row["id"] for row in rows]
    assert [row["due_at"] - rows[0]["due_at"] for row in rows] == [0, 10_000, 20_000]
    assert [row["scenario_prompt"] for row in rows] == ["First.", "Second.", "First."]


@pytest.mark.parametrize(
    ("errors", "status", "message"),
    [(["", "x"], "completed", ""), (["x", "y"], "failed", "Every run failed.")],
)
async def test_a_batch_is_over_when_its_runs_are(client, db, order, errors, status, message):
    batch = (await client.post("/v1/test-call-batches", json=order | {"run_count": 2})).json()
    for run_id, error in zip(batch["run_ids"], errors, strict=True):
        async with db.transaction() as tx:
            await simulations.begin(tx, run_id)
            await simulations.finish(tx, run_id, error)
    url = f"/v1/test-call-batches/{batch['id']}"
    over = (await client.get(url)).json()
    assert (over["status"], over["error_message"]) == (status, message)
    assert over["completed_runs"] + over["failed_runs"] == 2
    assert over["completed_at"] is not None
