"""Signing in and out, passwords, and personal tokens."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import Tenant
from tests.api.people import PASSWORD, Person, make_person
from thunderbox.store import tokens, users
from thunderbox.store.database import Database


@pytest.fixture
async def person(db: Database, tenant: Tenant) -> Person:
    return await make_person(db, "pat@example.com", **{f"org_{tenant.org_id}": "member"})


async def sign_in(anonymous: httpx.AsyncClient, **fields: str) -> httpx.Response:
    body = {"email": "pat@example.com", "password": PASSWORD}
    return await anonymous.post("/v1/auth/sign-in", json=body | fields)


async def test_signing_in_begins_a_session(anonymous, tenant: Tenant, person: Person):
    response = await sign_in(anonymous, email="Pat@Example.com", name="Firefox")
    assert response.status_code == 201
    session = response.json()
    assert session["user"] == {
        "id": person.user_id,
        "email": "pat@example.com",
        "first_name": "Pat",
        "last_name": "Doe",
    }
    assert session["organizations"] == [{"id": tenant.org_id, "name": "Acme", "role": "member"}]
    for scheme in ("Token", "Bearer"):
        headers = {"Authorization": f"{scheme} {session['token']}"}
        who = (await anonymous.get("/v1/whoami", headers=headers)).json()
        assert who == {
            "credential_kind": "session",
            "key_label": "Firefox",
            "key_prefix": session["token"][:11],
            "oauth_client_id": None,
            "organization": {"id": tenant.org_id, "name": "Acme"},
            "role": "member",
            "scopes": [],
        }
        me = (await anonymous.get("/v1/auth/me", headers=headers)).json()
        assert (me["user"], me["organizations"]) == (session["user"], session["organizations"])


@pytest.mark.parametrize(
    "fields", [{"password": "wrong"}, {"email": "nobody@example.com"}, {"password": ""}]
)
async def test_wrong_passwords_and_unknown_people_are_told_the_same(anonymous, person, fields):
    response = await sign_in(anonymous, **fields)
    assert (response.status_code, response.json()) == (
        401,
        {"detail": "The e-mail address or the password is wrong."},
    )


async def test_who_has_no_password_cannot_sign_in(anonymous, db, tenant: Tenant):
    assert await users.by_email(db, "acme@example.com")
    response = await sign_in(anonymous, email="acme@example.com", password="")
    assert response.status_code == 401


async def test_only_a_hash_of_a_password_is_stored(anonymous, db, person: Person):
    stored = await users.password_hash(db, person.user_id)
    assert stored is not None
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


async def test_signing_out_ends_the_session(anonymous, person: Person):
    token = (await sign_in(anonymous)).json()["token"]
    headers = {"Authorization": f"Token {token}"}
    out = await anonymous.post("/v1/auth/sign-out", headers=headers)
    assert (out.status_code, out.content) == (204, b"")
    refused = await anonymous.get("/v1/auth/me", headers=headers)
    assert (refused.status_code, "Sign in again" in refused.json()["detail"]) == (401, True)
    assert (await anonymous.get("/v1/auth/me", headers=person.headers)).status_code == 200


async def test_a_session_ends_by_itself(anonymous, db, person: Person):
    token = (await sign_in(anonymous)).json()["token"]
    headers = {"Authorization": f"Token {token}"}
    assert (await anonymous.get("/v1/auth/me", headers=headers)).status_code == 200
    async with db.transaction() as tx:
        await tx.execute("UPDATE tokens SET expires_at = 1 WHERE expires_at IS NOT NULL")
    assert (await anonymous.get("/v1/auth/me", headers=headers)).status_code == 401


async def test_another_password_ends_every_other_session(anonymous, db, person: Person):
    other = (await sign_in(anonymous)).json()["token"]
    body = {"current_password": PASSWORD, "new_password": "another long one"}
    wrong = await anonymous.post(
        "/v1/auth/password", json=body | {"current_password": "x"}, headers=person.headers
    )
    assert (wrong.status_code, list(wrong.json())) == (403, ["detail"])
    short = await anonymous.post(
        "/v1/auth/password", json=body | {"new_password": "short"}, headers=person.headers
    )
    assert (short.status_code, list(short.json())) == (400, ["new_password"])
    changed = await anonymous.post("/v1/auth/password", json=body, headers=person.headers)
    assert changed.status_code == 200
    refused = await anonymous.get("/v1/auth/me", headers={"Authorization": f"Token {other}"})
    assert refused.status_code == 401
    assert (await anonymous.get("/v1/auth/me", headers=person.headers)).status_code == 200
    assert (await sign_in(anonymous)).status_code == 401
    assert (await sign_in(anonymous, password="another long one")).status_code == 201


async def test_a_personal_token_works_until_it_is_ended(anonymous, tenant, person: Person):
    made = await anonymous.post("/v1/auth/tokens", json={"name": "Script"}, headers=person.headers)
    assert made.status_code == 201
    token = made.json()
    assert token["token"].startswith(token["token_prefix"])
    headers = {"Authorization": f"Token {token['token']}"}
    who = (await anonymous.get("/v1/whoami", headers=headers)).json()
    assert (who["credential_kind"], who["key_label"]) == ("session", "Script")
    [listed] = (await anonymous.get("/v1/auth/tokens", headers=person.headers)).json()
    assert (listed["id"], "token" in listed) == (token["id"], False)
    path = f"/v1/auth/tokens/{token['id']}"
    assert (await anonymous.delete(path, headers=person.headers)).status_code == 204
    assert (await anonymous.get("/v1/whoami", headers=headers)).status_code == 401
    assert (await anonymous.delete(path, headers=person.headers)).status_code == 404


async def test_a_personal_token_may_expire(anonymous, person: Person):
    body = {"expires_days": 30}
    made = (await anonymous.post("/v1/auth/tokens", json=body, headers=person.headers)).json()
    assert made["expires_at"][11:19] == made["created_at"][11:19]
    for days in (0, 3651, "x"):
        response = await anonymous.post(
            "/v1/auth/tokens", json={"expires_days": days}, headers=person.headers
        )
        assert (response.status_code, list(response.json())) == (400, ["expires_days"])


async def test_tokens_of_others_are_not_there(anonymous, db, person: Person):
    made = (await anonymous.post("/v1/auth/tokens", headers=person.headers)).json()
    stranger = await make_person(db, "stranger@example.com")
    assert (await anonymous.get("/v1/auth/tokens", headers=stranger.headers)).json() == []
    path = f"/v1/auth/tokens/{made['id']}"
    assert (await anonymous.delete(path, headers=stranger.headers)).status_code == 404
    assert (await anonymous.delete(path, headers=person.headers)).status_code == 204


async def test_use_of_a_token_is_noted(app, anonymous, db, person: Person):
    made = (await anonymous.post("/v1/auth/tokens", headers=person.headers)).json()
    await anonymous.get("/v1/auth/me", headers={"Authorization": f"Token {made['token']}"})
    await app.state.usage.drain()
    [listed] = await tokens.page(db, person.user_id, "personal")
    assert listed.last_used_at is not None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/auth/me"),
        ("POST", "/v1/auth/sign-out"),
        ("POST", "/v1/auth/password"),
        ("GET", "/v1/auth/tokens"),
        ("POST", "/v1/auth/tokens"),
    ],
)
async def test_a_key_is_no_person(client, method, path):
    response = await client.request(method, path, json={})
    assert (response.status_code, "sign in" in response.json()["detail"]) == (403, True)


@pytest.mark.parametrize("token", ["tbs_", "tbp_0000", "tbs_é"])
async def test_tokens_that_nobody_has(anonymous, token):
    headers = {"Authorization": f"Token {token}".encode("latin-1")}
    response = await anonymous.get("/v1/whoami", headers=headers)
    assert response.status_code == 401
