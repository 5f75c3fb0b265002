"""Webhook endpoints and the single webhook of an organization."""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.api.conftest import Tenant, make_tenant
from thunderbox.api import webhook_endpoints as webhook_endpoints_api
from thunderbox.store import organization_webhooks, webhook_endpoints
from thunderbox.store.database import Database
from thunderbox.store.rows import now_ms

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


async def test_an_organization_has_so_many_endpoints_and_no_more(client, endpoint, monkeypatch):
    monkeypatch.setattr(webhook_endpoints_api, "MAX_ENDPOINTS", 1)
    refused = await client.post(ENDPOINTS, json=HOOK)
    assert (refused.status_code, len((await client.get(ENDPOINTS)).json())) == (403, 1)
    await client.delete(f"{ENDPOINTS}/{endpoint['id']}")
    assert (await client.post(ENDPOINTS, json=HOOK)).status_code == 201


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


async def test_a_patch_of_the_single_webhook_may_say_nothing(client):
    assert (await client.patch("/v1/webhook", json={})).status_code == 404
    made = (await client.put("/v1/webhook", json={"url": "https://example.com/all"})).json()
    assert (await client.patch("/v1/webhook", json={})).json() == made
