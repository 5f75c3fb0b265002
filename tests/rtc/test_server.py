"""The signalling server: who is let in, what others are told, and what sockets may do."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import httpx
import jwt
import pytest
from livekit.protocol import models, rtc
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.rtc.served import SECRET, Served, served
from thunderbox.api import connections
from thunderbox.rtc import session as session_module
from thunderbox.voice.leg import EndCause, Ended

JOIN = rtc.JoinRequest(client_info=models.ClientInfo(sdk=models.ClientInfo.JS, version="2.23.0"))


@pytest.fixture
async def box() -> AsyncIterator[Served]:
    async with served() as found:
        yield found


def v1(request: rtc.JoinRequest = JOIN) -> str:
    wrapped = rtc.WrappedJoinRequest(join_request=request.SerializeToString())
    return "/rtc/v1?join_request=" + base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


def socket(box: Served, path: str, token: str) -> connect:
    return connect(
        box.url + path, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None
    )


async def told(client: ClientConnection) -> rtc.SignalResponse:
    async with asyncio.timeout(5):
        content = await client.recv()
    assert isinstance(content, bytes)
    return rtc.SignalResponse.FromString(content)


async def refusal(box: Served, path: str, token: str) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        async with socket(box, path, token):
            pass
    return caught.value.response.status_code, (caught.value.response.body or b"").decode()


async def token_of(box: Served, name: str = "mic-1") -> str:
    return (await box.rooms.open(name, "Agent")).ticket.token


def hears(box: Served, token: str) -> None:
    """Have the client of a room hear, as far as the room knows."""
    session = box.rooms.admit(token, None).session
    assert session is not None
    session.hears_ms = 1


async def validated(box: Served, path: str, token: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{box.port}{path}"
        return await client.get(url, params={"access_token": token})


@pytest.mark.parametrize("path", ["/rtc?sdk=js&version=1", v1()])
async def test_a_good_token_lets_a_client_in(box: Served, path: str) -> None:
    async with socket(box, path, await token_of(box)) as client:
        assert (await told(client)).join.room.name == "mic-1"


async def test_the_token_may_be_in_the_query(box: Served) -> None:
    token = await token_of(box)
    async with connect(f"{box.url}{v1()}&access_token={token}", proxy=None) as client:
        assert (await told(client)).HasField("join")


@pytest.mark.parametrize("path", ["/rtc/validate", "/rtc/v1/validate"])
async def test_a_page_of_any_origin_may_ask_about_its_token(box: Served, path: str) -> None:
    good = await validated(box, path, await token_of(box))
    assert (good.status_code, good.text) == (200, "success")
    bad = await validated(box, path, "x")
    assert (bad.status_code, bad.text) == (
        401,
        "The access token was not made by this box, or it is damaged.",
    )
    assert {one.headers["access-control-allow-origin"] for one in (good, bad)} == {"*"}


async def test_a_token_opens_no_room_but_its_own(box: Served) -> None:
    first, second = await token_of(box, "mic-1"), await token_of(box, "mic-2")
    async with socket(box, v1(), second) as client:
        assert (await told(client)).join.room.name == "mic-2"
    claims = jwt.decode(first, options={"verify_signature": False})
    claims["video"]["room"] = "mic-2"
    mixed = jwt.encode(claims, SECRET, algorithm="HS256")
    assert await refusal(box, v1(), mixed) == (
        401,
        "The access token is not the one of this room.",
    )


async def test_forged_unknown_and_missing_tokens_are_refused(box: Served) -> None:
    token = await token_of(box)
    forged = jwt.encode(
        jwt.decode(token, options={"verify_signature": False}), b"o" * 32, algorithm="HS256"
    )
    assert (await refusal(box, v1(), forged))[0] == 401
    assert await refusal(box, v1(), "") == (401, "No access token was given.")
    claims = jwt.decode(token, options={"verify_signature": False})
    claims["video"]["room"] = "mic-9"
    unknown = jwt.encode(claims, SECRET, algorithm="HS256")
    assert (await refusal(box, v1(), unknown))[1] == "There is no such room. Ask for a new session."


async def test_an_expired_token_is_refused(box: Served) -> None:
    token = await token_of(box)
    claims = jwt.decode(token, options={"verify_signature": False})
    claims["exp"] = 1_700_000_000
    old = jwt.encode(claims, SECRET, algorithm="HS256")
    assert await refusal(box, v1(), old) == (
        401,
        "The access token has expired. Ask for a new session.",
    )


async def test_a_token_is_refused_after_its_call(box: Served) -> None:
    room = await box.rooms.open("mic-1", "Agent")
    await room.leg.hang_up()
    for path in ("/rtc", v1()):
        assert await refusal(box, path, room.ticket.token) == (
            401,
            "The call that this access token is for is over.",
        )


async def test_a_second_client_is_refused_while_the_first_is_there(box: Served) -> None:
    token = await token_of(box)
    async with socket(box, v1(), token) as client:
        await told(client)
        hears(box, token)
        status, text = await refusal(box, v1(), token)
        assert (status, text) == (401, "Somebody has joined with this access token already.")
        assert (await validated(box, "/rtc/v1/validate", token)).text == text


@pytest.mark.parametrize("old", [True, False])
async def test_a_client_that_resumes_is_told_to_join_anew_and_takes_its_place(
    box: Served, old: bool
) -> None:
    token = await token_of(box)
    path = "/rtc" if old else v1()
    async with socket(box, path, token) as first:
        sid = (await told(first)).join.participant.sid
        again = rtc.JoinRequest(client_info=JOIN.client_info, reconnect=True, participant_sid=sid)
        resuming = f"/rtc?reconnect=1&sid={sid}" if old else v1(again)
        async with socket(box, resuming, token) as second:
            leave = (await told(second)).leave
            assert leave.action == rtc.LeaveRequest.RECONNECT
            assert leave.reason == models.DisconnectReason.STATE_MISMATCH
        async with socket(box, path, token) as third:
            assert (await told(third)).HasField("join")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rtc/v1", 400),
        ("/rtc/v1?join_request=AAAA", 400),
        ("/rtc/v2", 404),
        ("/rtc/validate", 404),
    ],
)
async def test_what_is_no_request_to_join_is_refused(box: Served, path: str, status: int) -> None:
    assert (await refusal(box, path, await token_of(box)))[0] == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/rtc", 426),
        ("GET", "/rtc/v1", 426),
        ("GET", "/rtc/nothing", 404),
        ("POST", "/rtc/validate", 405),
        ("GET", "/rtc/validate?" + "&".join(f"a{n}=1" for n in range(70)), 400),
    ],
)
async def test_other_requests_are_answered_with_a_sentence(
    box: Served, method: str, path: str, status: int
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.request(method, f"http://127.0.0.1:{box.port}{path}")
    assert answer.status_code == status
    assert answer.text.endswith(".")


async def test_rubbish_closes_the_socket_and_the_room_waits(box: Served) -> None:
    room = await box.rooms.open("mic-1", "Agent")
    async with socket(box, v1(), room.ticket.token) as client:
        await told(client)
        await client.send(b"\xff\xff")
        with pytest.raises(ConnectionClosed) as caught:
            await told(client)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (
        1003,
        "The client sent something that is no message.",
    )
    assert not room.leg.over
    async with socket(box, v1(), room.ticket.token) as client:
        assert (await told(client)).HasField("join")


async def test_a_silent_client_is_told_to_join_anew(
    box: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "SILENT_S", 0.05)
    async with socket(box, v1(), await token_of(box)) as client:
        await told(client)
        assert (await told(client)).leave.action == rtc.LeaveRequest.RECONNECT


async def test_leaving_before_anything_was_heard_ends_the_leg(box: Served) -> None:
    room = await box.rooms.open("mic-1", "Agent")
    async with socket(box, v1(), room.ticket.token) as client:
        await told(client)
        await client.send(rtc.SignalRequest(leave=rtc.LeaveRequest()).SerializeToString())
        async with asyncio.timeout(5):
            ended = await room.leg.events.get()
    assert isinstance(ended, Ended)
    assert ended.cause is EndCause.CALLER_HANGUP


async def test_a_visitor_who_never_comes_ends_the_leg() -> None:
    async with served(join_seconds=0.01) as box:
        room = await box.rooms.open("mic-1", "Agent")
        async with asyncio.timeout(5):
            ended = await room.leg.events.get()
        assert isinstance(ended, Ended)
        assert ended.cause is EndCause.NO_ANSWER
        assert box.rooms.count == 0


async def test_a_socket_stays_open_longer_than_a_request_may_take(
    box: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.05)
    async with socket(box, v1(), await token_of(box)) as client:
        await told(client)
        await asyncio.sleep(0.15)
        await client.send(rtc.SignalRequest(ping=1).SerializeToString())
        assert (await told(client)).pong


async def test_sockets_count_among_the_clients_that_may_be_connected(
    box: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await token_of(box)
    monkeypatch.setattr(connections, "MOST", 1)
    async with socket(box, v1(), token) as client:
        await told(client)
        assert (await refusal(box, v1(), token))[0] == 503


async def test_a_message_that_is_too_long_closes_the_socket(box: Served) -> None:
    async with socket(box, v1(), await token_of(box)) as client:
        await told(client)
        await client.send(b"x" * 300_000)
        with pytest.raises(ConnectionClosed) as caught:
            await told(client)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


async def test_when_the_box_stops_clients_are_told(box: Served) -> None:
    async with socket(box, v1(), await token_of(box)) as client:
        await told(client)
        closing = asyncio.create_task(box.rooms.close())
        leave = (await told(client)).leave
        assert leave.reason == models.DisconnectReason.SERVER_SHUTDOWN
        await closing


async def test_nothing_secret_is_logged(box: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = await token_of(box)
    async with connect(f"{box.url}{v1()}&access_token={token}", proxy=None) as client:
        await told(client)
        hears(box, token)
        await refusal(box, v1(), token)
    ours = [one for one in caplog.records if not one.name.startswith("websockets.client")]
    assert not [one.getMessage() for one in ours if token[-20:] in one.getMessage()]
    assert not [one for one in ours if one.levelname in ("WARNING", "ERROR")]
