"""What belongs to another organization is not there: every address with an id, every method."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar

from tests.api.conftest import AGENT, Tenant, make_call
from thunderbox.store.database import Database

OPEN = {"/v1/recordings/{file_name}", "/v1/receipts/{file_name}"}
"""Addresses whose id is protected by a signature instead of a key."""

INTEGRATION = {
    "display_name": "Weather",
    "spec": {"type": "function", "function": {"name": "get_weather"}},
}
VALID = AGENT | INTEGRATION | {"target_org_id": 2}
"""A body that every address takes."""


def addresses(app: Litestar) -> list[tuple[str, str]]:
    """Every method and address that names an id."""
    return [
        (method, re.sub(r":\w+}", "}", route.path))
        for route in app.routes
        for method in route.methods - {"OPTIONS", "HEAD"}
        if "{" in route.path and not route.path.startswith("/v1/openapi.json")
    ]


@pytest.fixture
async def ids(client, db: Database, tenant: Tenant) -> dict[str, object]:
    """One thing of each kind, all of them the tenant's."""
    agent = (await client.post("/v1/agents", json=AGENT)).json()
    site = {"agent_id": agent["id"], "allowed_domains": ["example.com"]}
    return {
        "agent_id": agent["id"],
        "number_id": (await client.post("/v1/phone-numbers")).json()["id"],
        "key_id": (await client.get("/v1/developer/api-keys")).json()[0]["id"],
        "publishable_key_id": (await client.post("/v1/publishable-key", json=site)).json()["id"],
        "label_id": (
            await client.post(
                "/v1/phone-number-labels", json={"phone_number": "+14155550100", "label": "x"}
            )
        ).json()["id"],
        "integration_id": (await client.post("/v1/integrations", json=INTEGRATION)).json()["id"],
        "call_id": await make_call(db, tenant.org_id),
        "payment_method_id": (await client.get("/v1/billing/payment-methods")).json()[
            "payment_methods"
        ][0]["id"],
        "transaction_id": (await client.post("/v1/billing/top-up", json={"amount_cents": 1}))
        .json()["payment_intent_id"]
        .removeprefix("pi_local_"),
    }


async def everything(client) -> list[object]:
    return [
        (await client.get(path)).json()
        for path in (
            "/v1/agents",
            "/v1/phone-numbers",
            "/v1/calls",
            "/v1/developer/api-keys",
            "/v1/integrations",
            "/v1/billing",
            "/v1/publishable-key",
        )
    ]


async def test_another_organizations_ids_are_404_and_nothing_changes(
    app, client, ids, other: Tenant
):
    await app.state.usage.drain()
    before = await everything(client)
    for method, address in addresses(app):
        if address in OPEN:
            continue
        body = VALID if method in ("PUT", "PATCH", "POST") else None
        response = await client.request(
            method, address.format(**ids), json=body, headers=other.headers
        )
        assert response.status_code == 404, (method, address)
        assert list(response.json()) == ["detail"]
    assert await everything(client) == before


async def test_the_owner_reaches_every_address(app, client, ids):
    for method, address in addresses(app):
        if method == "GET" and address not in OPEN and not address.endswith("/audio"):
            assert (await client.get(address.format(**ids))).status_code == 200, address


async def test_lists_hold_nothing_of_others(client, ids, other: Tenant):
    for path in ("/v1/agents", "/v1/phone-numbers"):
        assert (await client.get(path, headers=other.headers)).json() == []
    assert (await client.get("/v1/calls", headers=other.headers)).json()["total"] == 0


async def test_an_agent_of_others_cannot_be_assigned(client, ids, other: Tenant):
    number = (await client.post("/v1/phone-numbers", headers=other.headers)).json()
    for field in ("inbound_agent_id", "outbound_agent_id"):
        response = await client.patch(
            f"/v1/phone-numbers/{number['id']}",
            json={field: ids["agent_id"]},
            headers=other.headers,
        )
        assert (response.status_code, list(response.json())) == (400, [field])


async def test_every_address_but_the_open_ones_wants_a_key(app: Litestar, anonymous):
    public = {"/v1/healthz", "/readyz", "/v1/openapi.json", *OPEN}
    for route in app.routes:
        path = re.sub(r":\w+}", "}", route.path)
        if path in public or path.startswith("/v1/openapi.json"):
            continue
        for method in route.methods - {"OPTIONS", "HEAD"}:
            response = await anonymous.request(method, re.sub(r"{\w+}", "1", path), json={})
            assert response.status_code == 401, (method, path)
