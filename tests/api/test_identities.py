"""Who asks is looked up once, and again as soon as anything was committed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import httpx
import pytest
from litestar import Litestar

from tests.api.conftest import Tenant
from tests.api.people import make_person
from tests.fakes.clock import Seconds
from thunderbox.api.identities import LIFE_S, REMEMBERED, Identities
from thunderbox.store import api_keys, members
from thunderbox.store.database import Database


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def reads(db: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is read with."""
    asked: list[str] = []
    fetch_all = db.fetch_all

    async def noted(sql: str, params=()):
        asked.append(sql)
        return await fetch_all(sql, params)

    monkeypatch.setattr(db, "fetch_all", noted)
    return asked


async def test_a_holder_is_looked_up_once_while_nothing_is_written(db, tenant: Tenant, reads):
    identities = Identities()
    first = await identities.of(db, tenant.key)
    assert first == await identities.of(db, tenant.key)
    assert len(reads) == 1


async def test_what_is_remembered_has_an_end(db, tenant: Tenant, clock: Seconds, reads):
    identities = Identities(clock)
    await identities.of(db, tenant.key)
    clock.now += LIFE_S
    await identities.of(db, tenant.key)
    assert len(reads) == 2


async def test_an_unknown_key_is_never_remembered(db, tenant: Tenant, reads):
    identities = Identities()
    assert [await identities.of(db, "sk_live_00") for _ in range(2)] == [None, None]
    assert len(reads) == 2


async def test_memory_is_bounded(db, tenant: Tenant):
    identities = Identities()
    async with db.transaction() as tx:
        secrets = [api_keys.new_secret() for _ in range(REMEMBERED + 1)]
        for secret in secrets:
            await api_keys.insert(tx, tenant.org_id, "One of many", secret)
    for secret in secrets:
        assert await identities.of(db, secret) is not None
    assert len(identities._known) <= REMEMBERED


async def test_a_key_that_another_program_revokes_is_refused_at_once(
    app: Litestar, client: httpx.AsyncClient, db: Database
):
    assert [(await client.get("/v1/agents")).status_code for _ in range(2)] == [200, 200]
    await app.state.usage.drain()
    assert (await client.get("/v1/agents")).status_code == 200
    with closing(sqlite3.connect(db.path)) as other, other:
        other.execute("UPDATE api_keys SET revoked_at = 1")
    assert (await client.get("/v1/agents")).status_code == 401


async def test_a_role_that_was_taken_away_is_gone_at_once(
    client: httpx.AsyncClient, db: Database, tenant: Tenant
):
    assert (await client.post("/v1/developer/api-keys", json={"name": "x"})).status_code == 201
    async with db.transaction() as tx:
        await tx.execute("UPDATE members SET role = 'member' WHERE org_id = ?", (tenant.org_id,))
    assert (await client.post("/v1/developer/api-keys", json={"name": "x"})).status_code == 403


async def test_a_person_who_is_signed_out_is_refused_at_once(
    anonymous: httpx.AsyncClient, db: Database, tenant: Tenant
):
    person = await make_person(db, "pat@example.com", **{f"org_{tenant.org_id}": "member"})
    assert await members.of_user(db, tenant.org_id, person.user_id)
    for _ in range(2):
        answer = await anonymous.get("/v1/agents", headers=person.headers)
        assert answer.status_code == 200
    ended = await anonymous.post("/v1/auth/sign-out", headers=person.headers)
    assert ended.is_success
    answer = await anonymous.get("/v1/agents", headers=person.headers)
    assert answer.status_code == 401
