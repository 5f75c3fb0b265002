"""/v1/voip-connections: how they are tested, made, changed and deleted."""

from __future__ import annotations

import pytest

from tests.api.conftest import Outside, Tenant
from tests.api.people import make_member
from tests.api.voip import SIP, TRUNK, URL, make, tested
from tests.fakes.trunks import REGISTERED, WRONG_PASSWORD
from thunderbox.calls.connections import SipHost
from thunderbox.calls.ports import Registration, TrunkState
from thunderbox.store.database import Database


async def test_a_test_says_what_it_found_in_both_vocabularies(client, outside: Outside):
    response = await client.post(f"{URL}/test", json=TRUNK)
    assert response.status_code == 201
    body = response.json()
    evidence = body["verification_evidence"]
    assert body["status"] == "pass"
    assert body["verification_evidence_id"] == evidence["id"]
    assert body["suggested_connection_name"] == "SIP trunk pbx.example.com:5080"
    assert body["checks"] == {
        "credentials_valid": True,
        "inbound_reachable": True,
        "outbound_authorized": True,
    }
    assert (evidence["inbound_status"], evidence["outbound_status"]) == ("pass", "pass")
    assert "hunter2" not in response.text
    [tried] = outside.trunks.tried
    assert (tried.server, tried.user, tried.password) == ("pbx.example.com:5080", "box", "hunter2")
    assert outside.trunks.open == {}


async def test_a_test_that_fails_is_an_answer_and_no_proof(client):
    wrong = TRUNK | {"credentials": {"password": "wrong"}}
    response = await client.post(f"{URL}/test", json=wrong)
    assert (response.status_code, response.json()["status"]) == (201, "fail")
    assert "403 Forbidden" in response.json()["test_result"]["detail"]
    proof = {"verification_evidence_id": response.json()["verification_evidence_id"]}
    refused = await client.post(URL, json=wrong | proof)
    assert (refused.status_code, list(refused.json())) == (400, ["verification_evidence_id"])


async def test_a_connection_is_made_opened_and_shown_without_its_password(
    client, outside: Outside, db: Database
):
    made = await make(client, **TRUNK, name="Lab trunk")
    assert made.pop("created_at") == made.pop("updated_at")
    assert made.pop("last_tested_at") and made.pop("test_result")["status"] == "pass"
    assert made == {
        "id": made["id"],
        "name": "Lab trunk",
        "provider": "manual",
        "setup_method": "manual",
        "status": "connected",
        "inferred_name": False,
        "sip_config": SIP,
        "numbers_imported": 0,
        "credentials": {},
        "numbers_pending_verification": 0,
        "provisioning_message": None,
        "provisioning_supported": False,
        "transfer_enabled_at": None,
        "transfer_refused_at": None,
    }
    assert outside.trunks.open[made["id"]].password == "hunter2"
    kept = await db.fetch_all("SELECT * FROM voip_connections")
    assert "hunter2" not in str([tuple(row) for row in kept])
    for path in (URL, f"{URL}/{made['id']}"):
        assert "hunter2" not in (await client.get(path)).text
    assert [one["id"] for one in (await client.get(URL)).json()] == [made["id"]]


async def test_secrets_in_sip_config_are_kept_as_secrets(client, outside: Outside):
    config = {"domain": "pbx.example.com", "user": "box", "password": "hunter2"}
    made = await make(client, provider="manual", sip_config=config)
    assert made["sip_config"] == {"server": "pbx.example.com", "username": "box"}
    assert outside.trunks.open[made["id"]].password == "hunter2"
    assert made["inferred_name"] is True


@pytest.mark.parametrize(
    ("state", "status", "message"),
    [
        (REGISTERED, "connected", None),
        (WRONG_PASSWORD, "error", "Not registered: 403 Forbidden"),
        (TrunkState(Registration.REGISTERING), "pending", "Registering."),
    ],
)
async def test_how_its_trunk_stands_is_shown(
    client, outside: Outside, trunk, state, status, message
):
    outside.trunks.states[trunk["id"]] = state
    found = (await client.get(f"{URL}/{trunk['id']}")).json()
    assert (found["status"], found["provisioning_message"]) == (status, message)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "acme"}, "provider"),
        ({"provider": None}, "provider"),
        ({"credentials": "x"}, "credentials"),
        ({"credentials": {"password": 5}}, "credentials"),
        ({"credentials": {"password": "a\nb"}}, "credentials"),
        ({"sip_config": []}, "sip_config"),
        ({"sip_config": {}}, "sip_config"),
        ({"sip_config": SIP | {"server": "a b"}}, "sip_config"),
        ({"sip_config": SIP | {"server": "host:99999"}}, "sip_config"),
        ({"sip_config": SIP | {"server": "host;lr"}}, "sip_config"),
        ({"sip_config": SIP | {"username": "b@x"}}, "sip_config"),
        ({"sip_config": SIP | {"transport": "tls"}}, "sip_config"),
        ({"sip_config": SIP | {"register": "yes"}}, "sip_config"),
        ({"sip_config": SIP | {"expires_seconds": 1}}, "sip_config"),
        ({"sip_config": SIP | {"expires_seconds": True}}, "sip_config"),
        ({"sip_config": {"server": "pbx.example.com"}}, "sip_config"),
        ({"provider": "telnyx", "credentials": {}}, "credentials"),
        ({"provider": "twilio", "credentials": {"account_sid": "AC1"}}, "credentials"),
    ],
)
async def test_wrong_fields_are_named(client, outside: Outside, change, field):
    response = await client.post(f"{URL}/test", json=TRUNK | change)
    assert (response.status_code, list(response.json())) == (400, [field]), response.text
    assert outside.trunks.tried == []


async def test_a_proof_is_asked_for_and_belongs_to_what_it_proves(client, other: Tenant):
    response = await client.post(URL, json=TRUNK)
    assert (response.status_code, list(response.json())) == (400, ["verification_evidence_id"])
    proof = (await tested(client, **TRUNK))["verification_evidence_id"]
    for body, headers in (
        (TRUNK | {"credentials": {"password": "another"}}, {}),
        (TRUNK, other.headers),
        (TRUNK | {"verification_evidence_id": "0f8fad5b-d9cb-469f-a165-70867728950e"}, {}),
    ):
        body = {"verification_evidence_id": proof} | body
        response = await client.post(URL, json=body, headers=headers)
        assert (response.status_code, list(response.json())) == (400, ["verification_evidence_id"])
    assert (await client.get(URL)).json() == []


async def test_a_proof_is_good_for_a_day(client, db: Database):
    proof = (await tested(client, **TRUNK))["verification_evidence_id"]
    async with db.transaction() as tx:
        await tx.execute("UPDATE voip_evidence SET created_at = created_at - 90000000")
    response = await client.post(URL, json=TRUNK | {"verification_evidence_id": proof})
    assert "older than a day" in response.json()["verification_evidence_id"][0]


async def test_there_is_room_for_seven(client, outside: Outside):
    for number in range(7):
        await make(client, **TRUNK | {"sip_config": SIP | {"username": f"box{number}"}})
    proof = (await tested(client, **TRUNK))["verification_evidence_id"]
    response = await client.post(URL, json=TRUNK | {"verification_evidence_id": proof})
    assert (response.status_code, list(response.json())) == (403, ["detail"])
    assert len((await client.get(URL)).json()) == len(outside.trunks.open) == 7


async def test_a_name_is_changed_without_a_proof(client, outside: Outside, trunk):
    changed = (await client.patch(f"{URL}/{trunk['id']}", json={"name": "Office"})).json()
    assert (changed["name"], changed["inferred_name"]) == ("Office", False)
    assert changed["updated_at"] > trunk["updated_at"]
    assert outside.trunks.open[trunk["id"]].password == "hunter2"


async def test_new_credentials_need_a_new_proof(client, outside: Outside, trunk):
    url = f"{URL}/{trunk['id']}"
    new = {"credentials": {"password": "new"}}
    response = await client.patch(url, json=new)
    assert (response.status_code, list(response.json())) == (400, ["verification_evidence_id"])
    tried = await tested(client, provider="manual", connection_id=trunk["id"], **new)
    proof = {"verification_evidence_id": tried["verification_evidence_id"]}
    assert (await client.patch(url, json=new | proof)).status_code == 200
    assert outside.trunks.open[trunk["id"]].password == "new"
    assert outside.trunks.open[trunk["id"]].server == "pbx.example.com:5080"


@pytest.mark.parametrize(
    ("body", "field"),
    [({"name": ""}, "name"), ({"name": 5}, "name"), ({"credentials": 5}, "credentials")],
)
async def test_wrong_changes_are_named(client, trunk, body, field):
    response = await client.patch(f"{URL}/{trunk['id']}", json=body)
    assert (response.status_code, list(response.json())) == (400, [field])


async def test_a_deleted_connection_is_closed_and_its_numbers_released(
    client, outside: Outside, trunk, own_number
):
    url = f"{URL}/{trunk['id']}"
    response = await client.delete(url)
    assert (response.status_code, response.content) == (204, b"")
    assert outside.trunks.open == {}
    for method, path in (("GET", url), ("DELETE", url), ("PATCH", url)):
        assert (await client.request(method, path, json={})).status_code == 404
    assert (await client.get("/v1/phone-numbers")).json() == []


async def test_a_name_is_suggested(client, trunk):
    for body, name in (
        ({"provider": "telnyx"}, "Telnyx"),
        ({"provider": "signalwire", "credentials": {"space_url": "a.signalwire.com"}}, None),
        ({"connection_id": trunk["id"]}, "SIP trunk pbx.example.com:5080"),
        ({}, "SIP trunk"),
    ):
        response = await client.post(f"{URL}/suggest-name", json=body)
        assert response.status_code == 200
        assert response.json()["suggested_connection_name_inferred"] is True
        assert response.json()["suggested_connection_name"] == (
            name or "SignalWire a.signalwire.com"
        )


async def test_where_trunks_send_calls(client, outside: Outside, app):
    assert (await client.get(f"{URL}/sip-host")).json() == {"sip_host": "192.0.2.10:5060"}
    app.state.parts.connections.host = SipHost("", 5060)
    assert (await client.get(f"{URL}/sip-host")).json() == {"sip_host": None}


async def test_members_read_and_write_nothing(
    client, db: Database, tenant: Tenant, trunk, own_number
):
    member = (await make_member(db, tenant.org_id, "member", "m@example.com"))[0]
    headers = member.headers
    url, number_url = f"{URL}/{trunk['id']}", f"/v1/phone-numbers/{own_number['id']}"
    assert (await client.get(url, headers=headers)).status_code == 200
    for method, path, body in (
        ("POST", URL, TRUNK | {"verification_evidence_id": "x"}),
        ("POST", f"{URL}/test", TRUNK),
        ("PATCH", url, {"name": "Mine"}),
        ("DELETE", url, None),
        ("POST", f"{url}/import-numbers", {"numbers": ["+4930999"]}),
        ("POST", f"{number_url}/verify-voip", None),
        ("POST", f"{number_url}/test-inbound", None),
    ):
        response = await client.request(method, path, json=body, headers=headers)
        assert response.status_code == 403, (method, path)
    assert (await client.get(url)).json()["name"] == trunk["name"]


async def test_the_trunks_of_all_connections_are_opened_at_the_start(
    client, outside: Outside, app, trunk, db: Database
):
    connections = app.state.parts.connections
    outside.trunks.open.clear()
    await connections.start()
    assert outside.trunks.open[trunk["id"]].password == "hunter2"
    [(name, part)] = (await connections.parts()).items()
    assert name == f"connection_{trunk['id']}"
    assert (part.ok, part.facts["registration"]) == (True, "registered")
    async with db.transaction() as tx:
        await tx.execute("UPDATE voip_connections SET credentials = 'nonsense'")
    outside.trunks.open.clear()
    await connections.start()
    assert outside.trunks.open == {}
