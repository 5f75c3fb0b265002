"""The API on two ports: http:// and https://, ws:// and wss://, with real clients."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from litestar import Litestar, Request, get, websocket_listener
from websockets.asyncio.client import connect

from thunderbox import api_server
from thunderbox.api_server import ApiServer
from thunderbox.api_settings import ApiSettings, TlsSettings
from thunderbox.data_dir import DataDir
from thunderbox.errors import StartError
from thunderbox.settings import Settings
from thunderbox.tls import Tls


@get("/scheme", sync_to_thread=False)
def scheme(request: Request) -> str:
    """How it was asked."""
    return request.url.scheme


@websocket_listener("/echo")
async def echo(data: str) -> str:
    """What was said."""
    return data


class Served:
    """A server with both ports, and how a client trusts it."""

    def __init__(self, settings: Settings, data: DataDir) -> None:
        self.server = ApiServer(settings)
        self.tls = Tls(settings.tls, data)
        self.plain = f"127.0.0.1:{settings.api.port}"
        self.secure = f"localhost:{settings.tls.port}"
        self.port = settings.tls.port
        self.trust = ssl.create_default_context(cafile=str(data.certificate))


@pytest.fixture
async def served(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[Served]:
    """It answers."""
    async with serving(tmp_path, free_port) as made:
        yield made


@asynccontextmanager
async def serving(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[Served]:
    """A server while this is open."""
    data = DataDir(tmp_path / "data")
    data.secrets.mkdir(parents=True)
    settings = Settings(
        api=ApiSettings(port=free_port()),
        tls=TlsSettings(mode="self-signed", host="127.0.0.1", port=free_port()),
    )
    made = Served(settings, data)
    await made.server.serve(Litestar([scheme, echo], logging_config=None), made.tls)
    try:
        yield made
    finally:
        await made.server.stop()
        made.server.close()


async def test_both_ports_answer_and_know_how_they_were_asked(served: Served) -> None:
    async with httpx.AsyncClient(verify=served.trust, trust_env=False) as client:
        assert (await client.get(f"http://{served.plain}/scheme")).text == "http"
        assert (await client.get(f"https://{served.secure}/scheme")).text == "https"


async def test_sockets_are_secure_too(served: Served) -> None:
    async with connect(f"wss://{served.secure}/echo", ssl=served.trust, proxy=None) as socket_:
        await socket_.send("hello")
        assert await socket_.recv() == "hello"


async def test_a_client_that_does_not_trust_the_certificate_is_told_nothing(
    served: Served,
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(f"https://{served.secure}/scheme")


async def test_plain_http_on_the_secure_port_is_hung_up_on(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: box\r\n\r\n")
    async with asyncio.timeout(5):
        assert b"HTTP" not in await reader.read()
    writer.close()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_clients_that_never_agree_on_keys_take_no_more_than_their_share(
    tmp_path: Path,
    free_port: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    async def crowd() -> None:
        async with serving(tmp_path, free_port) as served:
            monkeypatch.setattr(api_server, "HANDSHAKES", 3)
            silent = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(3)]
            one_more, writer = await asyncio.open_connection("127.0.0.1", served.port)
            async with asyncio.timeout(5):
                assert await one_more.read() == b""
            monkeypatch.setattr(api_server, "HANDSHAKES", 8)
            async with httpx.AsyncClient(verify=served.trust, trust_env=False) as client:
                assert (await client.get(f"https://{served.secure}/scheme")).text == "https"
            for _, each in [*silent, (one_more, writer)]:
                each.close()

    run(crowd())


async def test_a_client_that_agrees_on_no_keys_is_hung_up_on(
    tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_server, "HANDSHAKE_S", 0.05)
    async with serving(tmp_path, free_port) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_a_renewed_certificate_serves_the_next_connection(served: Served) -> None:
    def shown() -> bytes:
        return ssl.get_server_certificate(("127.0.0.1", served.port)).encode()

    first = await asyncio.to_thread(shown)
    served.tls._now = lambda: served.tls.certificate.ends
    served.tls.refresh()
    assert await asyncio.to_thread(shown) != first


@pytest.mark.parametrize(("taken", "says"), [("api", "THUNDERBOX_API_PORT"), ("tls", "tls.port")])
def test_a_port_that_is_taken_is_said(free_port: Callable[[], int], taken: str, says: str) -> None:
    ports = {"api": free_port(), "tls": free_port()}
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports[taken]))
        other.listen()
        settings = Settings(
            api=ApiSettings(port=ports["api"]),
            tls=TlsSettings(mode="self-signed", host="127.0.0.1", port=ports["tls"]),
        )
        with pytest.raises(StartError, match=says):
            ApiServer(settings)
