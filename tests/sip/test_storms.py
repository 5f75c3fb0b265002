"""Storms of connections and of malformed SIP: they cost the line card at worst, never the box."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.peers.process import until
from tests.peers.sipp import Sipp
from tests.sip.receptionist import Receptionist, phone
from thunderbox.sip.endpoint import Phone

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]

METHODS = "INVITE ACK BYE CANCEL OPTIONS REGISTER INFO PRACK UPDATE REFER SUBSCRIBE NOTIFY FOO"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
)
ODD_HEADERS = (
    "Require: 100rel",
    "Replaces: same;to-tag=1;from-tag=1",
    "Event: refer",
    "Refer-To: bad",
    "Expires: -1",
    "Session-Expires: 1",
    "Min-SE: 99999999999",
    "Authorization: Digest x",
    "Record-Route: <sip:p;lr>",
    "Route: <sip:127.0.0.1;lr>",
    "Via: SIP/2.0/UDP x",
    "Supported: replaces,timer,100rel",
    "RSeq: 0",
    "Referred-By: <",
    "Content-Type: multipart/mixed;boundary=x",
)


def malformed(chance: random.Random, transport: str, own_port: int) -> bytes:
    """Something that looks like SIP and is wrong in some way."""
    pick = chance.choice
    method, number = pick(METHODS.split()), chance.randrange(10**9)
    body = pick(["", SDP, SDP + "m=audio 1 RTP/AVP 0\r\n" * chance.randrange(20), "xyz"])
    uri = pick(["sip:100@127.0.0.1", "sip:127.0.0.1", "tel:+1", "sips:a@b", "http://x", "*", ""])
    first = f"{method} {uri} {pick(['SIP/2.0'] * 8 + ['SIP/1.0', 'HTTP/1.1'])}"
    if chance.random() < 0.2:
        first = f"SIP/2.0 {pick([0, 4, 99, 100, 200, 401, 481, 487, 699, 999, 'abc'])} X"
    branch = pick(["z9hG4bKsame", f"z9hG4bK{number}", "bad", ""])
    headers = [
        f"Via: SIP/2.0/{transport} 127.0.0.1:{own_port};branch={branch};rport",
        f"From: <sip:a@127.0.0.1>{pick([';tag=1', '', ';tag='])}",
        f"To: <sip:100@127.0.0.1>{pick(['', ';tag=2', ';tag='])}",
        f"Call-ID: {pick(['same', 'same', number])}",
        f"CSeq: {pick([1, 1, 2, 0, 4294967295, -1])} {pick([method] * 4 + METHODS.split())}",
        f"Max-Forwards: {pick([70, 70, 0, -1, 999999999999])}",
        f"Contact: <sip:a@127.0.0.1:{own_port}>",
    ]
    for _ in range(chance.randrange(3)):
        headers.insert(chance.randrange(len(headers)), pick(ODD_HEADERS))
    if body.startswith("v="):
        headers.append("Content-Type: application/sdp")
    if chance.random() < 0.2:
        headers.pop(chance.randrange(len(headers)))
    headers.append(f"Content-Length: {pick([len(body)] * 6 + [0, -1, 99999])}")
    message = bytearray("\r\n".join([first, *headers, "", body]).encode())
    if chance.random() < 0.15:
        for _ in range(5):
            message[chance.randrange(len(message))] = chance.randrange(256)
    return bytes(message)


async def answers_again(running: Phone, folder: Path, own_port: int, port: int) -> None:
    """Wait until the phone listens, and have it answer a call."""
    await until(lambda: running.state().listening, 30, "the phone")
    sipp = await Sipp.start(folder, "uac", port=own_port, remote=f"127.0.0.1:{port}")
    assert (await sipp.score()).successful == 1


async def test_a_storm_of_connections(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()

    def connect() -> socket.socket:
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", port))
        return client

    async with phone(port, Receptionist(), separate_process=True) as running:
        idle = [connect() for _ in range(80)]
        for _ in range(10):
            burst = [connect() for _ in range(30)]
            await asyncio.sleep(0.03)  # some are accepted meanwhile, some are not
            for client in burst:
                client.close()
        for client in idle:
            client.close()
        await answers_again(running, tmp_path, free_port(), port)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_a_storm_of_malformed_messages(
    tmp_path: Path, free_port: Ports, transport: str
) -> None:
    port, chance = free_port(), random.Random(transport)
    kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
    async with phone(port, Receptionist(speaks=0), separate_process=True) as running:
        for _ in range(15):
            with socket.socket(socket.AF_INET, kind) as stranger:
                stranger.settimeout(1)
                with suppress(OSError):  # the phone hung up on it, or is away for the moment
                    stranger.connect(("127.0.0.1", port))
                    own_port = int(stranger.getsockname()[1])
                    for _ in range(40):
                        stranger.send(malformed(chance, transport, own_port))
                        await asyncio.sleep(0.001)  # so that the socket's buffer holds them
        await free_of_calls(running)
        await answers_again(running, tmp_path, free_port(), port)


async def free_of_calls(running: Phone) -> None:
    """Hang up what the strangers began."""
    legs = list(running._legs)
    await asyncio.gather(*(leg.hang_up() for leg in legs))
    await until(lambda: not running.state().lines_used, what="free lines")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a reply that nobody asked for", "SIP/2.0 200 OK\r\nVia: x\r\n\r\n"),
        ("an endless header", "INVITE sip:100@127.0.0.1 SIP/2.0\r\nVia: " + "x" * 60_000),
        ("noise", "\x00\xff" * 2000),
        ("a keepalive", "\r\n\r\n"),
    ],
)
async def test_single_messages(tmp_path: Path, free_port: Ports, name: str, text: str) -> None:
    port = free_port()
    async with phone(port, Receptionist(), separate_process=True) as running:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as stranger:
                stranger.connect(("127.0.0.1", port))
                with suppress(OSError):
                    stranger.send(text.encode("latin-1"))
        await answers_again(running, tmp_path, free_port(), port)
        assert running.state().failures == 0, name
