"""Issue reports: filed for a call, listed for all, and taken up."""

from __future__ import annotations

import uuid

import pytest
from thunderphone.generated.models.call_issue_report import CallIssueReport
from thunderphone.generated.models.issue_report_page import IssueReportPage

from tests.api.conftest import Tenant, make_call
from thunderbox.store.database import Database

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}


@pytest.fixture
async def call_id(db: Database, tenant: Tenant) -> int:
    return await make_call(db, tenant.org_id, agent_id=12)


async def file(client, call_id: int, **fields: object) -> dict:
    path = f"/v1/calls/{call_id}/issue-reports"
    answer = await client.post(path, json={"title": "Wrong price"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_report_is_open_and_counts_with_its_call(client, call_id: int):
    report = await file(client, call_id, severity="critical", failing_turn_index=3)
    assert (report["status"], report["source"], report["severity"]) == ("open", "user", "critical")
    assert (report["call_id"], report["agent_id"]) == (call_id, 12)
    assert isinstance(report["reported_by_id"], int)
    assert report["relevant_turn_indices"] == [3]
    CallIssueReport.from_dict(report)
    call = (await client.get(f"/v1/calls/{call_id}")).json()
    assert (call["issue_count"], call["critical_issue_count"]) == (1, 1)
    assert report["call_start_time"] == call["start_time"]


async def test_a_report_of_the_system_was_reported_by_nobody(client, call_id: int):
    report = await file(client, call_id, source="system", metadata={"by": "n8n"})
    assert (report["reported_by_id"], report["metadata"]) == (None, {"by": "n8n"})
    assert report["severity"] == "warning"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 256}, "title"),
        ({}, "title"),
        ({"title": "x", "severity": "bad"}, "severity"),
        ({"title": "x", "source": "robot"}, "source"),
        ({"title": "x", "timestamp_seconds": -1}, "timestamp_seconds"),
        ({"title": "x", "metadata": [1]}, "metadata"),
        ({"title": "x", "description": 5}, "description"),
    ],
)
async def test_a_wrong_report_names_its_field(client, call_id: int, body: dict, field: str):
    answer = await client.post(f"/v1/calls/{call_id}/issue-reports", json=body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


async def test_reports_of_a_call_are_listed_newest_first(client, call_id: int):
    ids = [(await file(client, call_id))["id"] for _ in range(3)]
    listed = (await client.get(f"/v1/calls/{call_id}/issue-reports")).json()
    assert [report["id"] for report in listed] == ids[::-1]
    for method in (client.get, lambda path: client.post(path, json={"title": "x"})):
        assert (await method("/v1/calls/999/issue-reports")).status_code == 404


async def test_the_feed_has_filters_and_pages(client, db: Database, tenant: Tenant, call_id: int):
    second = await make_call(db, tenant.org_id, agent_id=13)
    first = await file(client, call_id, severity="info")
    last = await file(client, second, severity="critical", source="system")
    await client.patch(f"/v1/issue-reports/{first['trace_id']}", json={"status": "resolved"})
    for query, expected in (
        ("", [last, first]),
        ("?severity=info", [first]),
        ("?status=open", [last]),
        ("?source=system", [last]),
        ("?agent_id=12", [first]),
        ("?agent_id=12&status=open", []),
        ("?limit=1", [last]),
        ("?limit=1&offset=1", [first]),
        ("?start_date=2001-01-01&end_date=2002-01-01", []),
        ("?start_date=2001-01-01", [last, first]),
    ):
        listed = (await client.get(f"/v1/issue-reports{query}")).json()
        assert [report["id"] for report in listed] == [report["id"] for report in expected], query
    for query in ("severity=bad", "status=new", "source=me", "start_date=soon", "limit=201"):
        answer = await client.get(f"/v1/issue-reports?{query}")
        assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]])


async def test_the_sdk_gets_a_page(client, call_id: int):
    await file(client, call_id)
    body = (await client.get("/v1/issue-reports", headers=SDK)).json()
    assert (body["total"], body["limit"], body["offset"]) == (1, 50, 0)
    IssueReportPage.from_dict(body)


async def test_a_dismissed_report_no_longer_counts(client, call_id: int):
    report = await file(client, call_id)
    path = f"/v1/issue-reports/{report['trace_id']}"
    changed = (await client.patch(path, json={"status": "dismissed"})).json()
    assert changed["status"] == "dismissed"
    assert changed["updated_at"] > report["updated_at"]
    assert (await client.get(f"/v1/calls/{call_id}")).json()["issue_count"] == 0
    await client.patch(path, json={"status": "acknowledged"})
    assert (await client.get(f"/v1/calls/{call_id}")).json()["issue_count"] == 1
    answer = await client.patch(path, json={"status": "gone"})
    assert (answer.status_code, list(answer.json())) == (400, ["status"])


async def test_several_are_changed_at_once_or_none(client, call_id: int, other: Tenant):
    ids = [(await file(client, call_id))["trace_id"] for _ in range(3)]
    body = {"trace_ids": ids, "status": "acknowledged"}
    answer = await client.patch("/v1/issue-reports", json=body)
    assert (answer.status_code, answer.json()) == (200, {"updated": 3})
    body = {"trace_ids": [*ids, str(uuid.uuid4())], "status": "resolved"}
    assert (await client.patch("/v1/issue-reports", json=body)).status_code == 404
    stranger = await client.patch(
        "/v1/issue-reports", json={"trace_ids": ids, "status": "resolved"}, headers=other.headers
    )
    assert stranger.status_code == 404
    listed = (await client.get("/v1/issue-reports")).json()
    assert {report["status"] for report in listed} == {"acknowledged"}
    for wrong in ({"status": "open"}, {"trace_ids": ["x"], "status": "open"}, {"trace_ids": ids}):
        assert (await client.patch("/v1/issue-reports", json=wrong)).status_code == 400


async def test_reports_of_others_are_not_there(client, call_id: int, other: Tenant):
    await file(client, call_id)
    assert (await client.get("/v1/issue-reports", headers=other.headers)).json() == []
