"""/v1/publishable-key."""

from __future__ import annotations

import re

import pytest

from tests.api.conftest import make_call
from thunderbox.events import outbox
from thunderbox.store import users

DOMAINS = {"allowed_domains": ["example.com", "*.example.com"]}
HOOK = "https://hooks.example.com/agent"


@pytest.fixture
async def key(client, agent) -> dict:
    body = DOMAINS | {"name": "Site", "agent_id": agent["id"]}
    return (await client.post("/v1/publishable-key", json=body)).json()


async def test_a_key_is_made_for_an_agent(client, agent):
    body = DOMAINS | {"name": "Site", "mode": "agent", "agent_id": agent["id"]}
    response = await client.post("/v1/publishable-key", json=body)
    assert response.status_code == 201
    made = response.json()
    assert re.fullmatch(r"pk_live_[A-Za-z0-9_-]+", made["key"])
    assert made.pop("key_prefix") == made.pop("key")[:12]
    assert made.pop("webhook_secret").startswith("whsec_")
    assert made.pop("created_at") == made.pop("updated_at")
    assert made == body | {
        "id": made["id"],
        "is_active": True,
        "is_enabled": True,
        "webhook_url": None,
        "agent_name": "Front desk",
        "embed_config": {},
    }


async def test_a_key_may_ask_a_web_hook(client):
    body = DOMAINS | {"mode": "webhook", "webhook_url": HOOK, "is_enabled": False}
    made = (await client.post("/v1/publishable-key", json=body)).json()
    assert (made["mode"], made["webhook_url"], made["agent_id"]) == ("webhook", HOOK, None)
    assert (made["agent_name"], made["is_enabled"]) == ("", False)


@pytest.mark.parametrize(
    "domains",
    [
        [],
        ["*"],
        ["*.*"],
        ["*.*.example.com"],
        ["www.*.com"],
        [""],
        ["https://example.com"],
        ["example.com:8080"],
        ["example.com/"],
        ["exa mple.com"],
        ["-example.com"],
        ["example..com"],
        ["example.com."],
        ["*.192.168.1"],
        ["*.168.1.20"],
        ["192.168.1"],
        ["bücher.example/x"],
        ["a" * 64 + ".com"],
        ["example.com"] * 101,
        [5],
        "example.com",
    ],
)
async def test_a_wrong_domain_is_refused(client, agent, key, domains):
    body = {"agent_id": agent["id"], "allowed_domains": domains}
    for method, url in (
        ("POST", "/v1/publishable-key"),
        ("PATCH", f"/v1/publishable-key/{key['id']}"),
    ):
        response = await client.request(method, url, json=body)
        assert (response.status_code, list(response.json())) == (400, ["allowed_domains"])


async def test_domains_are_lower_case_and_each_once(client, key):
    body = {"allowed_domains": ["Example.com", "example.com ", "localhost", "127.0.0.1"]}
    changed = (await client.patch(f"/v1/publishable-key/{key['id']}", json=body)).json()
    assert changed["allowed_domains"] == ["example.com", "localhost", "127.0.0.1"]


async def test_international_domains_are_kept_as_browsers_send_them(client, key):
    body = {"allowed_domains": ["*.Bücher.example", "straße.example", "192.168.1.20"]}
    changed = (await client.patch(f"/v1/publishable-key/{key['id']}", json=body)).json()
    kept = ["*.xn--bcher-kva.example", "xn--strae-oqa.example", "192.168.1.20"]
    assert changed["allowed_domains"] == kept


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "agent_id"),
        ({"mode": "webhook"}, "webhook_url"),
        ({"mode": "webhook", "webhook_url": ""}, "webhook_url"),
        ({"mode": "webhook", "webhook_url": "http://example.com"}, "webhook_url"),
        ({"mode": "webhook", "webhook_url": "ftp://example.com"}, "webhook_url"),
        ({"mode": "webhook", "webhook_url": "https:///x"}, "webhook_url"),
        ({"mode": "both", "agent_id": 1}, "mode"),
        ({"agent_id": 999}, "agent_id"),
        ({"agent_id": "x"}, "agent_id"),
        ({"agent_id": 1, "name": "x" * 256}, "name"),
        ({"agent_id": 1, "is_enabled": "yes"}, "is_enabled"),
        ({"agent_id": 1, "embed_config": []}, "embed_config"),
    ],
)
async def test_wrong_fields_are_named(client, agent, body, field):
    response = await client.post("/v1/publishable-key", json=DOMAINS | body)
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_domains_are_required(client, agent):
    response = await client.post("/v1/publishable-key", json={"agent_id": agent["id"]})
    assert (response.status_code, list(response.json())) == (400, ["allowed_domains"])


async def test_a_local_web_hook_may_be_http(client):
    for url in ("http://localhost:3000/x", "http://127.0.0.1/x"):
        body = DOMAINS | {"mode": "webhook", "webhook_url": url}
        assert (await client.post("/v1/publishable-key", json=body)).status_code == 201


async def test_an_agent_must_be_open_to_web_pages(client, agent):
    await client.patch(f"/v1/agents/{agent['id']}", json={"widget_enabled": False})
    body = DOMAINS | {"agent_id": agent["id"]}
    response = await client.post("/v1/publishable-key", json=body)
    assert (response.status_code, list(response.json())) == (400, ["agent_id"])


async def test_an_agent_of_others_is_refused(client, agent, other):
    body = DOMAINS | {"agent_id": agent["id"]}
    response = await client.post("/v1/publishable-key", json=body, headers=other.headers)
    assert (response.status_code, list(response.json())) == (400, ["agent_id"])


async def test_patch_changes_what_is_sent(client, key):
    url = f"/v1/publishable-key/{key['id']}"
    body = {"name": "New", "is_enabled": False, "embed_config": {"title": "Talk"}}
    changed = (await client.patch(url, json=body)).json()
    assert changed.pop("updated_at") > key["updated_at"]
    assert changed == {k: v for k, v in key.items() if k != "updated_at"} | body
    hook = {"mode": "webhook", "webhook_url": HOOK}
    assert (await client.patch(url, json=hook)).json()["mode"] == "webhook"
    refused = await client.patch(url, json={"webhook_url": None})
    assert (refused.status_code, list(refused.json())) == (400, ["webhook_url"])


async def test_keys_are_listed_newest_first_and_read(client, agent):
    body = DOMAINS | {"agent_id": agent["id"]}
    made = [(await client.post("/v1/publishable-key", json=body)).json() for _ in range(3)]
    assert (await client.get("/v1/publishable-key")).json() == made[::-1]
    assert (await client.get(f"/v1/publishable-key/{made[0]['id']}")).json() == made[0]


async def test_a_deleted_key_is_inactive_for_good(client, key):
    url = f"/v1/publishable-key/{key['id']}"
    deleted = await client.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.get(url)).json()["is_active"] is False
    for method, at in (
        ("DELETE", url),
        ("PATCH", url),
        ("POST", f"{url}/rotate"),
        ("POST", f"{url}/transfer"),
    ):
        response = await client.request(method, at, json={"target_org_id": 2})
        assert response.status_code == 404, (method, at)


async def test_a_key_without_its_agent_stays(client, agent, key):
    await client.delete(f"/v1/agents/{agent['id']}")
    left = (await client.get(f"/v1/publishable-key/{key['id']}")).json()
    assert (left["agent_id"], left["agent_name"], left["is_active"]) == (None, "", True)


async def test_a_rotated_key_has_another_value(client, key):
    response = await client.post(f"/v1/publishable-key/{key['id']}/rotate")
    assert response.status_code == 200
    rotated = response.json()
    assert rotated["key"] != key["key"]
    assert (rotated["id"], rotated["name"]) == (key["id"], "Site")


async def test_a_copy_has_a_key_of_its_own(client, db, key, other):
    async with db.transaction() as tx:
        await users.join(tx, other.org_id, 1, "admin")
    url = f"/v1/publishable-key/{key['id']}"
    response = await client.post(f"{url}/transfer", json={"target_org_id": other.org_id})
    assert response.status_code == 201
    made = response.json()
    assert made["key"] != key["key"]
    assert (made["agent_id"], made["allowed_domains"]) == (None, key["allowed_domains"])
    assert (await client.get(url)).json() == key
    theirs = (await client.get("/v1/publishable-key", headers=other.headers)).json()
    assert theirs == [made]


async def test_a_moved_key_keeps_its_value(client, db, key, other):
    async with db.transaction() as tx:
        await users.join(tx, other.org_id, 1, "admin")
    url = f"/v1/publishable-key/{key['id']}"
    body = {"target_org_id": other.org_id, "mode": "move", "name": "Theirs"}
    response = await client.post(f"{url}/transfer", json=body)
    assert response.status_code == 200
    made = response.json()
    assert (made["key"], made["name"], made["agent_id"]) == (key["key"], "Theirs", None)
    assert made["webhook_secret"] != key["webhook_secret"]
    assert (await client.get(url)).status_code == 404


async def test_where_a_key_may_go_is_checked(client, db, tenant, key, other):
    url = f"/v1/publishable-key/{key['id']}/transfer"
    assert (await client.post(url, json={})).status_code == 400
    assert (await client.post(url, json={"target_org_id": tenant.org_id})).status_code == 400
    assert (await client.post(url, json={"target_org_id": other.org_id})).status_code == 404
    async with db.transaction() as tx:
        await users.join(tx, other.org_id, 1, "member")
    assert (await client.post(url, json={"target_org_id": other.org_id})).status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("", {"mode": "agent"}, "The publishable key has no webhook any more."),
        ("/transfer", {"mode": "move"}, "The publishable key was moved to another organization."),
    ],
)
async def test_what_waits_for_its_web_hook_is_given_up_with_it(
    client, db, tenant, agent, other, path: str, body: dict, why: str
):
    async with db.transaction() as tx:
        await users.join(tx, other.org_id, 1, "admin")
    hooked = DOMAINS | {"mode": "webhook", "webhook_url": HOOK, "agent_id": agent["id"]}
    made = (await client.post("/v1/publishable-key", json=hooked)).json()
    call_id = await make_call(db, tenant.org_id, direction="widget", publishable_key_id=made["id"])
    async with db.transaction() as tx:
        await outbox.call_ended(tx, call_id)
    url = f"/v1/publishable-key/{made['id']}{path}"
    if path:
        await client.post(url, json=body | {"target_org_id": other.org_id})
    else:
        await client.patch(url, json=body)
    (waits,) = (await client.get("/v1/developer/webhook-deliveries")).json()["results"]
    assert (waits["event_type"], waits["status"], waits["error"]) == (
        "call.complete",
        "failed",
        why,
    )
    assert (waits["source"], waits["endpoint_label"]) == ("legacy", "Webhook of a publishable key")
