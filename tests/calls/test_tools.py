"""An agent's HTTP tools against a real server on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from thunderphone import verify_signature

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
    return AgentTools([tool], client, 42, lambda: server.url, timeout_s, [SECRET])


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
    carried = tools(client, server)
    assert json.loads(await carried.run("c1", "book", {})) == {"error": error}
    assert (carried.status_of("c1"), carried.status_of("c1")) == (status, None)


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


# ---------------------------------------------------------------- what a tool takes

DAYS = {"type": "object", "properties": {"day": {"enum": ["Monday"]}}, "required": ["day"]}


def strict(client: Client, server: ToolServer) -> AgentTools:
    """One tool, `book`, that takes a day."""
    function = {"name": "book", "parameters": DAYS}
    endpoint = {"url": f"{server.url}/book"}
    tool = {"type": "function", "function": function, "endpoint": endpoint}
    return AgentTools([tool], client, 42, lambda: server.url, 5.0, [SECRET])


async def told(tools: AgentTools, **arguments: object) -> str:
    """The error that the model reads; empty: there was none."""
    answer = json.loads(await tools.run("c1", "book", dict(arguments)))
    return str(answer.get("error", ""))


async def test_wrong_arguments_are_not_sent_and_may_be_corrected_once(
    client: Client, server: ToolServer
) -> None:
    tools = strict(client, server)
    first = await told(tools, day="Sunday")
    assert first.startswith('day: "Sunday" is not one of "Monday". Nothing was done.')
    assert first.endswith("Correct the arguments and use book once more.")
    assert server.requests == []
    assert await told(tools, day="Monday") == ""
    assert len(server.requests) == 1


async def test_who_is_wrong_twice_is_told_to_give_up(client: Client, server: ToolServer) -> None:
    tools = strict(client, server)
    said = [await told(tools) for _ in range(3)]
    assert "once more" in said[0]
    assert said[1].endswith("Do not try again; say that it did not work.")
    assert said[2] == said[1]
    assert server.requests == []


async def test_what_is_right_wipes_out_what_was_wrong(client: Client, server: ToolServer) -> None:
    tools = strict(client, server)
    assert "once more" in await told(tools, day=1)
    assert await told(tools, day="Monday") == ""
    assert "once more" in await told(tools, day=2)


async def test_a_tool_whose_schema_cannot_be_used_is_used_unchecked(
    client: Client, server: ToolServer
) -> None:
    function = {"name": "book", "parameters": {"type": "str"}}
    tool = {"function": function, "endpoint": {"url": server.url}}
    kept = AgentTools([tool], client, 42, lambda: server.url, 5.0, [SECRET])
    assert await kept.run("c1", "book", {"day": 1}) == '{"ok":true}'


# ---------------------------------------------------------------- the request


async def test_a_query_keeps_what_the_url_says(client: Client, server: ToolServer) -> None:
    url = f"{server.url}/orders?key=secret&a=%2F"
    carried = tools(client, server, method="delete", url=url)
    await carried.run("c1", "book", {"key": "mine", "list": [1, 2], "on": True, "no": None})
    assert server.requests[0]["path"] == "/orders?key=secret&a=%2F&list=%5B1%2C2%5D&on=true"
    assert server.requests[0]["method"] == "DELETE"
    assert "content-length" not in server.requests[0]["headers"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_requests_are_signed_as_the_official_client_checks_them(
    client: Client, server: ToolServer, method: str
) -> None:
    carried = tools(client, server, method=method, url=f"{server.url}/a%20b?c=d")
    await carried.run("c1", "book", {"name": "Zoë", "n": 1})
    [request] = server.requests
    assert verify_signature(
        request["headers"]["x-thunderphone-signature-v2"],
        secret=SECRET,
        method=method,
        path=request["path"],
        body=request["body"],
    )
    expected = hmac.new(SECRET.encode(), request["body"], hashlib.sha256).hexdigest()
    assert request["headers"]["x-thunderphone-signature"] == expected


async def test_configured_headers_cannot_take_the_place_of_the_boxs(
    client: Client, server: ToolServer
) -> None:
    theirs = {
        "x-thunderphone-signature": "forged",
        "X-THUNDERPHONE-SIGNATURE-V2": "t=1,v1=forged",
        "X-Thunderphone-Call-Id": "7",
        "content-type": "text/plain",
        "Content-Length": "3",
        "Host": "elsewhere.example",
    }
    await tools(client, server, headers=theirs).run("c1", "book", {})
    headers = server.requests[0]["headers"]
    assert "forged" not in str(headers)
    assert headers["x-thunderphone-call-id"] == "42"
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == "2"
    assert headers["host"].startswith("127.0.0.1:")


async def test_a_tool_may_have_a_timeout_of_its_own(client: Client, server: ToolServer) -> None:
    server.delay = 30.0
    answer = await tools(client, server, timeout=0.05).run("c1", "book", {})
    assert json.loads(answer) == {"error": "book did not answer in 0.05 s."}


async def test_of_a_long_answer_the_model_reads_the_beginning(
    client: Client, server: ToolServer
) -> None:
    server.body = b"word " * 5_000
    answer = await tools(client, server).run("c1", "book", {})
    assert answer.startswith("word word")
    assert answer.endswith("… (cut: these are 6000 of 24999 characters)")


async def test_a_tool_on_this_machine_needs_to_be_allowed(server: ToolServer) -> None:
    strangers = Client(Rules())
    assert "cannot be reached" in await tools(strangers, server).run("c1", "book", {})
    assert await tools(strangers, server, url="/book").run("c1", "book", {}) == '{"ok":true}'
    assert len(server.requests) == 1
    await strangers.close()
