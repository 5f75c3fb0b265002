"""Members: what owner, admin and member may do to each other."""

from __future__ import annotations

import pytest

from tests.api.conftest import Tenant
from tests.api.people import make_member
from thunderbox.store import members
from thunderbox.store.database import Database


async def test_members_are_listed_the_first_one_first(client, db, tenant: Tenant):
    await make_member(db, tenant.org_id, "member", "m@example.com")
    listed = (await client.get("/v1/members")).json()
    assert [(one["email"], one["role"]) for one in listed] == [
        ("acme@example.com", "owner"),
        ("m@example.com", "member"),
    ]
    assert sorted(listed[1]) == [
        "created_at",
        "email",
        "first_name",
        "has_passkey",
        "id",
        "last_name",
        "role",
    ]


# Who acts, on whom, and what they are told.
REMOVALS = [
    ("owner", "admin", 204),
    ("owner", "member", 204),
    ("admin", "member", 204),
    ("admin", "admin", 403),
    ("admin", "owner", 403),
    ("member", "member", 403),
    ("member", "owner", 403),
]


@pytest.mark.parametrize(("actor", "target", "status"), REMOVALS)
async def test_who_removes_whom(client, anonymous, db, tenant: Tenant, actor, target, status):
    first = (await client.get("/v1/members")).json()[0]["id"]
    headers = dict(tenant.headers)
    if actor != "owner":
        headers = (await make_member(db, tenant.org_id, actor, "actor@example.com"))[0].headers
    member_id = first
    if target != "owner":
        member_id = (await make_member(db, tenant.org_id, target, "target@example.com"))[1]
    response = await anonymous.delete(f"/v1/members/{member_id}", headers=headers)
    assert response.status_code == status
    assert (await members.get(db, tenant.org_id, member_id) is None) == (status == 204)


async def test_nobody_removes_themselves(client, tenant):
    own = (await client.get("/v1/members")).json()[0]["id"]
    response = await client.delete(f"/v1/members/{own}")
    assert (response.status_code, "/v1/leave" in response.json()["detail"]) == (400, True)


async def test_the_keys_of_who_is_removed_end(client, anonymous, db, tenant: Tenant):
    admin, member_id = await make_member(db, tenant.org_id, "admin", "a@example.com")
    made = await anonymous.post("/v1/developer/api-keys", headers=admin.headers)
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    assert (await anonymous.get("/v1/agents", headers=key)).status_code == 200
    await client.delete(f"/v1/members/{member_id}", headers=tenant.headers)
    assert (await anonymous.get("/v1/agents", headers=key)).status_code == 401
    gone = await anonymous.get("/v1/agents", headers=admin.within(tenant.org_id))
    assert gone.status_code == 404


@pytest.mark.parametrize("role", ["admin", "member"])
async def test_the_owner_changes_roles(client, anonymous, db, tenant: Tenant, role):
    admin, _ = await make_member(db, tenant.org_id, "admin", "a@example.com")
    _, member_id = await make_member(db, tenant.org_id, "member", "m@example.com")
    path = f"/v1/members/{member_id}/role"
    refused = await anonymous.patch(path, json={"role": role}, headers=admin.headers)
    assert refused.status_code == 403
    changed = await anonymous.patch(path, json={"role": role}, headers=tenant.headers)
    assert (changed.status_code, changed.json()["role"]) == (200, role)


@pytest.mark.parametrize("body", [{}, {"role": "owner"}, {"role": 5}])
async def test_a_wrong_role_is_named(client, db, tenant: Tenant, body):
    _, member_id = await make_member(db, tenant.org_id, "member", "m@example.com")
    response = await client.patch(f"/v1/members/{member_id}/role", json=body)
    assert (response.status_code, list(response.json())) == (400, ["role"])


async def test_the_owners_role_is_not_changed_but_handed_over(client, tenant):
    own = (await client.get("/v1/members")).json()[0]["id"]
    changed = await client.patch(f"/v1/members/{own}/role", json={"role": "member"})
    assert (changed.status_code, "transfer-ownership" in changed.json()["detail"]) == (400, True)
    again = await client.post(f"/v1/members/{own}/transfer-ownership")
    assert again.status_code == 400


async def test_ownership_is_handed_over(client, anonymous, db: Database, tenant: Tenant):
    heir, member_id = await make_member(db, tenant.org_id, "member", "heir@example.com")
    path = f"/v1/members/{member_id}/transfer-ownership"
    assert (await anonymous.post(path, headers=heir.headers)).status_code == 403
    handed = await anonymous.post(path, headers=tenant.headers)
    assert (handed.status_code, handed.json()) == (
        200,
        {"detail": "heir@example.com is the owner now."},
    )
    listed = (await client.get("/v1/members", headers=tenant.headers)).json()
    assert [one["role"] for one in listed] == ["admin", "owner"]
    assert (await anonymous.post(path, headers=tenant.headers)).status_code == 403


async def test_members_leave_and_the_owner_cannot(client, anonymous, db, tenant: Tenant):
    member, _ = await make_member(db, tenant.org_id, "member", "m@example.com")
    left = await anonymous.post("/v1/leave", headers=member.headers)
    assert (left.status_code, left.content) == (204, b"")
    assert len((await client.get("/v1/members", headers=tenant.headers)).json()) == 1
    stays = await client.post("/v1/leave", headers=tenant.headers)
    assert (stays.status_code, list(stays.json())) == (400, ["detail"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/members/999"),
        ("PATCH", "/v1/members/999/role"),
        ("POST", "/v1/members/999/transfer-ownership"),
    ],
)
async def test_a_member_that_is_not_there(client, method, path):
    response = await client.request(method, path, json={"role": "admin"})
    assert (response.status_code, list(response.json())) == (404, ["detail"])
