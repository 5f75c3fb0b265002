"""GET /v1/calls/export and /v1/calls/party-numbers."""

from __future__ import annotations

import csv
import io

import pytest
from thunderphone.generated.models.call_export import CallExport
from thunderphone.generated.models.party_numbers import PartyNumbers

from tests.api.conftest import Tenant, make_call
from thunderbox.api import call_exports
from thunderbox.store import turns
from thunderbox.store.database import Database
from thunderbox.store.turns import NewTurn


@pytest.fixture
async def call_id(db: Database, tenant: Tenant) -> int:
    call_id = await make_call(db, tenant.org_id)
    async with db.transaction() as tx:
        turn = NewTurn(role="user", content="Hello?", start_ms=0, end_ms=900)
        await turns.append(tx, call_id, turn)
    return call_id


async def test_json_holds_each_call_with_its_transcript(client, call_id: int):
    answer = await client.get("/v1/calls/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    body = answer.json()
    assert (body["total"], body["truncated"]) == (1, False)
    assert body["calls"][0]["transcripts"][0]["content"] == "Hello?"
    single = (await client.get(f"/v1/calls/{call_id}")).json()
    assert {k: v for k, v in body["calls"][0].items() if k != "transcripts"} == single
    assert "x-truncated" not in answer.headers
    CallExport.from_dict(body)


async def test_no_calls_are_an_empty_export(client):
    body = {"calls": [], "total": 0, "truncated": False}
    assert (await client.get("/v1/calls/export?format=json")).json() == body
    text = (await client.get("/v1/calls/export?format=csv")).text
    assert text == ",".join(call_exports.COLUMNS) + "\r\n"


async def test_csv_holds_each_call_as_a_line(client, call_id: int):
    label = {"phone_number": "+14155550100", "label": 'Jane, "the" first'}
    await client.post("/v1/phone-number-labels", json=label)
    answer = await client.get("/v1/calls/export?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["call_id"], row["from_number"]) == (str(call_id), "+14155550100")
    assert (row["from_number_label"], row["is_test_call"]) == ('Jane, "the" first', "false")
    assert row["end_time"] == ""


@pytest.mark.parametrize("name", ["=1+1", "@sum", "-5", "+1+2", "\tx"])
async def test_a_caller_cannot_name_a_formula(client, db: Database, tenant: Tenant, name: str):
    await make_call(db, tenant.org_id, from_number=name)
    answer = await client.get("/v1/calls/export?format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert row["from_number"] == f"'{name}"


async def test_the_newest_thousand_are_exported(
    client, db: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(call_exports, "MAX_CALLS", 6)
    monkeypatch.setattr(call_exports, "PAGE", 2)
    ids = [await make_call(db, tenant.org_id, started_at=at) for at in range(9)]
    answer = await client.get("/v1/calls/export")
    body = answer.json()
    assert [call["call_id"] for call in body["calls"]] == ids[:2:-1]
    assert (body["total"], body["truncated"]) == (9, True)
    assert (answer.headers["x-truncated"], answer.headers["x-total-count"]) == ("true", "9")
    answer = await client.get("/v1/calls/export?format=csv")
    assert len(answer.text.splitlines()) == 7
    assert answer.headers["x-truncated"] == "true"


async def test_filters_are_those_of_the_list(client, db: Database, tenant: Tenant):
    await make_call(db, tenant.org_id, direction="outbound")
    mine = await make_call(db, tenant.org_id, from_number="+1999")
    for query in ("from_number=%2B1999", "phone_number=%2B1999", "direction=inbound"):
        body = (await client.get(f"/v1/calls/export?{query}")).json()
        assert [call["call_id"] for call in body["calls"]] == [mine]
    for query in ("direction=up", "format=xml", "start_date=soon", "agent_id=x"):
        answer = await client.get(f"/v1/calls/export?{query}")
        assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]])


async def test_test_calls_without_test_calls_are_none(client, db: Database, tenant: Tenant):
    await make_call(db, tenant.org_id, is_test_call=True)
    await make_call(db, tenant.org_id)
    body = (await client.get("/v1/calls?direction=test&exclude_test_calls=true")).json()
    assert body["total"] == 0


async def test_calls_of_others_are_not_exported(client, call_id: int, other: Tenant):
    body = (await client.get("/v1/calls/export", headers=other.headers)).json()
    assert body["calls"] == []


async def test_the_sdk_gets_its_directions(client, db: Database, tenant: Tenant):
    await make_call(db, tenant.org_id, direction="widget")
    headers = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}
    body = (await client.get("/v1/calls/export", headers=headers)).json()
    assert body["calls"][0]["direction"] == "web"


async def test_labels_are_in_lists_and_details(client, call_id: int):
    await client.post(
        "/v1/phone-number-labels", json={"phone_number": "+14155550100", "label": "Jane"}
    )
    for call in (
        (await client.get(f"/v1/calls/{call_id}")).json(),
        (await client.get("/v1/calls")).json()["results"][0],
    ):
        assert (call["from_number_label"], call["to_number_label"]) == ("Jane", None)


async def test_party_numbers_are_found_by_their_digits(
    client, db: Database, tenant: Tenant, other: Tenant
):
    await make_call(db, tenant.org_id, from_number="+14155550111", started_at=1)
    await make_call(db, tenant.org_id, from_number="+14155550122", started_at=2)
    await make_call(db, other.org_id, from_number="+14155550133")
    body = (await client.get("/v1/calls/party-numbers?q=(415) 555")).json()
    found = [number["number"] for number in body["numbers"]]
    assert found == ["+14155550122", "+14155550111"]
    assert body["numbers"][0]["last_call_at"] == "1970-01-01T00:00:00.002Z"
    PartyNumbers.from_dict(body)
    assert len((await client.get("/v1/calls/party-numbers?limit=1")).json()["numbers"]) == 1
    answer = await client.get("/v1/calls/party-numbers?limit=999")
    assert (answer.status_code, list(answer.json())) == (400, ["limit"])


async def test_a_live_transcript_is_the_transcript(client, call_id: int):
    body = (await client.get(f"/v1/calls/{call_id}/transcript?live=true")).json()
    assert body == (await client.get(f"/v1/calls/{call_id}/transcript")).json()
