"""What belongs to another organization is not there: every address with an id, every method."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Litestar

from tests.api.belongings import (
    BODIES,
    MAKERS,
    OPEN,
    PERSONAL,
    TRUNK,
    VALID,
    Owner,
    make_owner,
)
from tests.api.conftest import AGENT, Tenant
from tests.api.people import make_member
from thunderbox.store.database import Database

NO_KEY = {
    "/v1/healthz",
    "/readyz",
    "/v1/openapi.json",
    "/docs",
    "/widget/demo",
    "/widget/{version}/widget.js",
    "/widget/{version}/style.css",
    "/v1/auth/sign-in",
    "/v1/auth/sign-up",
    "/v1/invites/{token}",
    "/v1/recordings/{file_name}",
    "/v1/voices/{voice_id}/sample",
    "/v1/receipts/{file_name}",
}
"""Addresses that answer without a key."""


def addresses(app: Litestar) -> list[tuple[str, str]]:
    """Every method and address that names an id."""
    return [
        (method, path)
        for route in app.routes
        for path in [re.sub(r":\w+}", "}", route.path)]
        for method in sorted(route.methods - {"OPTIONS", "HEAD"})
        if "{" in path and not path.startswith("/v1/openapi.json")
    ]


def parameters(app: Litestar) -> set[str]:
    """The names of all ids in addresses that are not open."""
    return {
        name
        for _, path in addresses(app)
        if path not in OPEN
        for name in re.findall(r"{(\w+)}", path)
    }


@pytest.fixture
async def owner(client, db: Database, tenant: Tenant) -> Owner:
    return await make_owner(client, db, tenant)


@pytest.fixture
async def ids(app: Litestar, owner: Owner) -> dict[str, Any]:
    """One thing of each kind, all of them the tenant's."""
    return {name: await MAKERS[name](owner) for name in parameters(app)}


async def everything_but(db: Database, org_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that is not this organization's, without the times of use."""
    tables = await db.fetch_all(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    found = {}
    for (table,) in tables:
        rows = [dict(row) for row in await db.fetch_all(f"SELECT * FROM {table}")]
        found[table] = sorted(
            str({k: v for k, v in row.items() if k != "last_used_at"})
            for row in rows
            if row.get("org_id") != org_id
        )
    return found


def test_every_kind_of_id_can_be_made(app: Litestar):
    missing = parameters(app) - MAKERS.keys()
    assert not missing, f"tests/api/belongings.py: add to MAKERS what makes {missing}"


async def test_another_organizations_ids_are_404_and_nothing_changes(
    app: Litestar, anonymous, db: Database, ids, other: Tenant
):
    stranger, _ = await make_member(db, other.org_id, "admin", "admin@other.example")
    await app.state.usage.drain()
    before = await everything_but(db, other.org_id)
    for method, address in addresses(app):
        if address in OPEN:
            continue
        body = BODIES.get(f"{method} {address}", VALID) if method not in ("GET", "DELETE") else None
        headers = stranger.headers if address in PERSONAL else other.headers
        response = await anonymous.request(
            method, address.format(**ids), json=body, headers=headers
        )
        assert (response.status_code, list(response.json())) == (404, ["detail"]), (
            f"{method} {address}: {response.status_code} {response.text}"
        )
    await app.state.usage.drain()
    assert await everything_but(db, other.org_id) == before


async def test_the_owner_reaches_every_address(app: Litestar, anonymous, owner: Owner, ids):
    for method, address in addresses(app):
        # A call without a recording has no audio.
        if method == "GET" and address not in OPEN and not address.endswith("/audio"):
            headers = owner.person.headers if address in PERSONAL else owner.tenant.headers
            response = await anonymous.get(address.format(**ids), headers=headers)
            assert response.status_code == 200, (address, response.text)


async def test_lists_hold_nothing_of_others(app: Litestar, anonymous, ids, other: Tenant):
    """Every list without an id: nothing of the tenant's is in what the other one sees."""
    own = {
        str(value)
        for name, value in ids.items()
        if name in ("key_id", "integration_id", "token_id")
    }
    lists = {
        route.path
        for route in app.routes
        if "GET" in route.methods and "{" not in route.path and route.path.startswith("/v1/")
    }
    for path in sorted(lists - {"/v1/openapi.json"}):
        response = await anonymous.get(path, headers=other.headers)
        for text in ("Acme", "acme", *own):
            assert text not in response.text, (path, response.text)
    for path in ("/v1/agents", "/v1/phone-numbers", "/v1/invites", "/v1/integrations"):
        assert (await anonymous.get(path, headers=other.headers)).json() == []
    assert (await anonymous.get("/v1/calls", headers=other.headers)).json()["total"] == 0


async def test_an_agent_of_others_cannot_be_assigned(anonymous, ids, other: Tenant):
    number = (await anonymous.post("/v1/phone-numbers", headers=other.headers)).json()
    for field in ("inbound_agent_id", "outbound_agent_id"):
        response = await anonymous.patch(
            f"/v1/phone-numbers/{number['id']}",
            json={field: ids["agent_id"]},
            headers=other.headers,
        )
        assert (response.status_code, list(response.json())) == (400, [field])


RUN = {"target_type": "agent", "consent_to_charge": True}
NUMBER_RUN = {"target_type": "phone_number", "consent_to_charge": True}
HOOK = {"label": "CRM", "url": "https://example.com/hook"}
SITE = {"allowed_domains": ["example.com"]}
IN_BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/agents", AGENT | {"integration_ids": ["integration_id"]}),
    ("POST", "/v1/test-calls", RUN | {"target_id": "agent_id"}),
    ("POST", "/v1/test-calls", NUMBER_RUN | {"target_id": "number_id"}),
    ("POST", "/v1/test-call-batches", RUN | {"target_id": "agent_id"}),
    ("POST", "/v1/publishable-key", SITE | {"agent_id": "agent_id"}),
    ("POST", "/v1/developer/webhook-endpoints", HOOK | {"agent_id": "agent_id"}),
    (
        "POST",
        "/v1/integrations/test-request",
        {"url": "https://example.com/x", "integration_id": "integration_id"},
    ),
    (
        "POST",
        "/v1/voip-connections/test",
        {"provider": "manual", "sip_config": TRUNK, "connection_id": "connection_id"},
    ),
    ("POST", "/v1/voip-connections/suggest-name", {"connection_id": "connection_id"}),
    ("PATCH", "/v1/issue-reports", {"trace_ids": ["trace_id"], "status": "resolved"}),
    (
        "POST",
        "/v1/billing/default-payment-method",
        {"payment_method_id": "payment_method_id"},
    ),
]
"""Ids within bodies: the name of an id stands for the tenant's."""


@pytest.mark.parametrize(
    ("method", "path", "body"),
    IN_BODIES,
    ids=[f"{path} {i}" for i, (_, path, _) in enumerate(IN_BODIES)],
)
async def test_ids_of_others_in_a_body_are_refused_and_nothing_changes(
    anonymous, db: Database, ids, other: Tenant, method, path, body
):
    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(item) for item in value]
        return ids[value] if isinstance(value, str) and value in ids else value

    whole = {name: filled(value) for name, value in body.items()}
    await anonymous.get("/v1/billing", headers=other.headers)
    before = await everything_but(db, 0)
    response = await anonymous.request(method, path, json=whole, headers=other.headers)
    assert response.status_code in (400, 404), response.text
    for name in ("Acme", "Front desk"):
        assert name not in response.text
    assert await everything_but(db, 0) == before


async def test_every_address_but_the_open_ones_wants_a_key(app: Litestar, anonymous):
    for route in app.routes:
        path = re.sub(r":\w+}", "}", route.path)
        if path in NO_KEY or path.startswith("/v1/openapi.json"):
            continue
        for method in route.methods - {"OPTIONS", "HEAD"}:
            response = await anonymous.request(method, re.sub(r"{\w+}", "1", path), json={})
            assert response.status_code == 401, (method, path)
