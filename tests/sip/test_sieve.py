"""Requests that would end PJSIP are told from those of phones, and dropped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.process import until
from tests.peers.sipp import Sipp
from tests.sip.receptionist import Receptionist, phone
from thunderbox.sip.sieve import is_deadly

Ports = Callable[[], int]


def request(line: str = "ACK", cseq: str = "ACK", to: str = "To: <sip:100@box>;tag=1") -> str:
    """A request as text."""
    return (
        f"{line} sip:100@box SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
        f"From: <sip:a@b>;tag=9\r\n{to}\r\nCall-ID: 1\r\nCSeq: 1 {cseq}\r\n"
        "Contact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n"
    )


@pytest.mark.parametrize(
    "to",
    [
        "To: <sip:100@box>;tag=1",
        "t : <sip:100@box>;tag=a-b.c",
        'To: "Box" <sip:100@box;user=phone>;x=y;tag=1',
        "To: sip:100@box;tag=1",
        "To: <sip:100@box>\r\n ;tag=1",
    ],
)
def test_an_ack_to_an_answer_passes(to: str) -> None:
    assert not is_deadly(request(to=to))
    assert not is_deadly(request(to=to) + "To: <sip:100@box>")


@pytest.mark.parametrize(
    "to",
    [
        "To: <sip:100@box>",
        "To: <sip:100@box>;tag=",
        "To: <sip:100@box;tag=1>",
        'To: <sip:100@box>;x=";tag=1"',
        "To: <sip:100@box>;tag=1\r\nTo: <sip:100@box>",
        "T: <sip:100@box>",
        "X: 1",
    ],
)
def test_an_ack_without_a_tag_beyond_doubt_does_not(to: str) -> None:
    assert is_deadly(request(to=to))
    assert not is_deadly(request("BYE", "BYE", to))


@pytest.mark.parametrize(
    ("line", "cseq"), [("REGISTER", "INVITE"), ("CANCEL", "ACK"), ("ACK", "INVITE"), ("BYE", "")]
)
def test_a_request_of_two_methods_does_not(line: str, cseq: str) -> None:
    assert is_deadly(request(line, cseq))
    assert is_deadly("\r\n" + request(line, cseq))


def test_what_has_no_first_line_does_not() -> None:
    assert is_deadly("")


@pytest.mark.e2e
@pytest.mark.parametrize("separate", [False, True])
async def test_the_phone_outlives_them(
    tmp_path: Path, free_port: Ports, caplog: pytest.LogCaptureFixture, separate: bool
) -> None:
    port = free_port()
    async with phone(port, Receptionist(), separate_process=separate) as running:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.1", 0))
            stranger.connect(("127.0.0.1", port))
            stranger.send(request("INVITE", "INVITE", "To: <sip:100@box>").encode())
            await until(lambda: running.state().lines_used, what="a call")
            deadly = request("ACK", "ACK", "To: <sip:100@box>").replace("z9hG4bK1", "z9hG4bK2")
            stranger.send(deadly.encode())
            stranger.send(request("REGISTER", "ACK").encode())
            await until(lambda: caplog.text.count("was dropped") == 2, what="two lines in the log")
        sipp = await Sipp.start(tmp_path, "uac", port=free_port(), remote=f"127.0.0.1:{port}")
        assert (await sipp.score()).successful == 1
        assert running.state().failures == 0
