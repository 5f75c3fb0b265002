"""A client's socket: what is queued is sent in order, and a client that does not read is let go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from thunderbox.rtc import websocket as websocket_module
from thunderbox.rtc.allowance import Allowance
from thunderbox.rtc.websocket import LOST, WAITING, WebSocket, refuse


class Server:
    """An ASGI server: keeps what is sent; blocks, or fails, when told so."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.flows = asyncio.Event()
        self.flows.set()
        self.gone = False

    async def send(self, message: Any) -> None:
        await self.flows.wait()
        if self.gone:
            raise OSError("gone")
        self.sent.append(dict(message))

    def kinds(self) -> list[str]:
        return [message["type"].removeprefix("websocket.") for message in self.sent]


@pytest.fixture
async def server() -> Server:
    return Server()


async def opened(server: Server) -> WebSocket:
    socket = WebSocket({"client": ("192.0.2.1", 5)}, server.incoming.get, server.send)
    assert await socket.accept()
    return socket


async def test_what_is_posted_leaves_in_order_before_the_close(server: Server) -> None:
    socket = await opened(server)
    assert socket.post(b"one")
    assert socket.post("two")
    await socket.close(1003, "why")
    assert server.kinds() == ["accept", "send", "send", "close"]
    assert (server.sent[1]["bytes"], server.sent[2]["text"]) == (b"one", "two")
    assert (server.sent[3]["code"], server.sent[3]["reason"]) == (1003, "why")
    assert not socket.post(b"late")


async def test_both_kinds_of_messages_are_read_until_the_end(server: Server) -> None:
    socket = await opened(server)
    for message in (
        {"type": "websocket.receive", "bytes": b"one", "text": None},
        {"type": "websocket.receive", "text": "two"},
        {"type": "websocket.disconnect", "code": 1001},
    ):
        server.incoming.put_nowait(message)
    assert [await socket.receive() for _ in range(3)] == [b"one", "two", None]
    assert socket.close_code == 1001
    assert await socket.receive() is None
    await socket.close()
    assert server.kinds() == ["accept"]


async def test_a_connection_that_is_lost_has_a_code(server: Server) -> None:
    socket = await opened(server)
    server.incoming.put_nowait({"type": "websocket.disconnect"})
    assert await socket.receive() is None
    assert socket.close_code == LOST
    await socket.close()


async def test_a_client_that_is_gone_at_once_is_not_let_in(server: Server) -> None:
    server.incoming.get_nowait()
    server.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
    socket = WebSocket({}, server.incoming.get, server.send)
    assert not await socket.accept()
    assert socket.client == ""


async def test_messages_that_nobody_reads_are_bounded(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_module, "FLUSH_S", 0.01)
    socket = await opened(server)
    server.flows.clear()
    posted = [socket.post(b"x") for _ in range(WAITING + 1)]
    assert posted == [True] * WAITING + [False]
    await socket.close()
    assert server.kinds() == ["accept"]


async def test_a_write_that_hangs_ends_the_socket(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_module, "SEND_S", 0.01)
    socket = await opened(server)
    server.flows.clear()
    socket.post(b"x")
    async with asyncio.timeout(2):
        while socket.post(b"y"):
            await asyncio.sleep(0.001)
    server.flows.set()
    await socket.close()


async def test_a_server_that_lost_the_client_is_no_failure(server: Server) -> None:
    socket = await opened(server)
    server.gone = True
    socket.post(b"x")
    await socket.close()
    assert server.kinds() == ["accept"]


@pytest.mark.parametrize("answers", [True, False])
async def test_a_refusal_is_a_sentence_where_the_server_can_say_one(
    server: Server, answers: bool
) -> None:
    extensions = {"websocket.http.response": {}} if answers else {}
    scope = {"extensions": extensions}
    await refuse(server.incoming.get, server.send, scope, 401, "No access token was given.")
    if answers:
        assert server.kinds() == ["http.response.start", "http.response.body"]
        assert server.sent[0]["status"] == 401
        assert server.sent[1]["body"] == b"No access token was given."
    else:
        assert server.kinds() == ["close"]
        assert server.sent[0]["reason"] == "No access token was given."


def test_an_allowance_is_used_up_and_grows_again() -> None:
    now = 100.0
    allowance = Allowance(3, 2.0, lambda: now)
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    now += 0.5
    assert [allowance.take(), allowance.take()] == [True, False]
    now += 100
    assert not allowance.take(4)
    assert allowance.take(3)
