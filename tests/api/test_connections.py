"""Clients that only connect, or never finish asking, have an end and a bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from tests.served import served
from thunderbox.api import connections
from thunderbox.api.connections import Connection

HEAD = b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: box\r\n"


@pytest.fixture
async def port(app: Litestar) -> AsyncIterator[int]:
    async with served(app, http=Connection) as port:
        yield port


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(port: int, said: bytes = b"") -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    return reader, writer


@pytest.mark.parametrize(
    "said", [b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\n{", b"GET /v1/healthz HTTP/1.1\r\n"]
)
async def test_a_request_that_does_not_arrive_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.1)
    reader, writer = await connect(port, said)
    await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def test_a_client_that_asks_again_and_again_is_served(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.6)
    reader, writer = await connect(port)
    for _ in range(3):
        writer.write(b"GET /v1/healthz HTTP/1.1\r\nHost: box\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200")
        await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
        await asyncio.sleep(0.3)
    writer.close()


async def test_no_more_clients_are_connected_than_the_box_can_bear(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    kept = [await connect(port) for _ in range(2)]
    url = f"http://127.0.0.1:{port}/v1/healthz"
    async with httpx.AsyncClient(trust_env=False) as client:
        refused = await client.get(url)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert "Too many clients" in refused.json()["detail"]
        for _, writer in kept:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(5):
            while (await client.get(url)).status_code != 200:
                await asyncio.sleep(0.01)
