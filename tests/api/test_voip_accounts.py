"""Connections that are accounts at providers, against stand-ins of their REST APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.api.conftest import Outside
from tests.api.voip import OWN, SIP, TRUNK, URL, make, tested
from tests.peers.carriers import CREDENTIALS, CarriersServer
from tests.peers.carriers_server import KEY, NUMBERS
from thunderbox.calls.connections import SipHost
from thunderbox.carriers.accounts import Accounts
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules


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


async def test_how_it_is_set_up(client, carriers):
    body = {"provider": "telnyx", "credentials": CREDENTIALS["telnyx"]}
    proof = (await tested(client, **body))["verification_evidence_id"]
    body["verification_evidence_id"] = proof
    response = await client.post(URL, json=body | {"setup_method": "manual"})
    assert (response.status_code, list(response.json())) == (400, ["setup_method"])
    made = await client.post(URL, json=body | {"setup_method": "guided_telnyx"})
    assert made.json()["setup_method"] == "guided_telnyx"


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
