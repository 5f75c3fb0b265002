"""/v1/calls/{call_id}/grade."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from thunderphone.generated.models.call_grade import CallGrade

from tests.api.conftest import Tenant, make_call
from thunderbox.api import grades as grades_api
from thunderbox.store import calls, turns
from thunderbox.store.database import Database
from thunderbox.store.turns import NewTurn

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}


@pytest.fixture
async def call_id(db: Database, tenant: Tenant) -> int:
    """A call that has ended, in which somebody asked something."""
    call_id = await make_call(db, tenant.org_id)
    async with db.transaction() as tx:
        for role, text in (("user", "What does it cost?"), ("assistant", "80 dollars.")):
            turn = NewTurn(role=role, content=text, start_ms=0, end_ms=900)
            await turns.append(tx, call_id, turn)
        await calls.finish(
            tx, call_id, status="completed", end_reason="x", sip_status=None, ended_at=1
        )
    return call_id


@pytest.fixture
async def grading(app) -> AsyncIterator[None]:
    """The grader at work."""
    app.state.parts.grader.start()
    yield
    await app.state.parts.grader.close()


async def test_a_grade_is_made_once(client, grading, call_id: int):
    path = f"/v1/calls/{call_id}/grade"
    assert (await client.get(path)).status_code == 404
    made = await client.post(path)
    assert made.status_code == 201
    grade = made.json()
    assert (grade["status"], grade["score"], grade["score_100"]) == ("completed", 0.94, 94)
    assert grade["call_outcome"] == "success"
    again = await client.post(path)
    assert (again.status_code, again.json()) == (200, grade)
    assert (await client.get(path)).json() == grade
    assert (await client.get(f"/v1/calls/{call_id}")).json()["grade_score"] == 0.94
    CallGrade.from_dict(grade)


async def made_before(db: Database, seconds: int) -> None:
    """All grades are so old."""
    async with db.transaction() as tx:
        await tx.execute("UPDATE grades SET created_at = created_at - ?", (seconds * 1000,))


async def test_force_makes_another_after_fifteen_minutes(client, db, grading, call_id: int):
    path = f"/v1/calls/{call_id}/grade"
    first = (await client.post(path)).json()
    await made_before(db, 800)
    early = await client.post(f"{path}?force=true")
    assert (early.status_code, list(early.json())) == (429, ["detail"])
    assert 90 < int(early.headers["retry-after"]) <= 100
    await made_before(db, 100)
    second = await client.post(f"{path}?force=true")
    assert second.status_code == 201
    assert second.json()["id"] > first["id"]


async def test_the_sdk_counts_to_a_hundred(client, grading, call_id: int):
    await client.post(f"/v1/calls/{call_id}/grade")
    grade = (await client.get(f"/v1/calls/{call_id}/grade", headers=SDK)).json()
    assert grade["score"] == 94
    CallGrade.from_dict(grade)


async def test_a_grade_that_failed_is_tried_again(client, db, outside, grading, call_id: int):
    good = outside.judged
    outside.judged = lambda _: "no verdict"
    made = (await client.post(f"/v1/calls/{call_id}/grade")).json()
    assert made["status"] == "failed"
    assert "cannot grade" in made["error_message"]
    CallGrade.from_dict(made)
    outside.judged = good
    early = await client.post(f"/v1/calls/{call_id}/grade")
    assert (early.status_code, early.json()) == (200, made)
    await made_before(db, 91)
    assert (await client.post(f"/v1/calls/{call_id}/grade")).status_code == 201


async def test_what_takes_long_is_answered_as_pending(
    client, call_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(grades_api, "WAIT_S", 0.01)
    made = await client.post(f"/v1/calls/{call_id}/grade")
    assert (made.status_code, made.json()["status"]) == (201, "pending")
    again = await client.post(f"/v1/calls/{call_id}/grade?force=true")
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])


async def test_a_call_in_progress_is_not_graded(client, db: Database, tenant: Tenant):
    running = await make_call(db, tenant.org_id)
    answer = await client.post(f"/v1/calls/{running}/grade")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


async def test_calls_that_are_not_there_are_404(client, call_id: int, other: Tenant):
    for path, headers in ((f"/v1/calls/{call_id}/grade", other.headers), ("/v1/calls/9/grade", {})):
        assert (await client.get(path, headers=headers)).status_code == 404
        assert (await client.post(path, headers=headers)).status_code == 404
