"""POST /v1/calls/{id}/listen and /whisper."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from tests.api.conftest import Outside, Tenant, make_call
from tests.fakes.running_call import FakeCall
from thunderbox.store.database import Database


@pytest.fixture
async def call_id(db: Database, tenant: Tenant) -> int:
    """A call of the tenant."""
    return await make_call(db, tenant.org_id)


@pytest.fixture
def running(outside: Outside, call_id: int) -> FakeCall:
    """It is in progress."""
    outside.running[call_id] = call = FakeCall()
    return call


async def test_a_supervisor_gets_a_ticket_to_a_room_of_their_own(
    client: httpx.AsyncClient, running: FakeCall, call_id: int, outside: Outside
) -> None:
    answers = [await client.post(f"/v1/calls/{call_id}/listen", json={}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == {
        "server_url": "ws://box.test",
        "token": outside.rooms.seats[0].ticket.token,
        "room_name": outside.rooms.seats[0].ticket.room_name,
    }
    assert answers[0].json()["token"] != answers[1].json()["token"]


@pytest.mark.parametrize(
    ("public_url", "server_url"),
    [
        ("https://phone.example.com", "wss://phone.example.com"),
        ("https://example.com:8443/", "wss://example.com:8443"),
        ("http://10.0.0.2:8080", "ws://10.0.0.2:8080"),
    ],
)
async def test_a_room_is_where_the_operator_says_that_the_box_is(
    client: httpx.AsyncClient,
    running: FakeCall,
    call_id: int,
    app: Any,
    public_url: str,
    server_url: str,
) -> None:
    settings = app.state.parts.settings
    api = msgspec.structs.replace(settings.api, public_url=public_url)
    app.state.parts = replace(app.state.parts, settings=msgspec.structs.replace(settings, api=api))
    answer = await client.post(f"/v1/calls/{call_id}/listen")
    assert answer.json()["server_url"] == server_url


async def test_a_room_is_reached_with_tls_where_the_box_was(
    client: httpx.AsyncClient, running: FakeCall, call_id: int
) -> None:
    answer = await client.post(f"https://box.lan:8443/v1/calls/{call_id}/listen")
    assert answer.json()["server_url"] == "wss://box.lan:8443"


async def test_a_whisper_reaches_the_agent(
    client: httpx.AsyncClient,
    running: FakeCall,
    call_id: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await client.post(
            f"/v1/calls/{call_id}/whisper", json={"text": " Offer\n a discount. "}
        )
    assert (answer.status_code, answer.json()) == (202, {"status": "sent"})
    assert running.whispered == ["Offer a discount."]
    assert f"Call {call_id}: acme@example.com whispers to the agent" in caplog.messages
    assert "discount" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": "\x00"},
        {"text": 5},
        {"text": None},
        {"text": "x" * 1001},
    ],
)
async def test_a_whisper_is_a_text_of_up_to_1000_characters(
    client: httpx.AsyncClient, running: FakeCall, call_id: int, body: dict[str, Any]
) -> None:
    answer = await client.post(f"/v1/calls/{call_id}/whisper", json=body)
    assert answer.status_code == 400
    assert list(answer.json()) == ["text"]
    assert running.whispered == []


@pytest.mark.parametrize("what", ["listen", "whisper"])
async def test_a_call_that_is_over_is_409(
    client: httpx.AsyncClient, call_id: int, what: str
) -> None:
    answer = await client.post(f"/v1/calls/{call_id}/{what}", json={"text": "Hello."})
    assert answer.status_code == 409
    assert answer.json() == {"detail": f"Call {call_id} is over.", "code": "call_over"}


@pytest.mark.parametrize("what", ["listen", "whisper"])
async def test_a_call_that_rings_is_409(
    client: httpx.AsyncClient, outside: Outside, call_id: int, what: str
) -> None:
    outside.running[call_id] = FakeCall(talks=False)
    answer = await client.post(f"/v1/calls/{call_id}/{what}", json={"text": "Hello."})
    assert answer.status_code == 409
    assert answer.json()["code"] == "call_not_answered"


@pytest.mark.parametrize("what", ["listen", "whisper"])
async def test_a_call_that_is_not_there_is_404(client: httpx.AsyncClient, what: str) -> None:
    answer = await client.post(f"/v1/calls/99/{what}", json={"text": "Hello."})
    assert answer.status_code == 404


@pytest.mark.parametrize("what", ["listen", "whisper"])
async def test_a_running_call_of_others_is_404(
    anonymous: httpx.AsyncClient, running: FakeCall, call_id: int, other: Tenant, what: str
) -> None:
    answer = await anonymous.post(
        f"/v1/calls/{call_id}/{what}", json={"text": "Hello."}, headers=other.headers
    )
    assert answer.status_code == 404
    assert running.whispered == []


async def test_a_sixth_supervisor_is_409(
    client: httpx.AsyncClient, running: FakeCall, call_id: int
) -> None:
    answers = [await client.post(f"/v1/calls/{call_id}/listen") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [409]
    assert answers[-1].json()["code"] == "seats_taken"


async def test_a_room_that_cannot_be_had_is_502(
    client: httpx.AsyncClient, running: FakeCall, call_id: int, outside: Outside
) -> None:
    outside.rooms.full = True
    answer = await client.post(f"/v1/calls/{call_id}/listen")
    assert answer.status_code == 502
    assert answer.json() == {"detail": "There is no room left.", "code": "media_unavailable"}
