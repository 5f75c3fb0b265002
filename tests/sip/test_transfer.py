"""Blind transfer by REFER: what the leg makes of the notices, and real far ends that are asked."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import waves
from tests.peers.baresip import Baresip
from tests.peers.process import until
from tests.peers.sipp import Sipp
from tests.sip.receptionist import Conversation, Receptionist, phone
from tests.sip.test_leg import make
from thunderbox.errors import LegError
from thunderbox.sip import leg as leg_module
from thunderbox.sip.causes import Past, TransferNotice
from thunderbox.sip.leg import SipLeg
from thunderbox.voice.leg import EndCause, Ended

Ports = Callable[[], int]

TRYING = TransferNotice(100, "Trying", last=False)
REACHED = TransferNotice(200, "OK", last=True)


def answered() -> tuple[SipLeg, asyncio.Task[None]]:
    """A leg in a call, and its transfer under way."""
    leg, desk = make()
    leg.on_up()
    assert desk.leg is leg
    return leg, asyncio.create_task(leg.transfer("+15550111"))


async def test_a_transfer_ends_the_leg_once_the_target_is_reached() -> None:
    leg, transfer = answered()
    await asyncio.sleep(0)
    leg.on_transfer(TRYING)
    leg.on_transfer(REACHED)
    await transfer
    assert leg.events.get_nowait() == Ended(EndCause.TRANSFERRED, 200, "over")


async def test_a_far_end_that_leaves_right_after_reaching_the_target_was_transferred() -> None:
    leg, transfer = answered()
    await asyncio.sleep(0)
    leg.on_transfer(REACHED)
    leg.on_over(Past(False, True, False, 200), "Normal call clearing")
    await transfer
    end = leg.events.get_nowait()
    assert isinstance(end, Ended)
    assert end.cause is EndCause.TRANSFERRED


@pytest.mark.parametrize(
    ("notice", "sentence"),
    [
        (TransferNotice(486, "Busy Here", last=True), "the far end reports 486 Busy Here"),
        (TransferNotice(603, "Decline", last=False), "the far end reports 603 Decline"),
        (TransferNotice(180, "Ringing", last=True), "the far end reports 180 Ringing"),
    ],
)
async def test_a_transfer_that_fails_leaves_the_call_as_it_was(
    notice: TransferNotice, sentence: str
) -> None:
    leg, transfer = answered()
    await asyncio.sleep(0)
    leg.on_transfer(notice)
    with pytest.raises(LegError, match=sentence):
        await transfer
    assert not leg.over


async def test_a_transfer_without_any_outcome_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg_module, "TRANSFER_SECONDS", 0.01)
    leg, transfer = answered()
    with pytest.raises(LegError, match="did not say within"):
        await transfer
    leg.on_transfer(REACHED)  # too late: nobody waits for it
    assert not leg.over


async def test_a_caller_who_hangs_up_meanwhile_was_not_transferred() -> None:
    leg, transfer = answered()
    await asyncio.sleep(0)
    leg.on_over(Past(False, True, False, 200), "Normal call clearing")
    with pytest.raises(LegError, match="ended before"):
        await transfer
    end = leg.events.get_nowait()
    assert isinstance(end, Ended)
    assert end.cause is EndCause.CALLER_HANGUP


async def test_what_cannot_be_transferred() -> None:
    leg, desk = make()
    with pytest.raises(LegError, match="2 to 15 digits"):
        await leg.transfer("the boss")
    with pytest.raises(LegError, match="must look like sip:"):
        await leg.transfer("sip:boss@[::1")
    with pytest.raises(LegError, match="answered"):
        await leg.transfer("+15550111")
    leg.on_up()
    desk.can_refer = False
    with pytest.raises(LegError, match="cannot be asked"):
        await leg.transfer("+15550111")
    leg.on_over(Past(False, True, False, 200), "")
    await leg.transfer("+15550111")


async def talk_to(
    scenario: str, folder: Path, ports: Ports, target: str, **settings: str
) -> tuple[Sipp, Conversation, str]:
    """Have SIPp call us and be transferred; SIPp, our call, and what became of the transfer."""
    port = ports()
    desk = Receptionist(speaks=0)
    async with phone(port, desk):
        sipp = await Sipp.start(
            folder,
            scenario,
            port=ports(),
            remote=f"127.0.0.1:{port}",
            keys=list(settings.items()),
        )
        call = await desk.call()
        await until(lambda: len(call.ticks) > 10, what="sound")
        try:
            await call.leg.transfer(target)
            said = ""
        except LegError as error:
            said = str(error)
            assert call.end is None
            await call.leg.hang_up()
        await call.ended()
        assert (await sipp.score()).successful == 1
    return sipp, call, said


@pytest.mark.e2e
async def test_a_far_end_that_reaches_the_target(tmp_path: Path, free_port: Ports) -> None:
    sipp, call, said = await talk_to("refer", tmp_path, free_port, "+15550111", outcome="200 OK")
    assert said == ""
    assert call.end is not None
    assert call.end.cause is EndCause.TRANSFERRED
    assert "Refer-To: <sip:+15550111@127.0.0.1>" in sipp.messages


@pytest.mark.e2e
async def test_a_far_end_that_finds_the_target_busy(tmp_path: Path, free_port: Ports) -> None:
    target = "sip:boss@127.0.0.1:9;transport=tcp"
    sipp, call, said = await talk_to("refer", tmp_path, free_port, target, outcome="486 Busy Here")
    assert said == "The transfer failed: the far end reports 486 Busy Here."
    assert call.end is not None
    assert call.end.cause is EndCause.AGENT_END
    assert f"Refer-To: <{target}>" in sipp.messages


@pytest.mark.e2e
async def test_a_far_end_that_declines(tmp_path: Path, free_port: Ports) -> None:
    _, _, said = await talk_to("refer_declined", tmp_path, free_port, "+15550111")
    assert said == "The transfer failed: the far end reports 603 Decline."


@pytest.mark.e2e
async def test_a_far_end_that_never_says_how_it_went(
    tmp_path: Path, free_port: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leg_module, "TRANSFER_SECONDS", 0.5)
    _, _, said = await talk_to("refer_unanswered", tmp_path, free_port, "+15550111")
    assert "did not say within 0.5 s" in said


@pytest.mark.e2e
async def test_a_telephone_is_handed_on_and_hears_the_other(
    tmp_path: Path, free_port: Ports
) -> None:
    port, there = free_port(), free_port()
    desk = Receptionist(speaks=0)
    say = waves.write(tmp_path / "say.wav", waves.tone(880, 30, 8000), 8000)
    async with (
        phone(port, desk),
        Baresip(tmp_path / "boss", port=there, say=say, user="boss", answers=True) as boss,
        Baresip(tmp_path / "caller", port=free_port()) as caller,
    ):
        await caller.dial(f"sip:100@127.0.0.1:{port}")
        call = await desk.call()
        await until(lambda: len(call.ticks) > 10, what="sound")
        await call.leg.transfer(boss.uri)
        assert (await call.ended()).cause is EndCause.TRANSFERRED
        await boss.answered()
        await asyncio.sleep(1)  # of the boss's tone
        await caller.quit()
    assert waves.seconds_of(*waves.read(caller.heard), 880) > 0.5


@pytest.mark.e2e
async def test_nobody_has_us_call_somebody(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist(speaks=0)
    async with phone(port, desk) as running:
        sipp = await Sipp.start(tmp_path, "refer_us", port=free_port(), remote=f"127.0.0.1:{port}")
        score = await sipp.score()
        await until(lambda: not running.state().lines_used, what="a free line")
    assert (score.successful, score.messages.count("victim")) == (1, 1)


@pytest.mark.e2e
async def test_nobody_takes_anothers_place_in_a_call(free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist(speaks=0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.connect(("127.0.0.1", port))
        stranger.settimeout(5)

        def invite(call: str, *extra: str) -> str:
            """Send an INVITE and return the final answer."""
            place = f"127.0.0.1:{stranger.getsockname()[1]}"
            lines = [
                f"INVITE sip:100@127.0.0.1:{port} SIP/2.0",
                f"Via: SIP/2.0/UDP {place};branch=z9hG4bK{call}",
                "From: <sip:a@127.0.0.1>;tag=1",
                "To: <sip:100@127.0.0.1>",
                f"Call-ID: {call}",
                "CSeq: 1 INVITE",
                f"Contact: <sip:a@{place}>",
                "Max-Forwards: 70",
                *extra,
                "Content-Length: 0",
            ]
            stranger.send("\r\n".join([*lines, "", ""]).encode())
            while True:
                answer = stranger.recv(65_535).decode()
                if f"Call-ID: {call}\r\n" in answer and int(answer.split()[1]) >= 200:
                    return answer

        async with phone(port, desk):
            first = await asyncio.to_thread(invite, "first")
            tag = re.findall(r"^To: .*;tag=(\S+)\r$", first, re.MULTILINE)[0]
            replaces = f"Replaces: first;to-tag={tag};from-tag=1"
            second = await asyncio.to_thread(invite, "second", replaces)
            assert second.startswith("SIP/2.0 603 ")
            assert desk.calls[0].end is None
