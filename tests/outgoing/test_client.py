"""The way out, against servers on loopback that mean no good."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from tests.outgoing.server import answer, serving
from thunderbox.errors import OutgoingError, OutgoingReason
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.network import Resolver
from thunderbox.outgoing.rules import Rules

LOOPBACK = Rules(["127.0.0.0/8"])


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client that may ask this machine."""
    made = Client(LOOPBACK)
    yield made
    await made.close()


async def failing(client: Client, url: str, seconds: float = 5.0) -> tuple[OutgoingReason, str]:
    with pytest.raises(OutgoingError) as caught:
        await client.send("GET", url, seconds=seconds)
    return caught.value.reason, str(caught.value)


async def test_a_request_and_its_answer(client: Client) -> None:
    async with serving(answer("X-Two: a", "x-two: b", body=b"fine", status="201 Made")) as server:
        got = await client.send(
            "post", f"{server.url}/a?b=c", seconds=5.0, headers={"X-Key": "k"}, body=b"{}"
        )
    assert (got.status, got.ok, got.body, got.truncated) == (201, True, b"fine", False)
    assert got.headers["x-two"] == "a, b"
    [head] = server.requests
    assert head.startswith("POST /a?b=c HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in head
    assert "x-key: k\r\n" in head
    assert server.bodies == [b"{}"]


async def test_headers_that_say_how_a_request_travels_are_the_boxs_own(client: Client) -> None:
    async with serving() as server:
        theirs = {"Host": "a.example", "Content-Length": "7", "Transfer-Encoding": "chunked"}
        theirs |= {"Accept-Encoding": "gzip", "Connection": "upgrade", "User-Agent": "mine"}
        await client.send("PUT", server.url, seconds=5.0, headers=theirs)
    [head] = server.requests
    assert head.lower().count("host:") == 1
    assert "content-length: 0\r\n" in head
    assert "accept-encoding: identity\r\n" in head
    assert "user-agent: mine\r\n" in head
    assert "transfer-encoding" not in head.lower()
    assert "upgrade" not in head.lower()


async def test_a_header_that_would_become_two_is_refused(client: Client) -> None:
    async with serving() as server:
        with pytest.raises(OutgoingError, match="that HTTP does not allow"):
            await client.send("GET", server.url, seconds=5.0, headers={"A": "b\r\nC: d"})
    assert server.requests == []


async def test_a_connection_is_used_again(client: Client) -> None:
    async with serving() as server:
        for _ in range(3):
            await client.send("GET", server.url, seconds=5.0)
    assert server.connections == 1


async def test_a_connection_that_the_server_has_closed_is_not_used_again(client: Client) -> None:
    async with serving(answer("Connection: close", body=b"once")) as server:
        for _ in range(2):
            assert (await client.send("GET", server.url, seconds=5.0)).ok
    assert server.connections == 2


async def test_more_requests_than_connections_wait_in_turn() -> None:
    client = Client(LOOPBACK, connections=3)
    async with serving() as server:
        asked = [client.send("GET", server.url, seconds=5.0) for _ in range(30)]
        assert all(got.ok for got in await asyncio.gather(*asked))
    assert server.connections <= 3
    await client.close()


async def test_idle_connections_are_not_hoarded() -> None:
    client = Client(LOOPBACK, connections=2)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(serving()) for _ in range(6)]
        for server in servers:
            assert (await client.send("GET", server.url, seconds=5.0)).ok
        assert (await client.send("GET", servers[-1].url, seconds=5.0)).ok
        assert (await client.send("GET", servers[0].url, seconds=5.0)).ok
        assert (servers[-1].connections, servers[0].connections) == (1, 2)
    await client.close()


# ---------------------------------------------------------------- where requests may go


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1"]
)
async def test_this_machine_is_refused(host: str) -> None:
    client = Client(Rules())
    async with serving() as server:
        reason, _ = await failing(client, f"http://{host}:{server.port}/")
        assert reason == "not_allowed"
        assert server.connections == 0
    await client.close()


async def test_the_boxs_own_api_may_be_asked_and_opens_the_way_for_nobody_else() -> None:
    client = Client(Rules())
    async with serving() as server:
        assert (await client.send("GET", server.url, seconds=5.0, own=True)).ok
        reason, sentence = await failing(client, server.url)
        assert len(server.requests) == 1
    assert reason == "not_allowed"
    assert sentence == (
        "127.0.0.1 is not a public address. "
        "Name its network in outgoing.allow_networks to allow it."
    )
    await client.close()


async def test_a_name_that_leads_elsewhere_the_second_time() -> None:
    """DNS rebinding: what was checked is what is asked."""
    said: list[str] = []

    def rebinding(host: str) -> Sequence[str]:
        said.append(host)
        return ["127.0.0.2"] if len(said) == 1 else ["127.0.0.1"]

    client = Client(Rules(["127.0.0.2/32"]), resolver=Resolver(rebinding))
    async with serving() as server:  # it listens on 127.0.0.1
        reason, _ = await failing(client, f"http://rebind.example:{server.port}/")
        assert (reason, said) == ("connection", ["rebind.example"])
        reason, sentence = await failing(client, f"http://rebind.example:{server.port}/")
        assert (reason, len(said)) == ("not_allowed", 2)
        assert "rebind.example leads to 127.0.0.1, which is not a public address" in sentence
        assert server.connections == 0
    await client.close()


async def test_of_several_addresses_those_that_may_be_asked_are() -> None:
    resolver = Resolver(lambda _: ["10.0.0.1", "::1", "127.0.0.9", "127.0.0.1"])
    client = Client(LOOPBACK, resolver=resolver)
    async with serving() as server:
        assert (await client.send("GET", f"http://mixed.example:{server.port}", seconds=5.0)).ok
        assert f"host: mixed.example:{server.port}" in server.requests[0]
    await client.close()


async def test_plain_http_to_the_internet_is_refused() -> None:
    client = Client(Rules(), resolver=Resolver(lambda _: ["93.184.216.34"]))
    reason, sentence = await failing(client, "http://a.example/")
    assert (reason, "use https:// for a.example" in sentence) == ("not_allowed", True)
    await client.close()


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{port}/inside", "https://[::1]/", "/again", "//x"]
)
async def test_a_redirect_is_an_answer_and_is_not_followed(client: Client, to: str) -> None:
    async with serving() as inside:
        location = f"Location: {to.format(port=inside.port)}"
        async with serving(answer(location, status="307 Moved")) as server:
            got = await client.send("GET", server.url, seconds=5.0)
        assert (got.status, got.ok, len(server.requests), inside.connections) == (307, False, 1, 0)


async def test_proxies_of_the_environment_are_not_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving() as proxy, serving() as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert (await client.send("GET", server.url, seconds=5.0)).ok
    assert (proxy.connections, server.connections) == (0, 1)


# ---------------------------------------------------------------- names


async def test_a_name_that_is_not_found() -> None:
    def nothing(host: str) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    client = Client(LOOPBACK, resolver=Resolver(nothing))
    assert await failing(client, "https://a.example/") == (
        "dns",
        "The name a.example cannot be found.",
    )
    await client.close()


async def test_a_name_that_takes_long_holds_up_no_other() -> None:
    going_on = threading.Event()
    asked: list[str] = []

    def slow(host: str) -> Sequence[str]:
        asked.append(host)
        if host == "slow.example":
            going_on.wait(10)
        return ["127.0.0.1"]

    client = Client(LOOPBACK, resolver=Resolver(slow))
    async with serving() as server:
        slow_ones = asyncio.gather(
            *(failing(client, f"http://slow.example:{server.port}", 0.2) for _ in range(5))
        )
        assert (await client.send("GET", f"http://a.example:{server.port}", seconds=5.0)).ok
        assert [reason for reason, _ in await slow_ones] == ["timeout"] * 5
    going_on.set()
    assert asked.count("slow.example") == 1
    await client.close()


# ---------------------------------------------------------------- time


async def test_headers_that_come_a_byte_at_a_time(client: Client) -> None:
    async def loris(_: object) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X: y\r\n"
            await asyncio.sleep(0.01)

    begun = time.monotonic()
    async with serving(loris) as server:
        reason, sentence = await failing(client, server.url, 0.2)
    assert (reason, sentence) == ("timeout", "127.0.0.1 did not answer within 0.2 s.")
    assert time.monotonic() - begun < 2.0


async def test_a_body_that_comes_a_byte_at_a_time(client: Client) -> None:
    async def loris(_: object) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    async with serving(loris) as server:
        assert (await failing(client, server.url, 0.2))[0] == "timeout"


async def test_answers_that_never_become_final(client: Client) -> None:
    async def early(_: object) -> AsyncIterator[bytes]:
        while True:
            yield b"HTTP/1.1 103 Early Hints\r\n\r\n"
            await asyncio.sleep(0.01)

    async with serving(early) as server:
        assert (await failing(client, server.url, 0.2))[0] == "timeout"


async def test_a_client_goes_on_after_requests_that_were_given_up() -> None:
    async def never(_: object) -> AsyncIterator[bytes]:
        await asyncio.sleep(30)
        yield b""

    client = Client(LOOPBACK, connections=2)
    async with serving(never) as dead, serving() as alive:
        given_up = [failing(client, dead.url, 0.1) for _ in range(6)]
        assert [reason for reason, _ in await asyncio.gather(*given_up)] == ["timeout"] * 6
        assert (await client.send("GET", alive.url, seconds=5.0)).ok
    await client.close()


# ---------------------------------------------------------------- size


async def test_a_gigabyte_is_not_read(client: Client) -> None:
    async def endless(_: object) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"
        for _ in range(1024):
            yield b"x" * 1_048_576

    async with serving(endless) as server:
        got = await client.send("GET", server.url, seconds=10.0, max_bytes=100_000)
        assert (len(got.body), got.truncated) == (100_000, True)
    assert server.sent < 64 * 1_048_576


async def test_headers_without_end(client: Client) -> None:
    async def endless(_: object) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        for number in range(100_000):
            yield b"X-%d: %s\r\n" % (number, b"y" * 1_000)

    async with serving(endless) as server:
        assert (await failing(client, server.url))[0] == "answer"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_is_unpacked_only_as_far_as_it_may_be(client: Client, encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    bomb = pack(b"\0" * 100_000_000)
    async with serving(answer(f"Content-Encoding: {encoding}", body=bomb)) as server:
        got = await client.send("GET", server.url, seconds=5.0)
    assert (len(got.body), got.truncated) == (65_536, True)


async def test_a_packed_stream_that_never_says_anything(client: Client) -> None:
    empty = zlib.compressobj(wbits=31)
    start = empty.flush(zlib.Z_SYNC_FLUSH)

    async def nothing(_: object) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + start
        while True:
            yield b"\x00\x00\x00\xff\xff" * 10_000

    async with serving(nothing) as server:
        got = await client.send("GET", server.url, seconds=5.0)
    assert (got.body, got.truncated) == (b"", True)


async def test_a_packed_answer_is_unpacked(client: Client) -> None:
    packed = gzip.compress(b'{"ok":true}')
    async with serving(answer("Content-Encoding: gzip", body=packed)) as server:
        got = await client.send("GET", server.url, seconds=5.0)
    assert (got.body, got.truncated) == (b'{"ok":true}', False)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"..."),
        ("gzip, gzip", gzip.compress(b"x", mtime=0)),
        ("gzip", b"not at all"),
        ("gzip", gzip.compress(b"broken off", mtime=0)[:-9]),
    ],
)
async def test_an_answer_that_is_packed_wrongly(client: Client, encoding: str, body: bytes) -> None:
    async with serving(answer(f"Content-Encoding: {encoding}", body=body)) as server:
        assert (await failing(client, server.url))[0] == "answer"


# ---------------------------------------------------------------- what is no answer


@pytest.mark.parametrize(
    "said",
    [b"", b"220 mail.example ESMTP\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"],
)
async def test_something_else_than_http(client: Client, said: bytes) -> None:
    async def once(_: object) -> AsyncIterator[bytes]:
        yield said

    async with serving(once) as server:
        assert (await failing(client, server.url))[0] == "answer"


async def test_nobody_there(client: Client) -> None:
    async with serving() as gone:
        pass
    reason, sentence = await failing(client, gone.url)
    assert reason == "connection"
    assert sentence == f"127.0.0.1:{gone.port} cannot be reached (connection refused)."
