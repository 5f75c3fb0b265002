"""The providers' clients against a server that answers in their documented formats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.peers.carriers import CREDENTIALS, CarriersServer
from tests.peers.carriers_server import KEY, NUMBERS
from thunderbox.calls.ports import Carrier, CarrierNumber
from thunderbox.carrier_settings import CarriersSettings
from thunderbox.carriers.accounts import Accounts
from thunderbox.carriers.http import ATTEMPTS
from thunderbox.errors import CarrierError
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules

PROVIDERS = sorted(CREDENTIALS)


@dataclass
class Desk:
    """Clients, and what they waited."""

    server: CarriersServer
    client: Client
    waited: list[float] = field(default_factory=list)

    def account(self, provider: str, timeout: float = 10, **changes: str) -> Carrier:
        """A client of the server, with credentials that may be changed."""

        async def sleep(seconds: float) -> None:
            self.waited.append(seconds)

        accounts = Accounts(self.server.settings(timeout), self.client, sleep)
        return accounts(provider, CREDENTIALS[provider] | changes)


@pytest.fixture(scope="module")
def server() -> Iterator[CarriersServer]:
    running = CarriersServer()
    yield running
    running.kill()


@pytest.fixture
async def desk(server: CarriersServer) -> AsyncIterator[Desk]:
    server.forget()
    client = Client(Rules(["127.0.0.0/8"]))
    yield Desk(server, client)
    await client.close()


NAMES = {
    "twilio": [
        CarrierNumber(NUMBERS[0], "Line 0", ("voice", "sms")),
        CarrierNumber(NUMBERS[1], "Line 1", ("voice",)),
    ],
    "telnyx": [CarrierNumber(number, "", ("voice",)) for number in NUMBERS],
    "vonage": [
        CarrierNumber(NUMBERS[0], "landline", ("sms", "voice")),
        CarrierNumber(NUMBERS[1], "landline", ("voice",)),
    ],
}
NAMES["signalwire"] = NAMES["twilio"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_account_lets_us_in_and_lists_its_numbers(desk: Desk, provider: str) -> None:
    account = desk.account(provider)
    await account.check()
    assert await account.numbers() == NAMES[provider]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_wrong_credentials_are_said_and_not_repeated(desk: Desk, provider: str) -> None:
    secret = {"twilio": "auth_token", "telnyx": "api_key", "signalwire": "api_token"}
    account = desk.account(provider, **{secret.get(provider, "api_secret"): "wrong-secret"})
    with pytest.raises(CarrierError, match=r"refused the credentials \(401\)") as caught:
        await account.check()
    assert KEY not in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


async def test_twilio_puts_a_number_onto_a_trunk_to_this_box(desk: Desk) -> None:
    account = desk.account("twilio")
    for _ in range(2):
        await account.point(NUMBERS[0], "192.0.2.10", 5060)
    made = [one for one in desk.server.seen() if one["method"] == "POST"]
    assert [(one["path"], one["form"]) for one in made[:2]] == [
        ("/v1/Trunks", {"FriendlyName": "ThunderBox"}),
        (
            "/v1/Trunks/TK1/OriginationUrls",
            {
                "FriendlyName": "ThunderBox",
                "SipUrl": "sip:192.0.2.10:5060",
                "Weight": "10",
                "Priority": "10",
                "Enabled": "true",
            },
        ),
    ]
    assert [(one["path"], one["form"]) for one in made[2:]] == [
        ("/v1/Trunks/TK1/PhoneNumbers", {"PhoneNumberSid": "PN0"})
    ] * 2


async def test_telnyx_puts_a_number_onto_a_connection_to_this_box(desk: Desk) -> None:
    account = desk.account("telnyx")
    for _ in range(2):
        await account.point(NUMBERS[0], "192.0.2.10", 5060)
    made = [one for one in desk.server.seen() if one["method"] != "GET"]
    assert [(one["method"], one["path"]) for one in made] == [
        ("POST", "/v2/ip_connections"),
        ("POST", "/v2/ips"),
        ("PATCH", "/v2/phone_numbers/0"),
        ("PATCH", "/v2/phone_numbers/0"),
    ]
    assert made[1]["json"] == {
        "ip_address": "192.0.2.10",
        "port": 5060,
        "connection_id": "ip_connections-1",
    }
    assert made[2]["json"] == {"connection_id": "ip_connections-1"}


async def test_telnyx_takes_the_connection_that_it_is_told(desk: Desk) -> None:
    await desk.account("telnyx", connection_id="77").point(NUMBERS[0], "192.0.2.10", 5060)
    made = [one for one in desk.server.seen() if one["method"] != "GET"]
    assert [one["json"] for one in made] == [{"connection_id": "77"}]


async def test_signalwire_gets_a_document_that_dials_this_box(desk: Desk) -> None:
    await desk.account("signalwire").point(NUMBERS[0], "192.0.2.10", 5060)
    document, change = [one for one in desk.server.seen() if one["method"] == "POST"]
    assert document["form"]["Contents"] == (
        f"<Response><Dial><Sip>sip:{NUMBERS[0]}@192.0.2.10:5060</Sip></Dial></Response>"
    )
    assert change["form"] == {"VoiceUrl": "https://laml.test/bin-1", "VoiceMethod": "POST"}


async def test_vonage_forwards_a_number_to_this_box(desk: Desk) -> None:
    await desk.account("vonage").point(NUMBERS[0], "192.0.2.10", 5060)
    [change] = [one for one in desk.server.seen() if one["method"] == "POST"]
    assert change["form"] == {
        "country": "US",
        "msisdn": NUMBERS[0][1:],
        "voiceCallbackType": "sip",
        "voiceCallbackValue": f"sip:{NUMBERS[0]}@192.0.2.10:5060",
    }


async def test_a_change_that_vonage_refuses_inside_a_good_answer(desk: Desk) -> None:
    with pytest.raises(CarrierError, match=r"did not change \+14155550102 \(420\)"):
        await desk.account("vonage").point(NUMBERS[1], "192.0.2.10", 5060)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_number_of_somebody_else(desk: Desk, provider: str) -> None:
    with pytest.raises(CarrierError, match="is not a number of this account"):
        await desk.account(provider).point("+4930111", "192.0.2.10", 5060)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_provider_that_is_busy_is_asked_again_after_its_wait(
    desk: Desk, provider: str
) -> None:
    desk.server.behave(429, times=ATTEMPTS - 1, headers={"Retry-After": "3"})
    await desk.account(provider).check()
    assert desk.waited == [3.0, 3.0]


async def test_a_date_may_say_how_long_to_wait(desk: Desk) -> None:
    later = datetime.now(UTC) + timedelta(seconds=8)
    desk.server.behave(429, headers={"Retry-After": format_datetime(later, usegmt=True)})
    await desk.account("telnyx").check()
    assert 5 < desk.waited[0] <= 8


@pytest.mark.parametrize(("asked", "said"), [("3", "3 s"), ("600", "600 s"), ("soon", "1 s")])
async def test_a_provider_that_stays_busy(desk: Desk, asked: str, said: str) -> None:
    desk.server.behave(429, times=ATTEMPTS, headers={"Retry-After": asked})
    with pytest.raises(CarrierError, match=f"no more requests for now; try again in {said}"):
        await desk.account("telnyx").check()
    assert len(desk.server.seen()) == (1 if asked == "600" else ATTEMPTS)


async def test_trouble_of_the_provider_is_asked_about_again(desk: Desk) -> None:
    desk.server.behave(503, times=ATTEMPTS - 1)
    await desk.account("twilio").check()
    desk.server.behave(500, times=ATTEMPTS)
    with pytest.raises(CarrierError, match=r"Twilio has trouble of its own \(500\)"):
        await desk.account("twilio").check()


async def test_what_changes_something_is_asked_once(desk: Desk) -> None:
    desk.server.behave(404)  # the list of numbers
    with pytest.raises(CarrierError, match=r"knows nothing of that \(404\)"):
        await desk.account("vonage").point(NUMBERS[0], "192.0.2.10", 5060)
    assert len(desk.server.seen()) == 1


@pytest.mark.parametrize(
    "body",
    ["", "<html>It works!</html>", "[]", '{"numbers": 5}', '{"numbers": [{"msisdn": 1}]}', "\x00"],
)
async def test_an_answer_that_is_none(desk: Desk, body: str) -> None:
    desk.server.behave(200, body=body)
    with pytest.raises(CarrierError, match="in a form that is not understood"):
        await desk.account("vonage").check()


async def test_an_answer_without_end(desk: Desk) -> None:
    desk.server.behave(200, body=" " * 5_000_000)
    with pytest.raises(CarrierError, match="more than it should"):
        await desk.account("vonage").check()


async def test_a_provider_that_does_not_answer(desk: Desk) -> None:
    desk.server.behave(200, after=5)
    with pytest.raises(CarrierError, match=r"Telnyx did not answer within 0\.2 s"):
        await desk.account("telnyx", timeout=0.2).check()


async def test_a_provider_that_is_not_there(desk: Desk) -> None:
    desk.server = CarriersServer()
    account = desk.account("telnyx")
    desk.server.kill()
    with pytest.raises(CarrierError, match="Telnyx cannot be reached"):
        await account.check()


async def test_a_redirect_is_not_followed(desk: Desk) -> None:
    desk.server.behave(302, headers={"Location": f"{desk.server.url}/v2/phone_numbers"})
    with pytest.raises(CarrierError, match=r"refused the request \(302\)"):
        await desk.account("telnyx").check()
    assert len(desk.server.seen()) == 1


async def test_a_next_page_elsewhere_is_not_asked(desk: Desk) -> None:
    desk.server.behave(
        200, body='{"incoming_phone_numbers": [], "next_page_uri": "//elsewhere.test/"}'
    )
    with pytest.raises(CarrierError, match="next page that is none"):
        await desk.account("twilio").numbers()


@pytest.mark.parametrize(
    "space",
    ["127.0.0.1:8080", "signalwire.com.evil.test", "a/b.signalwire.com", "x@signalwire.com"],
)
async def test_only_spaces_of_signalwire_are_asked(space: str) -> None:
    accounts = Accounts(CarriersSettings(), Client(Rules()))
    with pytest.raises(CarrierError, match="space_url must look like"):
        accounts("signalwire", CREDENTIALS["signalwire"] | {"space_url": space})
    accounts("signalwire", CREDENTIALS["signalwire"])


async def test_an_id_cannot_lead_elsewhere(desk: Desk) -> None:
    with pytest.raises(CarrierError, match="account_sid must be the id"):
        desk.account("twilio", account_sid="../../v1/Trunks")
