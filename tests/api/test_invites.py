"""Invites: made, shown, accepted, declined, revoked, expired, and asked for."""

from __future__ import annotations

import pytest

from tests.api.conftest import Tenant
from tests.api.people import make_member, make_person
from thunderbox.store import users
from thunderbox.store.database import Database

INVITED = "new@example.com"


@pytest.fixture
async def invite(client) -> dict:
    response = await client.post("/v1/invites", json={"email": INVITED, "role": "admin"})
    assert response.status_code == 201
    return response.json()


async def expire(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("UPDATE invites SET expires_at = 1")


async def test_an_invite_is_open_for_a_week(client, invite):
    assert (invite["email"], invite["role"], invite["status"]) == (INVITED, "admin", "pending")
    assert invite["invited_by_email"] == "acme@example.com"
    assert invite["created_at"][11:] == invite["expires_at"][11:]
    assert (await client.get("/v1/invites")).json() == [invite]


async def test_members_do_not_invite(anonymous, db, tenant: Tenant):
    member, _ = await make_member(db, tenant.org_id, "member", "m@example.com")
    for method in ("GET", "POST"):
        response = await anonymous.request(
            method, "/v1/invites", json={"email": INVITED}, headers=member.headers
        )
        assert response.status_code == 403
    refused = await anonymous.delete("/v1/invites/1", headers=member.headers)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": INVITED, "role": "owner"}, "role"),
    ],
)
async def test_a_wrong_invite_is_named(client, body, field):
    response = await client.post("/v1/invites", json=body)
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_a_member_is_not_invited_again(client, tenant):
    response = await client.post("/v1/invites", json={"email": "ACME@example.com"})
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


async def test_a_second_invite_ends_the_first(client, invite):
    again = (await client.post("/v1/invites", json={"email": INVITED})).json()
    assert (await client.get("/v1/invites")).json() == [again]
    first = (await client.get(f"/v1/invites/{invite['token']}")).json()
    assert first["status"] == "revoked"


async def test_the_link_shows_the_invite_without_a_key(client, anonymous, invite):
    del anonymous.headers["Authorization"]
    shown = await anonymous.get(f"/v1/invites/{invite['token']}")
    assert shown.json() == invite | {"org_name": "Acme"}


@pytest.mark.parametrize("token", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e", "5"])
async def test_a_link_that_leads_nowhere(client, token):
    for method, path in (("GET", ""), ("POST", "/accept"), ("POST", "/decline")):
        response = await client.request(method, f"/v1/invites/{token}{path}")
        assert (response.status_code, list(response.json())) == (404, ["detail"])


async def test_who_is_invited_accepts_once(client, anonymous, db, tenant: Tenant, invite):
    person = await make_person(db, INVITED.upper())
    path = f"/v1/invites/{invite['token']}/accept"
    accepted = await anonymous.post(path, headers=person.headers)
    assert accepted.status_code == 200
    assert accepted.json() == {
        "detail": "You are a member of Acme now, as admin.",
        "org_id": tenant.org_id,
    }
    assert await users.role_in(db, tenant.org_id, person.user_id) == "admin"
    again = await anonymous.post(path, headers=person.headers)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert (await client.get("/v1/invites", headers=tenant.headers)).json() == []


async def test_an_invite_is_for_one_person(anonymous, db, invite):
    stranger = await make_person(db, "stranger@example.com")
    for action in ("accept", "decline"):
        path = f"/v1/invites/{invite['token']}/{action}"
        response = await anonymous.post(path, headers=stranger.headers)
        assert (response.status_code, INVITED in response.json()["detail"]) == (403, True)


async def test_a_declined_invite_is_over(client, anonymous, db, tenant: Tenant, invite):
    person = await make_person(db, INVITED)
    path = f"/v1/invites/{invite['token']}"
    declined = await anonymous.post(f"{path}/decline", headers=person.headers)
    assert (declined.status_code, list(declined.json())) == (200, ["detail"])
    for action in ("accept", "decline"):
        response = await anonymous.post(f"{path}/{action}", headers=person.headers)
        assert (response.status_code, "declined" in response.json()["detail"]) == (410, True)


async def test_a_revoked_invite_is_over(client, anonymous, db, tenant: Tenant, invite):
    person = await make_person(db, INVITED)
    path = f"/v1/invites/{invite['id']}"
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 404
    accept = f"/v1/invites/{invite['token']}/accept"
    response = await anonymous.post(accept, headers=person.headers)
    assert (response.status_code, "revoked" in response.json()["detail"]) == (410, True)
    ask = f"/v1/invites/{invite['token']}/request-access"
    assert (await anonymous.post(ask, headers=person.headers)).status_code == 403


async def test_an_expired_invite_is_over_until_somebody_asks(
    client, anonymous, db, tenant: Tenant, invite
):
    person = await make_person(db, INVITED)
    await expire(db)
    path = f"/v1/invites/{invite['token']}"
    late = await anonymous.post(f"{path}/accept", headers=person.headers)
    assert (late.status_code, "expired" in late.json()["detail"]) == (410, True)
    assert (await client.get("/v1/invites", headers=tenant.headers)).json() == []
    asked = await anonymous.post(f"{path}/request-access", headers=person.headers)
    assert (asked.status_code, asked.content) == (204, b"")
    [shown] = (await client.get("/v1/invites", headers=tenant.headers)).json()
    assert (shown["status"], shown["access_requested_by"]) == ("expired", INVITED)
    again = await client.post("/v1/invites", json={"email": INVITED}, headers=tenant.headers)
    assert (await client.get("/v1/invites", headers=tenant.headers)).json() == [again.json()]


async def test_a_member_asks_for_nothing(client, tenant, invite):
    response = await client.post(f"/v1/invites/{invite['token']}/request-access")
    assert response.status_code == 409


async def test_who_has_no_account_signs_up_by_the_invite(client, anonymous, tenant, invite):
    body = {"invite_token": invite["token"], "password": "a long password", "first_name": "Nia"}
    del anonymous.headers["Authorization"]
    made = await anonymous.post("/v1/auth/sign-up", json=body)
    assert made.status_code == 201
    assert made.json()["user"]["email"] == INVITED
    assert made.json()["organizations"] == [{"id": tenant.org_id, "name": "Acme", "role": "admin"}]
    headers = {"Authorization": f"Token {made.json()['token']}"}
    assert (await anonymous.get("/v1/members", headers=headers)).status_code == 200
    again = await anonymous.post("/v1/auth/sign-up", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_nobody_signs_up_by_an_invite_that_is_over(anonymous, db, invite):
    await expire(db)
    body = {"invite_token": invite["token"], "password": "a long password"}
    assert (await anonymous.post("/v1/auth/sign-up", json=body)).status_code == 410
    assert await users.by_email(db, INVITED) is None
    wrong = await anonymous.post("/v1/auth/sign-up", json=body | {"invite_token": "x"})
    assert wrong.status_code == 404
