"""Outbound calls: answered, and every way in which they are not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import waves
from tests.peers.baresip import Baresip
from tests.peers.process import until
from tests.peers.sipp import Sipp
from tests.sip.receptionist import TONE_HZ, Receptionist, follow, phone
from thunderbox.calls.ports import Destination
from thunderbox.errors import LegError
from thunderbox.sip.endpoint import Timing
from thunderbox.voice.leg import Answered, EndCause

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]


def to(port: int, extra: str = "") -> Destination:
    """A SIP URI on this machine."""
    return Destination(f"sip:bob@127.0.0.1:{port}{extra}", "+15550100")


async def test_answered_and_heard(tmp_path: Path, free_port: Ports) -> None:
    say = waves.write(tmp_path / "say.wav", waves.tone(880, 20, 8000), 8000)
    async with (
        phone(free_port(), Receptionist()) as running,
        Baresip(tmp_path / "peer", port=free_port(), say=say, user="bob", answers=True) as callee,
    ):
        leg = await running.dial(Destination(callee.uri, "+15550100"), 20)
        call = await follow(leg)
        await until(lambda: call.has(Answered), what="the answer")
        leg.play(waves.tone(TONE_HZ, 1.5, 16000).tobytes())
        await until(lambda: not leg.queued, what="the end of what we say")
        await until(lambda: waves.seconds_of(call.far, 16000, 880) > 0.8, what="their tone")
        await leg.hang_up()
        assert (await call.ended()).cause is EndCause.AGENT_END
    heard, rate = waves.read(callee.heard)
    assert waves.seconds_of(heard, rate, TONE_HZ) > 1.0


async def test_the_caller_is_shown(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    uas = await Sipp.start(tmp_path, "callee_hangs_up", port=port)
    async with phone(free_port(), Receptionist()) as running:
        call = await follow(await running.dial(to(port), 10))
        end = await call.ended()
        score = await uas.score()
    assert call.has(Answered)
    assert end.cause is EndCause.CALLER_HANGUP
    assert "From: <sip:+15550100@127.0.0.1>;tag=" in score.messages
    assert "User-Agent: ThunderBox/" in score.messages


@pytest.mark.parametrize(
    ("scenario", "cause", "status"),
    [
        ("callee_busy", EndCause.BUSY, 486),
        ("callee_declines", EndCause.REFUSED, 603),
        ("callee_unavailable", EndCause.UNREACHABLE, 503),
        ("callee_rings", EndCause.NO_ANSWER, 487),
    ],
)
async def test_not_answered(
    tmp_path: Path, free_port: Ports, scenario: str, cause: EndCause, status: int
) -> None:
    port = free_port()
    uas = await Sipp.start(tmp_path, scenario, port=port)
    async with phone(free_port(), Receptionist()) as running:
        call = await follow(await running.dial(to(port), 2))
        end = await call.ended()
        score = await uas.score()
        await until(lambda: running.state().lines_used == 0, what="a free line")
    assert (end.cause, end.sip_status) == (cause, status)
    assert score.successful == 1, score.messages


@pytest.mark.parametrize("extra", ["", ";transport=tcp"])
async def test_nobody_there(free_port: Ports, extra: str) -> None:
    async with phone(free_port(), Receptionist(), timing=Timing(reply=2)) as running:
        call = await follow(await running.dial(to(free_port(), extra), 20))
        end = await call.ended(8)
    assert end.cause is EndCause.UNREACHABLE


async def test_a_name_that_does_not_exist(free_port: Ports) -> None:
    async with phone(free_port(), Receptionist()) as running:
        call = await follow(await running.dial(Destination("sip:bob@nowhere.invalid", ""), 20))
        assert (await call.ended()).cause is EndCause.UNREACHABLE


async def test_we_give_up_while_it_rings(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    uas = await Sipp.start(tmp_path, "callee_rings", port=port)
    async with phone(free_port(), Receptionist()) as running:
        leg = await running.dial(to(port), 20)
        call = await follow(leg)
        await until(lambda: "180 Ringing" in uas.messages, what="ringing")
        await asyncio.sleep(0)
        await leg.hang_up()
        assert (await call.ended()).cause is EndCause.CANCELLED
        assert (await uas.score()).successful == 1


async def test_what_cannot_be_called_at_all(free_port: Ports) -> None:
    async with phone(free_port(), Receptionist(), max_calls=1) as running:
        for wrong in ("sip:", "sip:a b@host", "sip:bob@[::1]", "tel:+15550100", "sip:b@h:99999"):
            with pytest.raises(LegError, match="must look like"):
                await running.dial(Destination(wrong, ""), 5)
        with pytest.raises(LegError, match="must be a number"):
            await running.dial(Destination("12x", ""), 5)
        with pytest.raises(LegError, match=r"none is configured"):
            await running.dial(Destination("+15550100", ""), 5)
        leg = await running.dial(to(free_port()), 5)
        with pytest.raises(LegError, match="lines are busy"):
            await running.dial(to(free_port()), 5)
        await leg.hang_up()
    with pytest.raises(LegError, match="not running"):
        await running.dial(to(5060), 5)
