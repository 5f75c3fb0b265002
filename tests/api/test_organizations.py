"""Organizations: who sees which, who may rename and delete them, and what goes with them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import AGENT, Tenant, make_call, make_tenant
from tests.api.people import make_member, make_person
from thunderbox.api import organizations as controller
from thunderbox.store import calls
from thunderbox.store.database import Database


async def test_a_key_sees_its_own_organization(client: httpx.AsyncClient, tenant, other):
    listed = (await client.get("/v1/orgs/")).json()
    assert [(one["id"], one["name"], one["role"]) for one in listed] == [
        (tenant.org_id, "Acme", "owner")
    ]
    assert (await client.get(f"/v1/orgs/{tenant.org_id}/")).json() == listed[0]
    assert sorted(listed[0]) == [
        "baa_status",
        "bolt_pipeline",
        "business_hours",
        "created_at",
        "excluded_numbers",
        "experimental_products_enabled",
        "id",
        "name",
        "phi_processing",
        "role",
        "timezone",
        "updated_at",
    ]


async def test_a_person_sees_all_their_organizations_newest_first(anonymous, db, tenant, other):
    roles = {f"org_{tenant.org_id}": "member", f"org_{other.org_id}": "admin"}
    person = await make_person(db, "pat@example.com", **roles)
    listed = (await anonymous.get("/v1/orgs", headers=person.headers)).json()
    assert [(one["name"], one["role"]) for one in listed] == [
        ("Other", "admin"),
        ("Acme", "member"),
    ]


async def test_a_person_without_an_organization_can_make_one(anonymous, db):
    person = await make_person(db, "pat@example.com")
    assert (await anonymous.get("/v1/orgs", headers=person.headers)).json() == []
    made = await anonymous.post("/v1/orgs", json={"name": "Mine"}, headers=person.headers)
    assert (made.status_code, made.json()["role"]) == (201, "owner")
    agents = await anonymous.get("/v1/agents", headers=person.headers)
    assert (agents.status_code, agents.json()) == (200, [])


async def test_a_key_makes_organizations_for_its_person_and_stays_in_its_own(client, tenant):
    made = (await client.post("/v1/orgs/", json={"name": "Second"})).json()
    assert made["role"] == "owner"
    assert (await client.get(f"/v1/orgs/{made['id']}")).status_code == 404
    assert len((await client.get("/v1/orgs")).json()) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_admins_rename(anonymous, db, tenant: Tenant, method):
    path = f"/v1/orgs/{tenant.org_id}"
    admin, _ = await make_member(db, tenant.org_id, "admin", "a@example.com")
    member, _ = await make_member(db, tenant.org_id, "member", "m@example.com")
    refused = await anonymous.request(method, path, json={"name": "X"}, headers=member.headers)
    assert (refused.status_code, list(refused.json())) == (403, ["detail"])
    renamed = await anonymous.request(method, path, json={"name": "New"}, headers=admin.headers)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "New")
    assert (await anonymous.get(path, headers=member.headers)).json()["name"] == "New"


async def test_a_patch_without_a_field_changes_nothing(client, tenant):
    path = f"/v1/orgs/{tenant.org_id}"
    before = (await client.get(path)).json()
    assert (await client.patch(path, json={"phi_processing": "phi"})).json() == before
    wrong = await client.put(path, json={"timezone": "UTC"})
    assert (wrong.status_code, list(wrong.json())) == (400, ["name"])


KEPT = {
    "timezone": "Europe/Berlin",
    "business_hours": {"monday": [{"open": "09:00", "close": "17:00"}]},
    "excluded_numbers": ["+14155550100"],
}


async def test_settings_are_kept_and_given_back(client, tenant):
    path = f"/v1/orgs/{tenant.org_id}"
    changed = (await client.patch(path, json=KEPT)).json()
    assert {name: changed[name] for name in KEPT} == KEPT
    renamed = (await client.put(path, json={"name": "New"})).json()
    assert renamed == changed | {"name": "New", "updated_at": renamed["updated_at"]}
    cleared = dict.fromkeys(KEPT)
    emptied = (await client.patch(path, json=cleared)).json()
    assert (emptied["business_hours"], emptied["excluded_numbers"]) == (None, [])
    made = (await client.post("/v1/orgs", json={"name": "Second"} | KEPT)).json()
    assert {name: made[name] for name in KEPT} == KEPT


async def test_without_a_time_zone_of_its_own_it_shows_the_machines(
    client, tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert (await client.get(f"/v1/orgs/{tenant.org_id}")).json()["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Berlin"),
        ("timezone", "../etc/passwd"),
        ("timezone", "America"),
        ("timezone", 2),
        ("excluded_numbers", "+14155550100"),
        ("excluded_numbers", [1]),
        ("excluded_numbers", ["+14155550100"] * 1_001),
        ("business_hours", "9 to 5"),
        ("business_hours", {"note": "x" * 20_000}),
    ],
)
async def test_a_wrong_setting_is_named(client, tenant, field, value):
    response = await client.patch(f"/v1/orgs/{tenant.org_id}", json={field: value})
    assert (response.status_code, list(response.json())) == (400, [field])
    assert response.json()[field][0].startswith(f"{field} is ")


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, 5, None])
async def test_a_wrong_name_is_named(client, name):
    response = await client.post("/v1/orgs", json={"name": name})
    assert (response.status_code, list(response.json())) == (400, ["name"])


async def test_the_owner_deletes_an_organization_with_all_it_holds(
    anonymous, db: Database, tenant: Tenant, other: Tenant, tmp_path: Path
):
    owner = await make_person(db, "pat@example.com", **{f"org_{other.org_id}": "member"})
    made = await anonymous.post("/v1/orgs", json={"name": "Doomed"}, headers=owner.headers)
    org_id = made.json()["id"]
    within = owner.within(org_id)
    key = (await anonymous.post("/v1/developer/api-keys", headers=within)).json()["key"]
    await anonymous.post("/v1/agents", json=AGENT, headers=within)
    call_id = await make_call(db, org_id)
    (tmp_path / "doomed.mp3").write_bytes(b"sound")
    async with db.transaction() as tx:
        await calls.set_recording(tx, call_id, "doomed.mp3", 1)
    refused = await anonymous.delete(f"/v1/orgs/{org_id}", headers=owner.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    async with db.transaction() as tx:
        await calls.finish(
            tx, call_id, status="completed", end_reason="agent_end", sip_status=200, ended_at=9
        )
    deleted = await anonymous.delete(f"/v1/orgs/{org_id}", headers=owner.headers)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await anonymous.get(f"/v1/orgs/{org_id}", headers=owner.headers)).status_code == 404
    gone = await anonymous.get("/v1/agents", headers={"Authorization": f"Bearer {key}"})
    assert gone.status_code == 401
    assert not (tmp_path / "doomed.mp3").exists()


async def test_other_organizations_write_while_one_with_many_calls_is_deleted(
    anonymous, db: Database, other: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(controller, "CALLS_AT_ONCE", 3)
    owner = await make_person(db, "pat@example.com", **{f"org_{other.org_id}": "member"})
    made = await anonymous.post("/v1/orgs", json={"name": "Doomed"}, headers=owner.headers)
    org_id = made.json()["id"]
    for _ in range(9):
        await make_call(db, org_id)
    async with db.transaction() as tx:
        await tx.execute("UPDATE calls SET status = 'completed'")
    kept = await make_call(db, other.org_id)
    deleting = asyncio.create_task(anonymous.delete(f"/v1/orgs/{org_id}", headers=owner.headers))
    left = {9}
    while not deleting.done():
        async with db.transaction() as tx:
            left.add(len(await tx.fetch_all("SELECT id FROM calls WHERE org_id = ?", (org_id,))))
    assert (await deleting).status_code == 204
    assert left == {9, 6, 3, 0}
    rows = await db.fetch_all("SELECT id FROM calls")
    assert [row[0] for row in rows] == [kept]


async def test_who_may_not_delete_an_organization(client, anonymous, db, tenant: Tenant):
    path = f"/v1/orgs/{tenant.org_id}"
    only = await client.delete(path)
    assert (only.status_code, "only organization" in only.json()["detail"]) == (400, True)
    admin, _ = await make_member(db, tenant.org_id, "admin", "a@example.com")
    refused = await anonymous.delete(path, headers=admin.headers)
    assert (refused.status_code, "only the owner" in refused.json()["detail"]) == (403, True)
    others = await client.delete(path)
    assert (others.status_code, "Other people" in others.json()["detail"]) == (400, True)


async def test_a_person_names_the_organization_that_is_meant(anonymous, db, tenant, other):
    stranger = await make_tenant(db, "Third")
    roles = {f"org_{tenant.org_id}": "member", f"org_{other.org_id}": "admin"}
    person = await make_person(db, "pat@example.com", **roles)
    for org_id, role in ((tenant.org_id, "member"), (other.org_id, "admin")):
        who = (await anonymous.get("/v1/whoami", headers=person.within(org_id))).json()
        assert (who["organization"]["id"], who["role"]) == (org_id, role)
        assert who["credential_kind"] == "session"
    unnamed = await anonymous.get("/v1/whoami", headers=person.headers)
    assert (unnamed.status_code, "2 organizations" in unnamed.json()["detail"]) == (400, True)
    foreign = await anonymous.get("/v1/whoami", headers=person.within(stranger.org_id))
    assert foreign.status_code == 404
    for wrong in ("x", "0", "-1", str(2**63), "1.5"):
        headers = {**person.headers, "X-ThunderPhone-Org": wrong}
        assert (await anonymous.get("/v1/whoami", headers=headers)).status_code == 400
