"""What webhooks were sent, how it went, and sending it again."""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.api.conftest import Outside, Tenant, make_call
from tests.api.test_webhooks import DELIVERIES, ENDPOINTS, HOOK
from thunderbox.outgoing.client import Answer
from thunderbox.store import webhook_questions
from thunderbox.store.database import Database
from thunderbox.store.webhook_questions import Asked, NewQuestion


@pytest.fixture
async def endpoint(client: httpx.AsyncClient) -> dict:
    return (await client.post(ENDPOINTS, json=HOOK)).json()


class Hook:
    """A receiver that answers with `status`; what it got."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.got: list[bytes] = []

    async def send(self, method: str, url: object, **sent: object) -> Answer:
        self.got.append(sent["body"])  # type: ignore[arg-type]
        return Answer(self.status, {}, b"", False, 0.0)


@pytest.fixture
def hook(outside: Outside) -> Hook:
    found = Hook()
    outside.http = found  # type: ignore[assignment]
    return found


@pytest.fixture
async def log(client: httpx.AsyncClient, db: Database, tenant: Tenant) -> list[dict]:
    """Three reports that were told, the newest first."""
    await client.post(ENDPOINTS, json=HOOK)
    await client.put("/v1/webhook", json={"url": "https://example.com/all"})
    call_id = await make_call(db, tenant.org_id)
    for title in ("one", "two", "three"):
        path = f"/v1/calls/{call_id}/issue-reports"
        assert (await client.post(path, json={"title": title})).status_code == 201
    listed = (await client.get(DELIVERIES)).json()
    assert listed | {"results": []} == {
        "results": [],
        "limit": 50,
        "has_more": False,
        "next_cursor": None,
    }
    return listed["results"]


async def test_a_test_is_sent_at_once(hook: Hook, client, endpoint):
    url = f"{ENDPOINTS}/{endpoint['id']}/test"
    tested = await client.post(url)
    event_id = tested.json().pop("event_id")
    assert (tested.status_code, tested.json()) == (
        200,
        {
            "event_id": event_id,
            "event_type": "webhook.test",
            "success": True,
            "status": "delivered",
            "response_code": 200,
            "error": "",
        },
    )
    assert event_id in hook.got[0].decode()


async def test_a_test_that_fails_says_why(hook: Hook, client, endpoint):
    hook.status = 404
    url = f"{ENDPOINTS}/{endpoint['id']}/test"
    tested = (await client.post(url, json={"event_type": "call.graded"})).json()
    assert (tested["success"], tested["status"], tested["response_code"]) == (
        False,
        "retrying",
        404,
    )
    assert tested["error"] == "It answered with the status 404."
    (logged,) = (await client.get(DELIVERIES)).json()["results"]
    assert (logged["event_type"], logged["attempt_count"]) == ("call.graded", 1)
    refused = await client.post(url, json={"event_type": "call.complete"})
    assert (refused.status_code, list(refused.json())) == (400, ["event_type"])


async def test_the_log_shows_what_each_receiver_is_sent(log):
    assert [(one["source"], one["event_type"]) for one in log[:2]] == [
        ("legacy", "issue.reported"),
        ("endpoint", "issue.reported"),
    ]
    assert [one["endpoint_label"] for one in log[:2]] == ["Single webhook", "CRM"]
    assert len(log) == 6 and len({one["event_id"] for one in log}) == 3
    assert log[0]["endpoint_id"] == "" and log[0]["status"] == "retrying"


async def test_the_log_comes_in_pages(client, log):
    found, cursor = [], None
    for _ in range(3):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(DELIVERIES, params=params)).json()
        found += page["results"]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
    assert found == log and cursor is None
    refused = await client.get(DELIVERIES, params={"cursor": "4711"})
    assert (refused.status_code, list(refused.json())) == (400, ["cursor"])


async def test_the_log_is_filtered(client, log):
    async def count(**params: object) -> int:
        return len((await client.get(DELIVERIES, params=params)).json()["results"])

    assert await count(endpoint_id=log[1]["endpoint_id"]) == 3
    assert await count(event_type="issue.reported") == 6
    assert await count(event_type="call.graded") == 0
    assert await count(status="retrying", since="2026-01-01T00:00:00+00:00") == 6
    assert await count(status="failed") == 0
    assert await count(agent_id=4711) == 0
    assert await count(since="2100-01-01") == 0
    assert (await client.get(DELIVERIES, params={"status": "lost"})).status_code == 400


async def test_a_delivery_shows_every_try(hook: Hook, client, endpoint):
    await client.post(f"{ENDPOINTS}/{endpoint['id']}/test")
    (listed,) = (await client.get(DELIVERIES)).json()["results"]
    whole = (await client.get(f"{DELIVERIES}/{listed['id']}")).json()
    (tried,) = whole.pop("attempts")
    assert (tried["number"], tried["http_status"], tried["error"]) == (1, 200, "")
    assert whole.pop("data") == {} and whole == listed


async def test_what_failed_is_replayed(client, db: Database, log):
    await client.put("/v1/webhook", json={"url": ""})
    failed = (await client.get(DELIVERIES, params={"status": "failed"})).json()["results"]
    assert [one["error"] for one in failed] == ["The webhook was taken away."] * 3
    replayed = await client.post(f"{DELIVERIES}/replay", json={"since": "2100-01-01"})
    assert replayed.json() == {"replayed": 0}
    body = {"since": failed[-1]["created_at"], "endpoint_id": log[1]["endpoint_id"]}
    assert (await client.post(f"{DELIVERIES}/replay", json=body)).json() == {"replayed": 0}
    assert (await client.post(f"{DELIVERIES}/{failed[0]['id']}/replay")).json()["status"] == (
        "retrying"
    )
    del body["endpoint_id"]
    assert (await client.post(f"{DELIVERIES}/replay", json=body)).json() == {"replayed": 2}
    body["endpoint_id"] = "nonsense"
    assert (await client.post(f"{DELIVERIES}/replay", json=body)).status_code == 404


async def test_deleting_an_endpoint_deletes_its_log(client, log):
    await client.delete(f"{ENDPOINTS}/{log[1]['endpoint_id']}")
    left = (await client.get(DELIVERIES)).json()["results"]
    assert {one["source"] for one in left} == {"legacy"} and len(left) == 3


async def test_a_question_before_a_call_is_in_the_log_and_is_not_asked_again(
    client, db: Database, tenant: Tenant
):
    asked = Asked(
        receiver="number:1",
        endpoint_id=None,
        event_type="call.incoming",
        url="https://example.com/hook",
        at=2,
        duration_ms=2_000,
        http_status=None,
        failure_category="timeout",
        error="It did not answer within 2 s.",
    )
    new = NewQuestion(
        event_id=str(uuid.uuid4()),
        org_id=tenant.org_id,
        call_id=7,
        agent_id=None,
        data='{"call_id":7}',
        created_at=1,
    )
    async with db.transaction() as tx:
        await webhook_questions.insert(tx, new, [asked])
    [found] = (await client.get(DELIVERIES)).json()["results"]
    assert (found["endpoint_label"], found["status"]) == ("Webhook of a number", "failed")
    again = await client.post(f"{DELIVERIES}/{found['id']}/replay")
    assert again.status_code == 409, again.text
    whole = (await client.get(f"{DELIVERIES}/{found['id']}")).json()
    assert whole["data"] == {"call_id": 7}
    assert [one["duration_ms"] for one in whole["attempts"]] == [2_000]
