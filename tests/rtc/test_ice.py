"""Where browsers find the box."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aioice import Connection, stun

from thunderbox.rtc import gathering
from thunderbox.rtc.ice import LOOPBACK, addresses, ice, is_loopback, servers
from thunderbox.rtc_settings import RtcSettings

BEYOND_A_NAT = "203.0.113.7"


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        ("127.0.0.1", True),
        ("127.0.0.53", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.2", False),
        ("", False),
        ("box.example.com", False),
    ],
)
def test_loopback(host: str, is_it: bool) -> None:
    assert is_loopback(host) is is_it


@pytest.mark.parametrize(
    ("api_host", "client", "with_loopback"),
    [
        ("127.0.0.1", "", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("0.0.0.0", "::1", True),
        ("0.0.0.0", "192.168.1.2", False),
    ],
)
def test_this_machine_alone_is_told_127_0_0_1(
    api_host: str, client: str, with_loopback: bool
) -> None:
    assert (LOOPBACK in addresses(RtcSettings(), api_host, client)) is with_loopback


def test_the_addresses_of_the_settings_are_all_that_is_told() -> None:
    settings = RtcSettings(addresses=("192.0.2.1",))
    assert addresses(settings, "127.0.0.1", "127.0.0.1") == ("192.0.2.1",)


def test_nobody_is_asked_by_default() -> None:
    assert ice(RtcSettings(), "0.0.0.0", "").servers == ()


def test_the_helpers_of_the_settings_are_asked() -> None:
    settings = RtcSettings(
        stun_url="stun:stun.example.com",
        turn_url="turn:turn.example.com:3478?transport=tcp",
        turn_user="box",
        turn_password="secret",
    )
    asked, turn = servers(settings)
    assert asked.urls == "stun:stun.example.com"
    assert (turn.urls, turn.username, turn.credential) == (settings.turn_url, "box", "secret")


async def test_an_address_beyond_a_nat_is_told_for_a_socket_of_this_machine() -> None:
    connection = Connection(ice_controlling=False)
    found = await gathering.gather(connection, 1, (LOOPBACK, BEYOND_A_NAT), 0)
    assert [one.host for one in found] == [LOOPBACK, BEYOND_A_NAT]
    port = found[1].port
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"\x80 not a check", (LOOPBACK, port))
    sender.close()
    async with asyncio.timeout(5):
        data, component = await connection._queue.get()
    assert (data, component) == (b"\x80 not a check", 1)
    await connection.close()


async def test_ports_are_those_of_the_settings_and_taken_ones_are_left() -> None:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind((LOOPBACK, 0))
    first = min(taken.getsockname()[1], 65_000)
    connections = [Connection(ice_controlling=False) for _ in range(3)]
    ports = set()
    for connection in connections:
        (found,) = await gathering.gather(connection, 1, (LOOPBACK,), first)
        ports.add(found.port)
        assert first <= found.port < first + gathering.PORTS
    assert len(ports) == 3
    assert taken.getsockname()[1] not in ports
    for connection in connections:
        await connection.close()
    taken.close()


async def test_no_more_ports_is_no_candidate(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gathering, "PORTS", 1)
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind((LOOPBACK, 0))
    connection = Connection(ice_controlling=False)
    assert await gathering.gather(connection, 1, (LOOPBACK,), taken.getsockname()[1]) == []
    assert "No socket" in caplog.text
    await connection.close()
    taken.close()


async def test_a_stun_server_says_how_we_look_from_outside() -> None:
    class Server(asyncio.DatagramProtocol):
        """Answers a binding request with the address it came from, moved by a NAT."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
            request = stun.parse_message(data)
            answer = stun.Message(
                message_method=stun.Method.BINDING,
                message_class=stun.Class.RESPONSE,
                transaction_id=request.transaction_id,
            )
            answer.attributes["XOR-MAPPED-ADDRESS"] = (BEYOND_A_NAT, address[1])
            self.transport.sendto(bytes(answer), address)  # type: ignore[attr-defined]

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=(LOOPBACK, 0))
    server = transport.get_extra_info("sockname")
    connection = Connection(ice_controlling=False, stun_server=server)
    found = await gathering.gather(connection, 1, (LOOPBACK,), 0)
    assert [(one.host, one.type) for one in found] == [(LOOPBACK, "host"), (BEYOND_A_NAT, "srflx")]
    await connection.close()
    transport.close()


async def test_silent_helpers_are_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "WAIT_SECONDS", 0.05)
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((LOOPBACK, 0))
    connection = Connection(
        ice_controlling=False,
        stun_server=silent.getsockname(),
        turn_server=silent.getsockname(),
        turn_username="box",
        turn_password="secret",
    )
    found = await gathering.gather(connection, 1, (LOOPBACK,), 0)
    assert [one.type for one in found] == ["host"]
    await connection.close()
    silent.close()
