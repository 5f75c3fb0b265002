"""Webhook endpoints and the single webhook of an organization."""

from __future__ import annotations

import uuid
from dataclasses import replace

import httpx
import msgspec
import pytest

from tests.api.conftest import Outside, Tenant, make_call, make_tenant
from thunderbox.outgoing.client import Answer
from thunderbox.store import organization_webhooks, webhook_endpoints, webhook_questions
from thunderbox.store.database import Database
from thunderbox.store.rows import now_ms
from thunderbox.store.webhook_questions import Asked, NewQuestion

ENDPOINTS = "/v1/developer/webhook-endpoints"
DELIVERIES = "/v1/developer/webhook-deliveries"
HOOK = {"label": "CRM", "url": "https://example.com/hook"}
PATIENCE = 86_400_000


@pytest.fixture
async def endpoint(client: httpx.AsyncClient) -> dict:
    made = await client.post(ENDPOINTS, json=HOOK | {"events": ["telephony.complete"]})
    assert made.status_code == 201, made.text
    return made.json()


async def test_the_secret_is_shown_when_it_is_made(client, endpoint):
    assert endpoint["secret"].startswith("whsec_") and len(endpoint["secret"]) == 48
    assert endpoint["secret_hint"] == f"whsec_…{endpoint['secret'][-6:]}"
    listed = (await client.get(ENDPOINTS)).json()
    read = (await client.get(f"{ENDPOINTS}/{endpoint['id']}")).json()
    assert listed == [read]
    assert read == {key: value for key, value in endpoint.items() if key != "secret"}
    assert read["events"] == ["telephony.complete"] and read["status"] == "active"


async def test_endpoints_are_listed_newest_first(client, endpoint):
    second = (await client.post(ENDPOINTS, json=HOOK)).json()
    assert [found["id"] for found in (await client.get(ENDPOINTS)).json()] == [
        second["id"],
        endpoint["id"],
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://example.com"}, "label"),
        (HOOK | {"label": "  "}, "label"),
        (HOOK | {"label": "x" * 121}, "label"),
        ({"label": "CRM"}, "url"),
        (HOOK | {"url": "http://example.com"}, "url"),
        (HOOK | {"url": "ftp://example.com"}, "url"),
        (HOOK | {"url": "https:///hook"}, "url"),
        (HOOK | {"events": ["call.complete"]}, "events"),
        (HOOK | {"events": ["telephony.complete", "call.incoming"]}, "events"),
        (HOOK | {"status": "paused"}, "status"),
        (HOOK | {"agent_id": 4711}, "agent_id"),
    ],
)
async def test_what_is_refused(client, body: dict, field: str):
    refused = await client.post(ENDPOINTS, json=body)
    assert (refused.status_code, list(refused.json())) == (400, [field])


@pytest.mark.parametrize(
    "url", ["http://localhost:5678/hook", "http://127.0.0.1/", "http://[::1]/"]
)
async def test_http_is_allowed_on_this_machine(client, url: str):
    assert (await client.post(ENDPOINTS, json=HOOK | {"url": url})).status_code == 201


async def test_an_event_that_is_named_twice_is_kept_once(client):
    made = await client.post(ENDPOINTS, json=HOOK | {"events": ["call.graded", "call.graded"]})
    assert made.json()["events"] == ["call.graded"]


async def test_a_patch_changes_what_it_names(client, endpoint, agent):
    url = f"{ENDPOINTS}/{endpoint['id']}"
    changed = (await client.patch(url, json={"agent_id": agent["id"], "status": "disabled"})).json()
    assert (changed["agent_id"], changed["agent_name"]) == (agent["id"], agent["name"])
    assert (changed["status"], changed["label"]) == ("disabled", "CRM")
    assert changed["events"] == ["telephony.complete"]


async def test_deleting_twice_is_404(client, endpoint):
    url = f"{ENDPOINTS}/{endpoint['id']}"
    assert (await client.delete(url)).status_code == 204
    assert (await client.delete(url)).status_code == 404
    assert (await client.get(url)).status_code == 404
    assert (await client.delete(f"{ENDPOINTS}/nonsense")).status_code == 404
    assert (await client.delete(f"{ENDPOINTS}/{uuid.uuid4()}")).status_code == 404


async def test_members_see_no_webhooks(client, db: Database):
    member = await make_tenant(db, "Small", "member")
    for path in (ENDPOINTS, DELIVERIES, "/v1/webhook"):
        assert (await client.get(path, headers=member.headers)).status_code == 403


async def test_only_the_box_says_that_an_endpoint_is_failing(client, endpoint):
    url = f"{ENDPOINTS}/{endpoint['id']}"
    made = await client.post(ENDPOINTS, json=HOOK | {"status": "failing"})
    assert made.json()["status"] == "active"
    assert (await client.patch(url, json={"status": "failing"})).json()["status"] == "active"


async def test_a_failing_endpoint_heals_when_something_arrives(client, db: Database, endpoint):
    url, now = f"{ENDPOINTS}/{endpoint['id']}", now_ms()
    async with db.transaction() as tx:
        note = webhook_endpoints.note_failure
        assert not await note(tx, endpoint["id"], now, PATIENCE)
        assert not await note(tx, endpoint["id"], now + PATIENCE - 1, PATIENCE)
        assert await note(tx, endpoint["id"], now + PATIENCE, PATIENCE)
        assert not await note(tx, endpoint["id"], now + PATIENCE + 1, PATIENCE)
    failing = (await client.get(url)).json()
    assert failing["status"] == "failing" and failing["failing_since"] is not None
    async with db.transaction() as tx:
        await webhook_endpoints.note_success(tx, endpoint["id"])
    healed = (await client.get(url)).json()
    assert (healed["status"], healed["failing_since"]) == ("active", None)


async def test_making_it_active_takes_back_that_it_is_failing(client, db: Database, endpoint):
    async with db.transaction() as tx:
        await webhook_endpoints.note_failure(tx, endpoint["id"], now_ms(), 0)
    url = f"{ENDPOINTS}/{endpoint['id']}"
    assert (await client.get(url)).json()["status"] == "failing"
    assert (await client.patch(url, json={"label": "ERP"})).json()["status"] == "failing"
    healed = (await client.patch(url, json={"status": "active"})).json()
    assert (healed["status"], healed["failing_since"]) == ("active", None)


async def test_a_rotated_secret_signs_beside_the_old_one(client, db: Database, endpoint, tenant):
    url = f"{ENDPOINTS}/{endpoint['id']}/rotate-secret"
    rotated = (await client.post(url, json={"overlap_hours": 2})).json()
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["previous_secret_expires_at"] is not None
    stored = await webhook_endpoints.get(db, tenant.org_id, endpoint["id"])
    assert stored is not None and stored.previous_secret_until is not None
    until = stored.previous_secret_until
    assert stored.signing_secrets(until - 1) == (rotated["secret"], endpoint["secret"])
    assert stored.signing_secrets(until) == (rotated["secret"],)


async def test_a_rotation_without_overlap_ends_the_old_secret_at_once(client, db, endpoint, tenant):
    url = f"{ENDPOINTS}/{endpoint['id']}/rotate-secret"
    rotated = (await client.post(url, json={"overlap_hours": 0})).json()
    assert rotated["previous_secret_expires_at"] is None
    stored = await webhook_endpoints.get(db, tenant.org_id, endpoint["id"])
    assert stored is not None and stored.signing_secrets(0) == (rotated["secret"],)
    assert (await client.post(url, json={"overlap_hours": 169})).status_code == 400


async def test_an_endpoint_hears_what_it_asked_for(db: Database, tenant: Tenant, client, agent):
    def hook(label: str, **more: object) -> dict:
        return HOOK | {"label": label} | more

    for body in (
        hook("all"),
        hook("graded", events=["call.graded"]),
        hook("one agent", agent_id=agent["id"]),
        hook("off", status="disabled"),
        hook("turns", events=["telephony.turn"]),
    ):
        assert (await client.post(ENDPOINTS, json=body)).status_code == 201

    async def told(event: str, agent_id: int | None, *, unasked: bool = True) -> list[str]:
        found = await webhook_endpoints.subscribed(
            db, tenant.org_id, event, agent_id, unasked=unasked
        )
        return [endpoint.label for endpoint in found]

    assert await told("telephony.complete", agent["id"]) == ["all", "one agent"]
    assert await told("telephony.complete", None) == ["all"]
    assert await told("call.graded", agent["id"]) == ["all", "graded", "one agent"]
    assert await told("telephony.turn", agent["id"], unasked=False) == ["turns"]


async def test_the_single_webhook_is_there_once_it_is_set(client):
    assert (await client.get("/v1/webhook")).status_code == 404
    made = await client.put("/v1/webhook", json={"url": "https://example.com/all"})
    assert made.status_code == 200 and made.json()["secret"].startswith("whsec_")
    read = await client.get("/v1/webhook")
    assert (read.status_code, read.json()) == (200, made.json())
    changed = (await client.patch("/v1/webhook", json={"url": "https://example.com/b"})).json()
    assert (changed["url"], changed["secret"]) == ("https://example.com/b", made.json()["secret"])


async def test_the_single_webhook_is_taken_away_with_an_empty_url(client):
    await client.put("/v1/webhook", json={"url": "https://example.com/all"})
    assert (await client.put("/v1/webhook", json={"url": ""})).json()["url"] == ""
    assert (await client.get("/v1/webhook")).json()["url"] == ""


async def test_the_single_webhook_has_the_secret_that_tools_are_signed_with(client, db, tenant):
    secret = await organization_webhooks.signing_secret(db, tenant.org_id)
    assert (await client.get("/v1/webhook")).json() | {"created_at": 0, "updated_at": 0} == {
        "url": "",
        "secret": secret,
        "created_at": 0,
        "updated_at": 0,
    }


async def test_the_single_webhook_must_be_a_url(client):
    refused = await client.put("/v1/webhook", json={"url": "http://example.com"})
    assert (refused.status_code, list(refused.json())) == (400, ["url"])
    assert (await client.patch("/v1/webhook", json={})).status_code == 400


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


async def test_http_is_allowed_where_the_operator_named_networks(app, client):
    url = "http://192.168.1.20:5678/hook"
    parts = app.state.parts
    assert (await client.post(ENDPOINTS, json=HOOK | {"url": url})).status_code == 400
    assert (await client.put("/v1/webhook", json={"url": url})).status_code == 400
    outgoing = msgspec.structs.replace(parts.settings.outgoing, allow_networks=("192.168.0.0/16",))
    settings = msgspec.structs.replace(parts.settings, outgoing=outgoing)
    app.state.parts = replace(parts, settings=settings)
    assert (await client.post(ENDPOINTS, json=HOOK | {"url": url})).status_code == 201
    assert (await client.put("/v1/webhook", json={"url": url})).status_code == 200


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
