"""/v1/voip-connections, and what numbers of connections can do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.api.conftest import Outside, Tenant
from tests.api.people import make_member
from tests.fakes.trunks import REGISTERED, WRONG_PASSWORD
from tests.peers.carriers import CREDENTIALS, CarriersServer
from tests.peers.carriers_server import KEY, NUMBERS
from thunderbox.calls import voip_numbers
from thunderbox.calls.connections import SipHost
from thunderbox.calls.ports import Invitation, Registration, TrunkState
from thunderbox.carriers.accounts import Accounts
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.store.database import Database
from thunderbox.voice.leg import Answered, EndCause, Ended

URL = "/v1/voip-connections"
SIP = {"server": "pbx.example.com:5080", "username": "box"}
TRUNK = {"provider": "manual", "credentials": {"password": "hunter2"}, "sip_config": SIP}
OWN = "+4930123456"


@pytest.fixture(scope="module")
def server() -> Iterator[CarriersServer]:
    running = CarriersServer()
    yield running
    running.kill()


@pytest.fixture
def carriers(server: CarriersServer, app, outside: Outside) -> CarriersServer:
    server.forget()
    outside.http = Client(Rules(["127.0.0.0/8"]))
    accounts = Accounts(server.settings(), outside.http, outside.sleep)
    app.state.parts.connections.new_carrier = accounts
    return server


async def tested(client, **body: object) -> dict:
    return (await client.post(f"{URL}/test", json=body)).json()


async def make(client, **body: object) -> dict:
    proof = await tested(client, **body)
    body["verification_evidence_id"] = proof["verification_evidence_id"]
    response = await client.post(URL, json=body)
    assert response.status_code == 201, response.text
    return response.json()


@pytest.fixture
async def trunk(client) -> dict:
    return await make(client, **TRUNK)


@pytest.fixture
async def number(client, trunk) -> dict:
    response = await client.post(f"{URL}/{trunk['id']}/import-numbers", json={"numbers": [OWN]})
    return response.json()["results"][0]


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


async def test_a_change_that_finds_no_room_changes_nothing(client, outside: Outside, carriers):
    account = {"provider": "telnyx", "credentials": CREDENTIALS["telnyx"]}
    made = await make(client, **account)
    for number in range(7):
        await make(client, **TRUNK | {"sip_config": SIP | {"username": f"box{number}"}})
    sip = {"server": "sip.telnyx.com", "username": "box"}
    tried = await tested(client, **account, sip_config=sip)
    response = await client.patch(
        f"{URL}/{made['id']}",
        json={
            "sip_config": sip,
            "verification_evidence_id": tried["verification_evidence_id"],
        },
    )
    assert (response.status_code, list(response.json())) == (403, ["detail"])
    assert (await client.get(f"{URL}/{made['id']}")).json()["sip_config"] == {}
    assert made["id"] not in outside.trunks.open


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
    client, outside: Outside, trunk, number
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


async def test_numbers_of_a_trunk_are_imported_unverified(client, trunk, number):
    assert number == {"id": number["id"], "number": OWN, "status": "provisioning"}
    found = (await client.get(f"/v1/phone-numbers/{number['id']}")).json()
    assert (found["source"], found["voip_connection_id"]) == ("voip", trunk["id"])
    assert (found["voip_verification_status"], found["outbound_eligible"]) == ("unverified", False)
    connection = (await client.get(f"{URL}/{trunk['id']}")).json()
    assert (connection["numbers_imported"], connection["numbers_pending_verification"]) == (1, 1)
    assert (await client.get(f"{URL}/{trunk['id']}/available-numbers")).json() == []


@pytest.mark.parametrize("numbers", [None, [], ["4930"], [5], ["+49"] * 101, "x"])
async def test_wrong_numbers_are_named(client, trunk, numbers):
    url = f"{URL}/{trunk['id']}/import-numbers"
    response = await client.post(url, json={"numbers": numbers})
    assert (response.status_code, list(response.json())) == (400, ["numbers"])


async def test_a_number_in_use_is_not_imported_and_nothing_else_either(
    client, other: Tenant, trunk, number
):
    demo = (await client.post("/v1/phone-numbers", headers=other.headers)).json()["number"]
    url = f"{URL}/{trunk['id']}/import-numbers"
    for taken in (OWN, demo):
        response = await client.post(url, json={"numbers": ["+4930999", taken]})
        assert (response.status_code, list(response.json())) == (400, ["numbers"])
    assert len((await client.get("/v1/phone-numbers")).json()) == 1


async def test_a_number_of_a_registered_trunk_is_verified(client, number):
    url = f"/v1/phone-numbers/{number['id']}"
    response = await client.post(f"{url}/verify-voip")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["voip_verification_status"]) == ("active", "verified")
    assert body["verification_evidence"]["outbound_status"] == "pass"
    found = (await client.get(url)).json()
    assert (found["status"], found["outbound_eligible"]) == ("active", True)
    assert found["voip_last_verified_at"] is not None
    page = (await client.get(f"{url}/versions")).json()
    assert "voip_verification_status" in page["results"][0]["changed_fields"]


async def test_a_number_of_a_lost_trunk_is_not(client, outside: Outside, trunk, number):
    outside.trunks.states[trunk["id"]] = WRONG_PASSWORD
    url = f"/v1/phone-numbers/{number['id']}"
    response = await client.post(f"{url}/verify-voip")
    body = response.json()
    assert (response.status_code, body["status"]) == (200, "failed")
    assert body["voip_verification_status"] == "failed"
    assert "403" in body["verification_evidence"]["evidence"]["detail"]
    outside.trunks.states[trunk["id"]] = REGISTERED
    assert (await client.post(f"{url}/verify-voip")).json()["status"] == "active"
    outside.trunks.states[trunk["id"]] = WRONG_PASSWORD
    again = (await client.post(f"{url}/verify-voip")).json()
    assert (again["status"], again["voip_verification_status"]) == ("active", "failed")


async def test_a_demo_number_needs_no_verification(client):
    made = (await client.post("/v1/phone-numbers")).json()
    response = await client.post(f"/v1/phone-numbers/{made['id']}/verify-voip")
    assert (response.status_code, list(response.json())) == (400, ["detail"])


async def test_a_call_from_outside_shows_that_a_number_is_reached(
    client, outside: Outside, app, number
):
    url = f"/v1/phone-numbers/{number['id']}"
    await client.post(f"{url}/verify-voip")
    probes = app.state.parts.voip_numbers._probes

    async def arrive(line) -> None:
        assert not probes.claims(OWN, Invitation("box", "+14155550100", "192.0.2.1:5060"))
        assert probes.claims(OWN, Invitation("box", "004930123456", "192.0.2.1:5060"))

    outside.trunks.on_dial = arrive
    body = (await client.post(f"{url}/test-inbound")).json()
    probe = body["inbound_probe"]
    assert (body["voip_inbound_status"], probe["status"]) == ("passed", "pass")
    assert (probe["method"], probe["from_number"], probe["loopback"]) == ("loopback", OWN, None)
    assert probe["seconds_to_arrival"] >= 0
    found = (await client.get(url)).json()
    assert found["voip_inbound_status"] == "passed"
    assert found["voip_inbound_test_method"] == "loopback"
    assert found["voip_inbound_result"]["from_number"] == OWN
    assert not probes.claims(OWN, Invitation("box", OWN, "192.0.2.1:5060"))


@pytest.mark.parametrize(
    ("event", "outcome", "status"),
    [
        (Ended(EndCause.REFUSED, 404), "refused", 404),
        (Answered(), "answered_no_arrival", None),
    ],
)
async def test_a_call_from_outside_that_goes_elsewhere(
    client, outside: Outside, number, monkeypatch, event, outcome, status
):
    monkeypatch.setattr(voip_numbers, "ARRIVAL_SECONDS", 0.01)
    url = f"/v1/phone-numbers/{number['id']}"
    await client.post(f"{url}/verify-voip")

    async def go_elsewhere(line) -> None:
        line.near.events.put_nowait(event)

    outside.trunks.on_dial = go_elsewhere
    body = (await client.post(f"{url}/test-inbound")).json()
    assert (body["voip_inbound_status"], body["inbound_probe"]["status"]) == ("failed", "fail")
    assert body["inbound_probe"]["loopback"]["outcome"] == outcome
    assert body["inbound_probe"]["loopback"]["sip_status_code"] == status


async def test_where_no_call_from_outside_is_possible(client, number):
    demo = (await client.post("/v1/phone-numbers")).json()
    for one, word in ((demo, "demo"), (number, "verify it first")):
        body = (await client.post(f"/v1/phone-numbers/{one['id']}/test-inbound")).json()
        assert (body["voip_inbound_status"], body["voip_inbound_tested_at"]) == ("untested", None)
        assert body["inbound_probe"]["status"] == "unavailable"
        assert word in body["inbound_probe"]["detail"]


@pytest.mark.parametrize("provider", sorted(CREDENTIALS))
async def test_an_account_from_its_test_to_a_verified_number(
    client, outside: Outside, carriers, provider
):
    made = await make(client, provider=provider, credentials=CREDENTIALS[provider])
    assert (made["status"], made["setup_method"]) == ("connected", "api_key")
    assert KEY not in json.dumps(made)
    url = f"{URL}/{made['id']}"
    listed = (await client.get(f"{url}/available-numbers")).json()
    assert [one["phone_number"] for one in listed] == list(NUMBERS)
    response = await client.post(f"{url}/import-numbers", json={"numbers": [NUMBERS[0]]})
    assert (response.status_code, response.json()["imported_count"]) == (201, 1)
    [number] = response.json()["results"]
    listed = (await client.get(f"{url}/available-numbers")).json()
    assert [one["phone_number"] for one in listed] == [NUMBERS[1]]
    verified = (await client.post(f"/v1/phone-numbers/{number['id']}/verify-voip")).json()
    assert (verified["status"], verified["voip_verification_status"]) == ("active", "verified")
    found = (await client.get(f"/v1/phone-numbers/{number['id']}")).json()
    assert found["outbound_eligible"] is False
    assert "sip_config" in found["outbound_ineligible_reason"]


async def test_an_account_with_a_sip_account_places_calls(client, outside: Outside, carriers):
    sip = {"server": "sip.telnyx.com", "username": "box", "password": "p", "register": True}
    made = await make(client, provider="telnyx", credentials={"apiKey": KEY}, sip_config=sip)
    assert outside.trunks.open[made["id"]].server == "sip.telnyx.com"


async def test_a_number_that_the_account_does_not_have(client, carriers):
    made = await make(client, provider="telnyx", credentials=CREDENTIALS["telnyx"])
    response = await client.post(f"{URL}/{made['id']}/import-numbers", json={"numbers": [OWN]})
    assert (response.status_code, list(response.json())) == (400, ["numbers"])


async def test_a_provider_that_fails_is_502_and_says_so(client, carriers):
    made = await make(client, provider="telnyx", credentials=CREDENTIALS["telnyx"])
    carriers.behave(401)
    response = await client.get(f"{URL}/{made['id']}/available-numbers")
    assert (response.status_code, list(response.json())) == (502, ["detail"])
    assert "refused the credentials" in response.json()["detail"]


async def test_wrong_credentials_fail_the_test(client, carriers):
    tried = await tested(client, provider="telnyx", credentials={"api_key": "nonsense"})
    assert (tried["status"], tried["checks"]["credentials_valid"]) == ("fail", False)
    assert "refused the credentials" in tried["test_result"]["detail"]
    assert "nonsense" not in json.dumps(tried)


async def test_a_box_that_nobody_can_reach_verifies_no_number_of_an_account(client, app, carriers):
    app.state.parts.connections.host = SipHost("", 5060)
    made = await make(client, provider="telnyx", credentials=CREDENTIALS["telnyx"])
    url = f"{URL}/{made['id']}/import-numbers"
    [number] = (await client.post(url, json={"numbers": [NUMBERS[0]]})).json()["results"]
    body = (await client.post(f"/v1/phone-numbers/{number['id']}/verify-voip")).json()
    assert body["voip_verification_status"] == "failed"
    assert "sip.public_address" in body["verification_evidence"]["evidence"]["detail"]


async def test_members_read_and_write_nothing(client, db: Database, tenant: Tenant, trunk, number):
    member = (await make_member(db, tenant.org_id, "member", "m@example.com"))[0]
    headers = member.headers
    url, number_url = f"{URL}/{trunk['id']}", f"/v1/phone-numbers/{number['id']}"
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


async def test_two_tests_of_a_number_do_not_run_at_once(
    client, outside: Outside, number, monkeypatch
):
    monkeypatch.setattr(voip_numbers, "ARRIVAL_SECONDS", 0.01)
    url = f"/v1/phone-numbers/{number['id']}"
    await client.post(f"{url}/verify-voip")
    second: list[int] = []

    async def ask_again(line) -> None:
        outside.trunks.on_dial = None
        second.append((await client.post(f"{url}/test-inbound")).status_code)
        line.near.events.put_nowait(Ended(EndCause.REFUSED, 404))

    outside.trunks.on_dial = ask_again
    await client.post(f"{url}/test-inbound")
    assert second == [409]


async def test_how_it_is_set_up(client, carriers):
    body = {"provider": "telnyx", "credentials": CREDENTIALS["telnyx"]}
    proof = (await tested(client, **body))["verification_evidence_id"]
    body["verification_evidence_id"] = proof
    response = await client.post(URL, json=body | {"setup_method": "manual"})
    assert (response.status_code, list(response.json())) == (400, ["setup_method"])
    made = await client.post(URL, json=body | {"setup_method": "guided_telnyx"})
    assert made.json()["setup_method"] == "guided_telnyx"


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
