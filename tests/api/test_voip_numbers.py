"""Numbers of connections: taken over, verified, and called from outside."""

from __future__ import annotations

import pytest

from tests.api.conftest import Outside, Tenant
from tests.api.voip import OWN, URL
from tests.fakes.trunks import REGISTERED, WRONG_PASSWORD
from thunderbox.calls import voip_numbers
from thunderbox.calls.ports import Invitation
from thunderbox.voice.leg import Answered, EndCause, Ended


async def test_numbers_of_a_trunk_are_imported_unverified(client, trunk, own_number):
    assert own_number == {"id": own_number["id"], "number": OWN, "status": "provisioning"}
    found = (await client.get(f"/v1/phone-numbers/{own_number['id']}")).json()
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
    client, other: Tenant, trunk, own_number
):
    demo = (await client.post("/v1/phone-numbers", headers=other.headers)).json()["number"]
    url = f"{URL}/{trunk['id']}/import-numbers"
    for taken in (OWN, demo):
        response = await client.post(url, json={"numbers": ["+4930999", taken]})
        assert (response.status_code, list(response.json())) == (400, ["numbers"])
    assert len((await client.get("/v1/phone-numbers")).json()) == 1


async def test_a_number_of_a_registered_trunk_is_verified(client, own_number):
    url = f"/v1/phone-numbers/{own_number['id']}"
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


async def test_a_number_of_a_lost_trunk_is_not(client, outside: Outside, trunk, own_number):
    outside.trunks.states[trunk["id"]] = WRONG_PASSWORD
    url = f"/v1/phone-numbers/{own_number['id']}"
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
    client, outside: Outside, app, own_number
):
    url = f"/v1/phone-numbers/{own_number['id']}"
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
    client, outside: Outside, own_number, monkeypatch, event, outcome, status
):
    monkeypatch.setattr(voip_numbers, "ARRIVAL_SECONDS", 0.01)
    url = f"/v1/phone-numbers/{own_number['id']}"
    await client.post(f"{url}/verify-voip")

    async def go_elsewhere(line) -> None:
        line.near.events.put_nowait(event)

    outside.trunks.on_dial = go_elsewhere
    body = (await client.post(f"{url}/test-inbound")).json()
    assert (body["voip_inbound_status"], body["inbound_probe"]["status"]) == ("failed", "fail")
    assert body["inbound_probe"]["loopback"]["outcome"] == outcome
    assert body["inbound_probe"]["loopback"]["sip_status_code"] == status


async def test_where_no_call_from_outside_is_possible(client, own_number):
    demo = (await client.post("/v1/phone-numbers")).json()
    for one, word in ((demo, "demo"), (own_number, "verify it first")):
        body = (await client.post(f"/v1/phone-numbers/{one['id']}/test-inbound")).json()
        assert (body["voip_inbound_status"], body["voip_inbound_tested_at"]) == ("untested", None)
        assert body["inbound_probe"]["status"] == "unavailable"
        assert word in body["inbound_probe"]["detail"]


async def test_two_tests_of_a_number_do_not_run_at_once(
    client, outside: Outside, own_number, monkeypatch
):
    monkeypatch.setattr(voip_numbers, "ARRIVAL_SECONDS", 0.01)
    url = f"/v1/phone-numbers/{own_number['id']}"
    await client.post(f"{url}/verify-voip")
    second: list[int] = []

    async def ask_again(line) -> None:
        outside.trunks.on_dial = None
        second.append((await client.post(f"{url}/test-inbound")).status_code)
        line.near.events.put_nowait(Ended(EndCause.REFUSED, 404))

    outside.trunks.on_dial = ask_again
    await client.post(f"{url}/test-inbound")
    assert second == [409]
