"""/v1/integrations."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import AsyncIterator

import pytest

from tests.api.conftest import AGENT, Tenant, make_tenant
from tests.calls.test_tools import ToolServer, serving
from thunderbox.calls.linked_tools import equipped
from thunderbox.calls.tools import AgentTools
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.store import agents, integrations, users
from thunderbox.store.organization_webhooks import signing_secret

SPEC = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}
WEATHER = {
    "display_name": "Weather",
    "spec": SPEC,
    "endpoint_url": "https://api.example.com/w",
    "headers": [{"key": "X-Key", "value": "v"}],
}


@pytest.fixture
async def weather(client) -> dict:
    return (await client.post("/v1/integrations", json=WEATHER)).json()


@pytest.fixture
async def server() -> AsyncIterator[ToolServer]:
    async with serving() as running:
        yield running


async def test_an_integration_is_created_with_the_defaults(client):
    response = await client.post("/v1/integrations", json=WEATHER)
    assert response.status_code == 201
    made = response.json()
    assert uuid.UUID(made["id"])
    assert made["created_at"] == made["updated_at"]
    assert {key: made[key] for key in list(made)[1:8]} == WEATHER | {
        "endpoint_method": "POST",
        "wizard_input": "",
        "validation_status": "untested",
    }
    assert made["request_format"] == "standard"
    assert made["endpoint"] == {
        "url": "https://api.example.com/w",
        "method": "POST",
        "headers": {"X-Key": "v"},
    }


async def test_an_endpoint_object_says_the_same(client):
    body = {
        "display_name": "Weather",
        "spec": SPEC,
        "endpoint": {"url": "https://a.example/w", "method": "get", "headers": {"X-A": "b"}},
    }
    made = (await client.post("/v1/integrations", json=body)).json()
    assert (made["endpoint_url"], made["endpoint_method"]) == ("https://a.example/w", "GET")
    assert made["headers"] == [{"key": "X-A", "value": "b"}]


async def test_an_integration_may_wait_for_its_endpoint(client):
    body = {"display_name": "Later", "spec": SPEC}
    made = await client.post("/v1/integrations", json=body)
    assert (made.status_code, made.json()["endpoint_url"]) == (201, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", ""),
        ("display_name", "x" * 256),
        ("display_name", 5),
        ("spec", []),
        ("spec", {"type": "other", "function": SPEC["function"]}),
        ("spec", {"function": SPEC["function"]}),
        ("spec", {"type": "function"}),
        ("spec", {"type": "function", "function": {"name": "no spaces"}}),
        ("endpoint_url", "ftp://a.example"),
        ("endpoint_url", 5),
        ("endpoint_method", "HEAD"),
        ("headers", [{"key": "X"}]),
        ("headers", [{"key": "a b", "value": "v"}]),
        ("headers", [{"key": "X", "value": "v"}] * 51),
        ("endpoint", {"url": 5}),
        ("endpoint", {"headers": [5]}),
        ("request_format", "retell"),
        ("validation_status", "good"),
    ],
)
async def test_wrong_fields_are_named(client, weather, field, value):
    for method, url in (
        ("POST", "/v1/integrations"),
        ("PUT", f"/v1/integrations/{weather['id']}"),
        ("PATCH", f"/v1/integrations/{weather['id']}"),
    ):
        response = await client.request(method, url, json=WEATHER | {field: value})
        assert (response.status_code, list(response.json())) == (400, [field]), method


async def test_required_fields_are_missed(client, weather):
    for method, url in (
        ("POST", "/v1/integrations"),
        ("PUT", f"/v1/integrations/{weather['id']}"),
    ):
        response = await client.request(method, url, json={})
        assert (response.status_code, sorted(response.json())) == (400, ["display_name", "spec"])


async def test_integrations_are_listed_newest_first_and_read(client):
    made = [(await client.post("/v1/integrations", json=WEATHER)).json() for _ in range(3)]
    assert (await client.get("/v1/integrations")).json() == made[::-1]
    assert (await client.get(f"/v1/integrations/{made[0]['id'].upper()}")).json() == made[0]


async def test_patch_changes_what_is_sent_and_leaves_a_version(client, weather):
    url = f"/v1/integrations/{weather['id']}"
    changed = (await client.patch(url, json={"display_name": "Rain"})).json()
    assert changed.pop("updated_at") > weather["updated_at"]
    assert changed == {k: v for k, v in weather.items() if k != "updated_at"} | {
        "display_name": "Rain"
    }
    page = (await client.get(f"{url}/versions?limit=1")).json()
    [newest] = page["results"]
    assert (page["count"], newest["revision"]) == (2, 2)
    assert newest["changed_fields"] == ["display_name"]
    assert newest["created_by"] == "acme@example.com"
    assert newest["snapshot"]["display_name"] == "Rain"


async def test_put_replaces_the_rest_with_defaults(client, weather):
    body = {"display_name": "Weather", "spec": SPEC}
    replaced = (await client.put(f"/v1/integrations/{weather['id']}", json=body)).json()
    assert (replaced["endpoint_url"], replaced["headers"]) == ("", [])


@pytest.mark.parametrize("key", ["0f8fad5b-d9cb-469f-a165-70867728950e", "1", "x"])
async def test_what_is_not_there_is_404(client, key):
    url = f"/v1/integrations/{key}"
    for method, at, body in (
        ("GET", url, None),
        ("PUT", url, WEATHER),
        ("PATCH", url, {}),
        ("DELETE", url, None),
        ("GET", f"{url}/versions", None),
        ("POST", f"{url}/transfer", {"target_org_id": 99}),
    ):
        response = await client.request(method, at, json=body)
        assert (response.status_code, list(response.json())) == (404, ["detail"]), method


async def test_an_agent_carries_its_integrations(client, db, tenant, weather):
    body = AGENT | {"integration_ids": [weather["id"], weather["id"].upper()]}
    made = (await client.post("/v1/agents", json=body)).json()
    assert made["integrations"] == [weather]
    assert (await client.get("/v1/agents")).json() == [made]
    stored = await agents.get(db, tenant.org_id, made["id"])
    [tool] = (await equipped(db, tenant.org_id, stored)).tools
    assert tool["endpoint"]["url"] == WEATHER["endpoint_url"]
    kept = (await client.patch(f"/v1/agents/{made['id']}", json={"prompt": "New."})).json()
    assert kept["integrations"] == [weather]
    cleared = (await client.put(f"/v1/agents/{made['id']}", json=AGENT)).json()
    assert cleared["integrations"] == []
    page = (await client.get(f"/v1/agents/{made['id']}/versions")).json()
    assert [len(one["snapshot"]["integrations"]) for one in page["results"]] == [0, 1, 1]


async def test_a_deleted_integration_leaves_its_agents(client, weather):
    other = (await client.post("/v1/integrations", json=WEATHER)).json()
    body = AGENT | {"integration_ids": [weather["id"], other["id"]]}
    made = (await client.post("/v1/agents", json=body)).json()
    deleted = await client.delete(f"/v1/integrations/{weather['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    left = (await client.get(f"/v1/agents/{made['id']}")).json()
    assert left["integrations"] == [other]
    assert left["updated_at"] > made["updated_at"]
    assert (await client.get(f"/v1/integrations/{weather['id']}")).status_code == 404


async def test_an_integration_of_others_cannot_be_linked(client, weather, other: Tenant):
    for method, url, body in (("POST", "/v1/agents", AGENT),):
        response = await client.request(
            method, url, json=body | {"integration_ids": [weather["id"]]}, headers=other.headers
        )
        assert (response.status_code, list(response.json())) == (400, ["integration_ids"])


async def join(db, org_id: int, email: str, role: users.Role) -> None:
    """Make a known person a member of another organization."""
    row = await db.fetch_one("SELECT id FROM users WHERE email = ?", (email,))
    async with db.transaction() as tx:
        await users.join(tx, org_id, row["id"], role)


@pytest.mark.parametrize(("mode", "status"), [("copy", 201), ("move", 200)])
async def test_an_integration_is_transferred(client, db, tenant, other, weather, mode, status):
    await join(db, other.org_id, "acme@example.com", "admin")
    url = f"/v1/integrations/{weather['id']}"
    body = {"target_org_id": other.org_id, "mode": mode, "name": "Theirs"}
    response = await client.post(f"{url}/transfer", json=body)
    assert response.status_code == status
    answer = response.json()
    made = answer.pop("integration")
    assert answer == {
        "mode": mode,
        "source_org_id": tenant.org_id,
        "target_org_id": other.org_id,
    }
    assert (made["display_name"], made["spec"]) == ("Theirs", SPEC)
    theirs = (await client.get("/v1/integrations", headers=other.headers)).json()
    assert theirs == [made]
    assert (await client.get(url)).status_code == (200 if mode == "copy" else 404)


async def test_who_may_transfer_is_checked(client, db, tenant, other, weather):
    url = f"/v1/integrations/{weather['id']}/transfer"

    async def refused(**body) -> tuple[int, list[str]]:
        response = await client.post(url, json=body)
        return response.status_code, list(response.json())

    assert await refused() == (400, ["target_org_id"])
    assert await refused(target_org_id=tenant.org_id) == (400, ["target_org_id"])
    assert await refused(target_org_id=other.org_id, mode="steal") == (400, ["mode"])
    assert await refused(target_org_id=other.org_id) == (404, ["detail"])
    await join(db, other.org_id, "acme@example.com", "member")
    assert await refused(target_org_id=other.org_id) == (403, ["detail"])


async def test_a_member_may_copy_but_not_move(client, db, other):
    third = await make_tenant(db, "Third")
    await join(db, third.org_id, "acme@example.com", "admin")
    async with db.transaction() as tx:
        await tx.execute("UPDATE members SET role = 'member' WHERE org_id = 1")
    made = (await client.post("/v1/integrations", json=WEATHER)).json()
    url, body = f"/v1/integrations/{made['id']}/transfer", {"target_org_id": third.org_id}
    assert (await client.post(url, json=body | {"mode": "move"})).status_code == 403
    assert (await client.post(url, json=body)).status_code == 201


@pytest.fixture
def reachable(app) -> None:
    """Test requests may go to this machine."""
    object.__setattr__(app.state.parts, "http", Client(Rules(["127.0.0.0/8"])))


async def test_a_test_request_is_signed_and_answered(client, db, tenant, server, reachable):
    body = {"url": f"{server.url}/book?a=1", "body": {"b": 2, "a": "é"}, "headers": {"X-Key": "k"}}
    response = await client.post("/v1/integrations/test-request", json=body)
    assert response.status_code == 200
    answer = response.json()
    assert answer.pop("latency_ms") >= 0
    assert answer.pop("response_headers")["content-length"] == "11"
    assert answer == {
        "ok": True,
        "reason": "",
        "status_code": 200,
        "response_body_preview": '{"ok":true}',
        "response_truncated": False,
    }
    [request] = server.requests
    assert request["body"] == '{"a":"é","b":2}'.encode()
    assert request["headers"]["x-key"] == "k"
    secret = (await signing_secret(db, tenant.org_id)).encode()
    v1 = hmac.new(secret, request["body"], hashlib.sha256).hexdigest()
    assert request["headers"]["x-thunderphone-signature"] == v1
    at, _, v2 = request["headers"]["x-thunderphone-signature-v2"].partition(",v1=")
    signed = f"{at.removeprefix('t=')}\nPOST\n/book?a=1\n".encode() + request["body"]
    assert v2 == hmac.new(secret, signed, hashlib.sha256).hexdigest()


async def test_a_configured_header_cannot_forge_the_signature(client, server, reachable):
    headers = {"x-thunderphone-signature": "forged"}
    body = {"url": server.url, "method": "GET", "headers": headers, "body": {"q": "a b"}}
    await client.post("/v1/integrations/test-request", json=body)
    [request] = server.requests
    assert (request["path"], request["body"]) == ("/?q=a+b", b"")
    assert len(request["headers"]["x-thunderphone-signature"]) == 64


async def test_a_long_answer_is_cut(client, server, reachable):
    server.body = b"x" * 70_000
    answer = await client.post("/v1/integrations/test-request", json={"url": server.url})
    shown = answer.json()
    assert (len(shown["response_body_preview"]), shown["response_truncated"]) == (6_000, True)


async def test_the_integration_follows_its_test_request(client, weather, server, reachable):
    body = {"url": server.url, "integration_id": weather["id"]}
    url = f"/v1/integrations/{weather['id']}"
    for status, expected in ((200, "validated"), (500, "error")):
        server.status = status
        answer = (await client.post("/v1/integrations/test-request", json=body)).json()
        assert (answer["ok"], answer["status_code"]) == (status == 200, status)
        assert (await client.get(url)).json()["validation_status"] == expected
    assert (await client.get(f"{url}/versions")).json()["count"] == 1


async def test_an_integration_may_have_a_timeout_of_its_own(client, db, tenant):
    spec = WEATHER["spec"] | {"timeout": 3}
    made = await client.post("/v1/integrations", json=WEATHER | {"spec": spec})
    assert made.json()["spec"]["timeout"] == 3
    [kept] = await integrations.of_ids(db, tenant.org_id, [made.json()["id"]])
    carried = AgentTools([kept.tool()], Client(Rules()), 1, lambda: "", 20.0, ["secret"])
    [endpoint] = carried._endpoints.values()
    assert endpoint.timeout_s == 3
    wrong = await client.post("/v1/integrations", json=WEATHER | {"spec": spec | {"timeout": 500}})
    assert wrong.status_code == 400
    assert "spec.timeout is 500" in wrong.text


async def test_what_is_changed_is_untested_again(client, weather):
    url = f"/v1/integrations/{weather['id']}"

    async def after(**change) -> str:
        await client.patch(url, json={"validation_status": "validated"})
        return (await client.patch(url, json=change)).json()["validation_status"]

    assert await after(display_name="Rain") == "validated"
    assert await after(endpoint_url=weather["endpoint_url"]) == "validated"
    assert await after(endpoint_url="https://b.example/") == "untested"
    assert await after(headers=[{"key": "X-Key", "value": "new"}]) == "untested"
    assert await after(endpoint_method="PUT", validation_status="error") == "error"


async def test_an_endpoint_that_does_not_answer_is_an_answer(client, server, reachable):
    server.delay = 30.0
    body = {"url": server.url, "timeout_seconds": 1}
    answer = (await client.post("/v1/integrations/test-request", json=body)).json()
    assert (answer["ok"], answer["status_code"], answer["reason"]) == (
        False,
        None,
        "127.0.0.1 did not answer within 1 s.",
    )
    async with serving() as gone:
        pass
    body = {"url": gone.url}
    answer = (await client.post("/v1/integrations/test-request", json=body)).json()
    assert (answer["ok"], answer["reason"]) == (
        False,
        f"127.0.0.1:{gone.url.rpartition(':')[2]} cannot be reached (connection refused).",
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "http://localhost:1/x",
        "http://[::1]:1/x",
        "http://[::ffff:127.0.0.1]:1/x",
        "http://192.168.1.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0:1/",
    ],
)
async def test_addresses_that_are_not_public_are_refused(client, url):
    response = await client.post("/v1/integrations/test-request", json={"url": url})
    assert (response.status_code, response.json()["code"]) == (400, "url_not_allowed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": "https://a.example", "method": "TRACE"}, "method"),
        ({"url": "https://a.example", "timeout_seconds": 0}, "timeout_seconds"),
        ({"url": "https://a.example", "headers": {"a b": "c"}}, "headers"),
        ({"url": "https://a.example", "headers": [1]}, "headers"),
    ],
)
async def test_a_wrong_test_request_is_refused(client, body, field):
    response = await client.post("/v1/integrations/test-request", json=body)
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_a_test_request_for_an_integration_of_others_is_404(client, weather, other):
    body = {"url": "https://a.example", "integration_id": weather["id"]}
    response = await client.post("/v1/integrations/test-request", json=body, headers=other.headers)
    assert response.status_code == 404


async def test_parallel_first_requests_share_one_secret(db, tenant):
    made = await asyncio.gather(*(signing_secret(db, tenant.org_id) for _ in range(5)))
    assert len(set(made)) == 1
    assert made[0].startswith("whsec_")
