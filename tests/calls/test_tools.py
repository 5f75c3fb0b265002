"""An agent's HTTP tools against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from thunderbox.calls.tools import AgentTools
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules

Request = dict[str, Any]
SECRET = "whsec_a secret of this test"


class ToolServer:
    """Answers every request with `status` and `body` after `delay`; remembers the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status, self.body, self.delay = 200, b'{"ok":true}', 0.0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.strip().split("\r\n")
        headers = {k.lower(): v for k, v in (field.split(": ", 1) for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = line.split(" ")
        self.requests.append({"method": method, "path": path, "headers": headers, "body": body})
        await asyncio.sleep(self.delay)
        writer.write(
            f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\n"
            "Location: /elsewhere\r\nConnection: close\r\n\r\n".encode()
            + self.body
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[ToolServer]:
    """A running tool server."""
    server = ToolServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server


@pytest.fixture
async def server() -> AsyncIterator[ToolServer]:
    """A running tool server."""
    async with serving() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """The box's HTTP client."""
    made = Client(Rules(["127.0.0.0/8"]))
    yield made
    await made.close()


def tools(
    client: Client, server: ToolServer, timeout_s: float = 5.0, **endpoint: Any
) -> AgentTools:
    """One tool, `book`."""
    tool = {
        "type": "function",
        "function": {"name": "book", "parameters": {"type": "object"}},
        "endpoint": {"url": f"{server.url}/book", **endpoint},
    }
    return AgentTools([tool], client, 42, lambda: server.url, timeout_s, SECRET)


async def test_the_endpoint_never_reaches_the_model(client: Client, server: ToolServer) -> None:
    assert tools(client, server).schemas == (
        {"type": "function", "function": {"name": "book", "parameters": {"type": "object"}}},
    )


async def test_arguments_are_posted_sorted_and_compact(client: Client, server: ToolServer) -> None:
    answer = await tools(client, server).run("c1", "book", {"time": "ten", "day": "Monday"})
    assert answer == '{"ok":true}'
    (request,) = server.requests
    assert (request["method"], request["path"]) == ("POST", "/book")
    assert request["body"] == b'{"day":"Monday","time":"ten"}'
    assert request["headers"]["x-thunderphone-call-id"] == "42"


async def test_get_puts_the_arguments_into_the_query(client: Client, server: ToolServer) -> None:
    await tools(client, server, method="GET").run("c1", "book", {"zip": "12345", "n": 2})
    assert server.requests[0]["path"] == "/book?zip=12345&n=2"
    assert server.requests[0]["body"] == b""


async def test_configured_headers_are_sent(client: Client, server: ToolServer) -> None:
    await tools(client, server, headers={"X-Key": "k"}).run("c1", "book", {})
    assert server.requests[0]["headers"]["x-key"] == "k"


async def test_a_path_is_a_tool_of_this_box(client: Client, server: ToolServer) -> None:
    await tools(client, server, url="/demo/appointments").run("c1", "book", {})
    assert server.requests[0]["path"] == "/demo/appointments"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"oops", "HTTP status 500."),
        (302, b"", "HTTP status 302."),
        (409, b'{"error":"slot taken"}', "slot taken"),
        (200, b"x" * 70_000, "The answer is longer than 65536 bytes."),
    ],
)
async def test_what_goes_wrong_is_told_to_the_model(
    client: Client, server: ToolServer, status: int, body: bytes, error: str
) -> None:
    server.status, server.body = status, body
    assert json.loads(await tools(client, server).run("c1", "book", {})) == {"error": error}


async def test_a_slow_tool_is_given_up(client: Client, server: ToolServer) -> None:
    server.delay = 30.0
    answer = await tools(client, server, timeout_s=0.05).run("c1", "book", {})
    assert json.loads(answer) == {"error": "book did not answer in 0.05 s."}


async def test_an_unreachable_tool_is_an_error(client: Client) -> None:
    async with serving() as gone:
        pass
    answer = await tools(client, gone).run("c1", "book", {})
    assert json.loads(answer) == {"error": "book cannot be reached."}


async def test_an_unknown_tool_is_an_error(client: Client, server: ToolServer) -> None:
    answer = await tools(client, server).run("c1", "fly", {})
    assert json.loads(answer) == {"error": "There is no tool fly. Tools: book."}


async def test_a_text_answer_is_passed_on(client: Client, server: ToolServer) -> None:
    server.body = b"It ships tomorrow."
    assert await tools(client, server).run("c1", "book", {}) == "It ships tomorrow."
