"""Who may ask, and what the others are told."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import Tenant, make_tenant
from tests.api.people import make_member
from thunderbox.store import api_keys
from thunderbox.store.database import Database

REFUSED = [
    (None, "carries no key"),
    ("", "carries no key"),
    ("Bearer", "not understood"),
    ("Bearer ", "not understood"),
    ("Basic dXNlcjpwYXNz", "not understood"),
    ("Bearer sk_live_0000", "unknown or was revoked"),
    ("Bearer nonsense", "unknown or was revoked"),
    ("Bearer sk_live_é", "unknown or was revoked"),
    ("Bearer pk_live_abc", "publishable key"),
    ("Token pk_live_abc", "publishable key"),
]


@pytest.mark.parametrize(("header", "reason"), REFUSED)
async def test_requests_without_a_valid_key(anonymous, tenant, header, reason):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    response = await anonymous.get("/v1/whoami", headers=headers)
    assert response.status_code == 401
    assert reason in response.json()["detail"]
    assert "Send the header" in response.json()["detail"]
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "bearer", "TOKEN"])
async def test_both_schemes_are_accepted(anonymous, tenant: Tenant, scheme):
    headers = {"Authorization": f"{scheme} {tenant.key}"}
    assert (await anonymous.get("/v1/whoami", headers=headers)).status_code == 200


async def test_the_key_is_asked_for_before_the_body_is_read(anonymous, tenant):
    response = await anonymous.post("/v1/agents", content=b"{not json")
    assert response.status_code == 401


async def test_whoami_says_what_a_key_proves(client, tenant: Tenant):
    assert (await client.get("/v1/whoami")).json() == {
        "credential_kind": "api_key",
        "key_label": "Default key",
        "key_prefix": tenant.key[:15],
        "oauth_client_id": None,
        "organization": {"id": tenant.org_id, "name": "Acme"},
        "role": "owner",
        "scopes": [],
    }


async def test_an_organization_header_does_not_change_a_keys_organization(
    client, tenant: Tenant, other: Tenant
):
    headers = {"X-ThunderPhone-Org": str(other.org_id)}
    response = await client.get("/v1/whoami", headers=headers)
    assert response.json()["organization"]["id"] == tenant.org_id


async def last_used(db: Database, tenant: Tenant) -> int | None:
    return (await api_keys.page(db, tenant.org_id))[0].last_used_at


async def test_use_of_a_key_is_noted(app, client, db: Database, tenant: Tenant):
    await client.get("/v1/whoami")
    await app.state.usage.drain()
    assert await last_used(db, tenant) is not None


async def test_use_of_a_key_is_noted_once_a_minute(app, client, db: Database, tenant: Tenant):
    await client.get("/v1/whoami")
    await app.state.usage.drain()
    noted = await last_used(db, tenant)
    for _ in range(3):
        await client.get("/v1/whoami")
    await app.state.usage.drain()
    assert await last_used(db, tenant) == noted


async def test_members_cannot_manage_keys(anonymous: httpx.AsyncClient, db: Database):
    member = await make_tenant(db, "Member", role="member")
    response = await anonymous.get("/v1/developer/api-keys", headers=member.headers)
    assert response.status_code == 403
    assert "only owners and admins" in response.json()["detail"]


async def test_a_made_key_works_until_it_is_revoked(client: httpx.AsyncClient, tenant: Tenant):
    made = (await client.post("/v1/developer/api-keys", json={"name": "CI"})).json()
    assert made["key"].startswith(made["key_prefix"])
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (await client.get("/v1/whoami", headers=headers)).json()["role"] == "owner"
    revoked = await client.delete(f"/v1/developer/api-keys/{made['id']}")
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert (await client.get("/v1/whoami", headers=headers)).status_code == 401
    listed = (await client.get("/v1/developer/api-keys")).json()
    assert [(key["name"], key["is_active"]) for key in listed] == [
        ("CI", False),
        ("Default key", True),
    ]


async def test_keys_are_listed_without_the_key(client: httpx.AsyncClient):
    [listed] = (await client.get("/v1/developer/api-keys")).json()
    assert sorted(listed) == [
        "created_at",
        "created_by",
        "id",
        "is_active",
        "key_prefix",
        "last_used_at",
        "name",
        "revoked_at",
    ]


async def test_a_key_without_a_name_is_the_default_key(client: httpx.AsyncClient):
    response = await client.post("/v1/developer/api-keys")
    assert (response.status_code, response.json()["name"]) == (201, "Default key")


async def test_a_key_says_who_made_it_and_acts_for_them(client, anonymous, db, tenant: Tenant):
    admin, _ = await make_member(db, tenant.org_id, "admin", "a@example.com")
    made = await anonymous.post("/v1/developer/api-keys", headers=admin.headers)
    assert made.json()["created_by"] == "a@example.com"
    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    assert (await anonymous.get("/v1/whoami", headers=headers)).json()["role"] == "admin"
    again = (await anonymous.post("/v1/developer/api-keys", headers=headers)).json()
    assert again["created_by"] == "a@example.com"


async def test_a_rotated_key_takes_the_place_of_the_old_one(client, anonymous, tenant: Tenant):
    old = (await client.post("/v1/developer/api-keys", json={"name": "CI"})).json()
    path = f"/v1/developer/api-keys/{old['id']}/rotate"
    rotated = await client.post(path)
    new = rotated.json()
    assert (rotated.status_code, new["name"], new["id"] != old["id"]) == (201, "CI", True)
    for key, status in ((old, 401), (new, 200)):
        headers = {"Authorization": f"Bearer {key['key']}"}
        assert (await anonymous.get("/v1/whoami", headers=headers)).status_code == status
    assert (await client.post(path, headers=tenant.headers)).status_code == 404


async def test_nobody_rises_by_rotating_a_key(client, anonymous, db, tenant: Tenant):
    admin, _ = await make_member(db, tenant.org_id, "admin", "a@example.com")
    owners = (await client.get("/v1/developer/api-keys")).json()[0]["id"]
    path = f"/v1/developer/api-keys/{owners}/rotate"
    new = (await anonymous.post(path, headers=admin.headers)).json()
    headers = {"Authorization": f"Bearer {new['key']}"}
    assert (await anonymous.get("/v1/whoami", headers=headers)).json()["role"] == "admin"


async def test_a_key_that_belongs_to_nobody_is_no_admin(anonymous, db, tenant: Tenant):
    secret = api_keys.new_secret()
    async with db.transaction() as tx:
        await api_keys.insert(tx, tenant.org_id, "Nobody's", secret)
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await anonymous.get("/v1/agents", headers=headers)).status_code == 200
    assert (await anonymous.get("/v1/invites", headers=headers)).status_code == 403
    for path, body in (("/v1/orgs", {"name": "X"}), ("/v1/leave", {})):
        assert (await anonymous.post(path, json=body, headers=headers)).status_code == 403


@pytest.mark.parametrize("key_id", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e", "1"])
async def test_revoking_a_key_that_is_not_there(client: httpx.AsyncClient, key_id):
    response = await client.delete(f"/v1/developer/api-keys/{key_id}")
    assert response.status_code == 404
    assert key_id in response.json()["detail"]
