"""Starting and stopping the phone."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.sipp import Sipp
from tests.sip.receptionist import Receptionist, phone
from thunderbox.calls.ports import Registration
from thunderbox.errors import StartError

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]


async def test_state(free_port: Ports) -> None:
    port = free_port()
    async with phone(port, Receptionist()) as running:
        state = running.state()
        assert state.listening == f"127.0.0.1:{port}"
        assert state.codecs == ("G722", "PCMU", "PCMA")
        assert (state.lines_used, state.lines_max) == (0, 4)
        assert state.trunk.registration is Registration.NONE
    assert running.state().listening == ""


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_port_in_use_is_named(free_port: Ports, kind: int) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(StartError, match=f"Port {port} .*sip.port .*THUNDERBOX_SIP_PORT"):
            async with phone(port, Receptionist()):
                pass


async def test_an_address_of_another_machine(free_port: Ports) -> None:
    with pytest.raises(StartError, match="THUNDERBOX_SIP_HOST"):
        async with phone(free_port(), Receptionist(), host="192.0.2.77"):
            pass


async def test_ten_phones_one_after_the_other(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    for number in range(10):
        desk = Receptionist()
        async with phone(port, desk):
            sipp = await Sipp.start(
                tmp_path / str(number),
                "uac",
                port=free_port(),
                remote=f"127.0.0.1:{port}",
                calls=2,
                at_once=2,
                pause_ms=100,
            )
            assert (await sipp.score()).successful == 2
        assert len(desk.calls) == 2
