"""/v1/phone-numbers."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.conftest import Tenant
from thunderbox.api.phone_numbers import MAX_DEMO_NUMBERS
from thunderbox.store import phone_numbers, users
from thunderbox.store.database import Database
from thunderbox.store.phone_numbers import NewPhoneNumber


@pytest.fixture
async def number(client) -> dict:
    return (await client.post("/v1/phone-numbers")).json()


async def test_a_demo_number_is_active_at_once(client):
    response = await client.post("/v1/phone-numbers")
    assert response.status_code == 201
    made = response.json()
    assert made.pop("created_at") == made.pop("updated_at")
    assert made == {
        "id": made["id"],
        "number": "+15550100000",
        "source": "demo",
        "status": "active",
        "inbound_agent_id": None,
        "outbound_agent_id": None,
        "voip_connection_id": None,
        "voip_verification_status": "unverified",
        "voip_last_verified_at": None,
        "label": "",
        "outbound_eligible": False,
        "outbound_ineligible_reason": made["outbound_ineligible_reason"],
        "sms_capability_checked_at": None,
        "sms_capable": None,
        "voip_inbound_result": None,
        "voip_inbound_status": "untested",
        "voip_inbound_test_method": None,
        "voip_inbound_tested_at": None,
        "webhook_signing_secret": None,
        "webhook_url": None,
    }
    assert made["outbound_ineligible_reason"].startswith("Demo numbers only take calls")


async def test_a_verified_number_of_ones_own_can_place_calls(client, db: Database, tenant: Tenant):
    async with db.transaction() as tx:
        new = NewPhoneNumber(
            number="+4930123456", source="voip", voip_verification_status="verified"
        )
        await phone_numbers.insert(tx, tenant.org_id, new)
    [found] = (await client.get("/v1/phone-numbers")).json()
    assert (found["outbound_eligible"], found["outbound_ineligible_reason"]) == (True, None)


async def test_an_unverified_number_cannot_place_calls(client, db: Database, tenant: Tenant):
    async with db.transaction() as tx:
        new = NewPhoneNumber(number="+4930123456", source="voip")
        await phone_numbers.insert(tx, tenant.org_id, new)
    [found] = (await client.get("/v1/phone-numbers")).json()
    assert found["outbound_eligible"] is False


async def test_numbers_are_listed_newest_first(client, number):
    later = (await client.post("/v1/phone-numbers")).json()
    listed = await client.get("/v1/phone-numbers")
    assert (listed.status_code, listed.json()) == (200, [later, number])


async def test_numbers_asked_for_at_once_differ(client):
    made = await asyncio.gather(*(client.post("/v1/phone-numbers") for _ in range(8)))
    assert len({answer.json()["number"] for answer in made}) == 8


async def test_an_idempotency_key_gives_one_number(client):
    body = {"area_code": "415", "city": "Oakland", "state": "CA", "idempotency_key": "k1"}
    first, second = [(await client.post("/v1/phone-numbers", json=body)).json() for _ in "ab"]
    assert first == second


async def test_there_is_a_limit(client):
    for _ in range(MAX_DEMO_NUMBERS):
        assert (await client.post("/v1/phone-numbers")).status_code == 201
    response = await client.post("/v1/phone-numbers")
    assert (response.status_code, list(response.json())) == (403, ["detail"])
    assert (await client.get("/v1/phone-numbers/limits")).json() == {
        "max_platform_numbers": MAX_DEMO_NUMBERS,
        "platform_numbers_used": MAX_DEMO_NUMBERS,
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_is_sent_is_changed(client, agent, number, method):
    url = f"/v1/phone-numbers/{number['id']}"
    body = {"inbound_agent_id": agent["id"], "label": "Front", "status": "active"}
    response = await client.request(method, url, json=body)
    assert response.status_code == 200
    assert (response.json()["inbound_agent_id"], response.json()["label"]) == (agent["id"], "Front")
    again = await client.request(method, url, json={"outbound_agent_id": agent["id"]})
    assert again.json()["inbound_agent_id"] == again.json()["outbound_agent_id"] == agent["id"]
    cleared = await client.request(method, url, json={"inbound_agent_id": None})
    assert cleared.json()["inbound_agent_id"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inbound_agent_id", 99),
        ("inbound_agent_id", "1"),
        ("outbound_agent_id", 2**70),
        ("label", None),
        ("status", "released"),
        ("webhook_url", 1),
        ("webhook_url", "http://example.com/hook"),
        ("webhook_url", "ftp://localhost"),
    ],
)
async def test_wrong_fields_are_named(client, number, field, value):
    response = await client.patch(f"/v1/phone-numbers/{number['id']}", json={field: value})
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_a_webhook_comes_with_a_secret_that_stays_until_it_goes(client, number):
    url = f"/v1/phone-numbers/{number['id']}"
    first = (await client.patch(url, json={"webhook_url": "https://example.com/hook"})).json()
    assert first["webhook_url"] == "https://example.com/hook"
    assert first["webhook_signing_secret"].startswith("whsec_")
    other = (await client.patch(url, json={"webhook_url": "http://localhost:8000/hook"})).json()
    assert other["webhook_signing_secret"] == first["webhook_signing_secret"]
    assert (await client.patch(url, json={"label": "x"})).json()["webhook_url"] is not None
    for nothing in (None, ""):
        gone = (await client.patch(url, json={"webhook_url": nothing})).json()
        assert (gone["webhook_url"], gone["webhook_signing_secret"]) == (None, None)


async def test_a_number_moves_without_its_webhook(
    client, db: Database, tenant: Tenant, other: Tenant, number
):
    await join(db, tenant, other.org_id, "admin")
    url = f"/v1/phone-numbers/{number['id']}"
    await client.patch(url, json={"webhook_url": "https://example.com/hook"})
    moved = (await client.post(f"{url}/transfer", json={"target_org_id": other.org_id})).json()
    assert moved["cleared_webhook_config"] is True
    assert moved["phone_number"]["webhook_signing_secret"] is None


@pytest.mark.parametrize("body", [{"area_code": "41"}, {"state": "California"}])
async def test_places_are_checked(client, body):
    response = await client.post("/v1/phone-numbers", json=body)
    assert (response.status_code, list(response.json())) == (400, list(body))


async def test_release_answers_without_a_body(client, number):
    url = f"/v1/phone-numbers/{number['id']}"
    response = await client.delete(url)
    assert (response.status_code, response.content) == (204, b"")
    assert (await client.get(url)).status_code == 404
    assert (await client.delete(url)).status_code == 404


async def test_release_with_confirm_answers_what_was_done(client, number):
    response = await client.delete(f"/v1/phone-numbers/{number['id']}?confirm=true")
    assert (response.status_code, response.json()) == (
        200,
        {"detail": "Released.", "released_at_provider": False, "routing_removed": True},
    )


async def test_release_with_confirm_false_does_nothing(client, number):
    url = f"/v1/phone-numbers/{number['id']}"
    response = await client.delete(f"{url}?confirm=false")
    assert (response.status_code, list(response.json())) == (400, ["confirm"])
    assert (await client.get(url)).status_code == 200


async def test_every_write_leaves_a_version(client, agent, number):
    url = f"/v1/phone-numbers/{number['id']}"
    await client.patch(url, json={"inbound_agent_id": agent["id"], "label": ""})
    changed = (await client.patch(url, json={"label": "Front"})).json()
    page = (await client.get(f"{url}/versions")).json()
    assert page["count"] == 3
    assert [
        (one["revision"], one["created_by"], one["changed_fields"]) for one in page["results"]
    ] == [
        (3, "acme@example.com", ["label"]),
        (2, "acme@example.com", ["inbound_agent_id"]),
        (1, "acme@example.com", []),
    ]
    assert page["results"][0]["snapshot"] == changed
    assert page["results"][2]["snapshot"] == number
    assert [one["id"] for one in page["results"]] == sorted(
        (one["id"] for one in page["results"]), reverse=True
    )


async def test_versions_are_limited(client, number):
    url = f"/v1/phone-numbers/{number['id']}"
    await client.patch(url, json={"label": "Front"})
    page = (await client.get(f"{url}/versions?limit=1")).json()
    assert (page["count"], len(page["results"])) == (2, 1)
    for limit in ("0", "101", "x"):
        response = await client.get(f"{url}/versions?limit={limit}")
        assert (response.status_code, list(response.json())) == (400, ["limit"])


async def join(db: Database, tenant: Tenant, org_id: int, role: str) -> None:
    """Make whom a tenant's key acts for a member of another organization."""
    async with db.transaction() as tx:
        owner = await users.owner(tx, tenant.org_id)
        await users.join(tx, org_id, owner.id, role)


async def test_a_number_moves_and_leaves_everything_behind(
    client, db: Database, tenant: Tenant, other: Tenant, agent, number
):
    await join(db, tenant, other.org_id, "admin")
    url = f"/v1/phone-numbers/{number['id']}"
    await client.patch(url, json={"inbound_agent_id": agent["id"], "label": "Front"})
    response = await client.post(f"{url}/transfer", json={"target_org_id": other.org_id})
    assert response.status_code == 200
    body = response.json()
    moved = body.pop("phone_number")
    assert body == {
        "source_org_id": tenant.org_id,
        "target_org_id": other.org_id,
        "cleared_agent_assignments": True,
        "cleared_webhook_config": False,
    }
    assert (moved["number"], moved["inbound_agent_id"], moved["status"]) == (
        number["number"],
        None,
        "active",
    )
    assert (await client.get(url)).status_code == 404
    assert (await client.get(url, headers=other.headers)).json() == moved
    page = (await client.get(f"{url}/versions", headers=other.headers)).json()
    assert [one["snapshot"] for one in page["results"]] == [moved]


async def test_a_number_over_a_connection_moves_without_it(
    client, db: Database, tenant: Tenant, other: Tenant
):
    await join(db, tenant, other.org_id, "admin")
    async with db.transaction() as tx:
        new = NewPhoneNumber(
            number="+4930123456",
            source="voip",
            voip_verification_status="verified",
            voip_connection_id=7,
        )
        number = await phone_numbers.insert(tx, tenant.org_id, new)
    response = await client.post(
        f"/v1/phone-numbers/{number.id}/transfer", json={"target_org_id": other.org_id}
    )
    moved = response.json()["phone_number"]
    assert (moved["voip_connection_id"], moved["status"]) == (None, "provisioning")
    assert moved["voip_verification_status"] == "unverified"
    assert moved["outbound_eligible"] is False


async def test_who_may_move_a_number_and_where_to(
    client, db: Database, tenant: Tenant, other: Tenant, number
):
    url = f"/v1/phone-numbers/{number['id']}/transfer"
    for body, status in (
        ({}, 400),
        ({"target_org_id": "x"}, 400),
        ({"target_org_id": tenant.org_id}, 400),
        ({"target_org_id": other.org_id}, 404),
        ({"target_org_id": 99}, 404),
    ):
        response = await client.post(url, json=body)
        assert response.status_code == status, body
        if status == 400:
            assert list(response.json()) == ["target_org_id"]
    await join(db, tenant, other.org_id, "member")
    response = await client.post(url, json={"target_org_id": other.org_id})
    assert (response.status_code, list(response.json())) == (403, ["detail"])
    assert (await client.get(f"/v1/phone-numbers/{number['id']}")).json() == number


async def test_a_full_organization_takes_no_demo_number(
    client, db: Database, tenant: Tenant, other: Tenant, number
):
    await join(db, tenant, other.org_id, "admin")
    for _ in range(MAX_DEMO_NUMBERS):
        await client.post("/v1/phone-numbers", headers=other.headers)
    response = await client.post(
        f"/v1/phone-numbers/{number['id']}/transfer", json={"target_org_id": other.org_id}
    )
    assert (response.status_code, list(response.json())) == (403, ["detail"])
    assert (await client.get(f"/v1/phone-numbers/{number['id']}")).status_code == 200
