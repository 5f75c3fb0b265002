"""Inbound calls from real phones: sound both ways, keys, hold, and every way to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import waves
from tests.peers.baresip import RATES, Baresip
from tests.peers.process import until
from tests.peers.sipp import Sipp
from tests.sip.receptionist import TONE_HZ, Receptionist, phone
from thunderbox.calls.ports import Invitation
from thunderbox.sip.endpoint import Timing
from thunderbox.voice.leg import EndCause, Held, Leg, Resumed

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "G722"])
async def test_both_sides_hear_each_other(tmp_path: Path, free_port: Ports, codec: str) -> None:
    port, rate = free_port(), RATES[codec]
    voice = [waves.tone(880, 3, rate), waves.silence(20, rate)]
    say = waves.write(tmp_path / "say.wav", waves.np.concatenate(voice), rate)
    desk = Receptionist(speaks=2.0)
    async with (
        phone(port, desk),
        Baresip(tmp_path / "peer", port=free_port(), codec=codec, say=say) as caller,
    ):
        await caller.dial(f"sip:+15550100@127.0.0.1:{port}")
        call = await desk.call()
        await until(lambda: len(call.ticks) >= 175, what="3.5 s of ticks")
        await caller.hang_up()
        end = await call.ended()
    assert call.invitation == Invitation(
        "+15550100", "caller", call.invitation.source, meant="+15550100"
    )
    assert end.cause is EndCause.CALLER_HANGUP
    assert waves.seconds_of(call.far, 16000, 880) > 2.0
    assert waves.seconds_of(call.near, 16000, TONE_HZ) == pytest.approx(2.0, abs=0.2)
    assert sum(tick.spoken for tick in call.ticks) == 2 * 32000
    heard, heard_rate = waves.read(caller.heard)
    assert waves.seconds_of(heard, heard_rate, TONE_HZ) > 1.5


async def test_ticks_come_fifty_times_a_second_without_any_rtp(
    tmp_path: Path, free_port: Ports
) -> None:
    port = free_port()
    desk = Receptionist(speaks=1.0)
    async with phone(port, desk):
        sipp = await Sipp.start(
            tmp_path, "uac", port=free_port(), remote=f"127.0.0.1:{port}", pause_ms=3000
        )
        score = await sipp.score()
    assert (score.successful, score.failed) == (1, 0)
    assert len(desk.calls[0].ticks) == pytest.approx(150, abs=12)
    assert not any(desk.calls[0].far)


@pytest.mark.parametrize("dtmf", ["rtpevent", "info"])
async def test_keys_are_heard(tmp_path: Path, free_port: Ports, dtmf: str) -> None:
    port = free_port()
    desk = Receptionist(speaks=0)
    async with (
        phone(port, desk),
        Baresip(tmp_path / "peer", port=free_port(), dtmf=dtmf) as caller,
    ):
        await caller.dial(f"sip:100@127.0.0.1:{port}")
        await caller.answered()
        await caller.press("19#*0")
        call = await desk.call()
        await until(lambda: len(call.digits) >= 5, 10, lambda: f"five keys, got {call.digits}")
    assert call.digits == "19#*0"


async def test_info_keys_in_both_forms(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist(speaks=0)
    async with phone(port, desk):
        sipp = await Sipp.start(tmp_path, "info", port=free_port(), remote=f"127.0.0.1:{port}")
        score = await sipp.score()
    assert desk.calls[0].digits == "57", score.messages
    assert score.successful == 1, score.messages


async def test_keys_are_pressed(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()

    async def press(leg: Leg, invitation: Invitation) -> None:
        await leg.answer()
        for _ in range(25):  # half a second: a phone that has just been answered still sets up
            await leg.tick()
        await leg.send_digits("5")
        await leg.send_digits("#")
        while await leg.tick() is not None:
            pass

    async with (
        phone(port, press),
        Baresip(tmp_path / "peer", port=free_port()) as caller,
    ):
        await caller.dial(f"sip:100@127.0.0.1:{port}")
        await caller.peer.prints("received event: '5'")
        await caller.peer.prints("received event: '#'")


@pytest.mark.parametrize("scenario", ["hold", "hold_inactive"])
async def test_hold_and_resume(tmp_path: Path, free_port: Ports, scenario: str) -> None:
    port = free_port()
    desk = Receptionist(speaks=10)
    async with phone(port, desk):
        sipp = await Sipp.start(
            tmp_path, scenario, port=free_port(), remote=f"127.0.0.1:{port}", pause_ms=1000
        )
        score = await sipp.score()
    call = desk.calls[0]
    assert score.successful == 1, score.messages
    assert [type(e) for e in call.events[:2]] == [Held, Resumed]
    assert len(call.ticks) == pytest.approx(150, abs=15)
    spoken = sum(tick.spoken for tick in call.ticks)
    assert spoken == pytest.approx(2 * 32000, abs=8000), "nothing is said into a hold"


async def test_sound_goes_on_after_hold(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    say = waves.write(tmp_path / "say.wav", waves.tone(880, 30, 8000), 8000)
    desk = Receptionist(speaks=10)
    async with (
        phone(port, desk),
        Baresip(tmp_path / "peer", port=free_port(), say=say) as caller,
    ):
        await caller.dial(f"sip:100@127.0.0.1:{port}")
        call = await desk.call()
        await until(lambda: waves.seconds_of(call.far, 16000, 880) > 0.5, what="the caller's tone")
        await caller.hold()
        await until(lambda: call.has(Held), what="hold")
        held_at = len(call.ticks)
        await until(lambda: len(call.ticks) > held_at + 40, what="ticks on hold")
        await caller.resume()
        await until(lambda: call.has(Resumed), what="resume")
        resumed_at = len(call.ticks)
        await until(
            lambda: waves.seconds_of(call.far[resumed_at * 320 :], 16000, 880) > 0.5,
            what="the caller's tone after hold",
        )
    on_hold = call.far[(held_at + 5) * 320 : (held_at + 30) * 320]
    assert not any(on_hold)


async def test_late_offer(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist(speaks=1)
    async with phone(port, desk):
        sipp = await Sipp.start(
            tmp_path, "late_offer", port=free_port(), remote=f"127.0.0.1:{port}", pause_ms=1000
        )
        score = await sipp.score()
    assert score.successful == 1, score.messages
    assert sum(tick.spoken for tick in desk.calls[0].ticks) > 20000


async def test_cancel_while_ringing(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    ends = []

    async def let_ring(leg: Leg, invitation: Invitation) -> None:
        ends.append(await leg.events.get())

    async with phone(port, let_ring) as running:
        sipp = await Sipp.start(tmp_path, "cancel", port=free_port(), remote=f"127.0.0.1:{port}")
        score = await sipp.score()
        await until(lambda: ends, what="the end of the leg")
        await until(lambda: running.state().lines_used == 0, what="a free line")
    assert score.successful == 1, score.messages
    assert ends[0].cause is EndCause.CANCELLED
    assert ends[0].sip_status == 487


async def test_bye_at_once(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist()
    async with phone(port, desk) as running:
        sipp = await Sipp.start(
            tmp_path, "uac", port=free_port(), remote=f"127.0.0.1:{port}", calls=8, pause_ms=0
        )
        score = await sipp.score()
        await until(lambda: running.state().lines_used == 0, what="free lines")
    assert score.successful == 8
    assert all(call.end for call in desk.calls)


async def test_we_hang_up(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()

    async def answer_and_leave(leg: Leg, invitation: Invitation) -> None:
        await leg.answer()
        await leg.hang_up()
        ends.append(await leg.events.get())
        await leg.hang_up()
        assert await leg.tick() is None

    ends: list[object] = []
    async with (
        phone(port, answer_and_leave),
        Baresip(tmp_path / "peer", port=free_port()) as caller,
    ):
        await caller.dial(f"sip:100@127.0.0.1:{port}")
        await caller.closed()
        await until(lambda: ends)
    assert ends[0].cause is EndCause.AGENT_END  # type: ignore[attr-defined]


async def test_refused_with_a_reason(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()

    async def refuse(leg: Leg, invitation: Invitation) -> None:
        await leg.refuse(404, 'No number "100"\r\nhere')

    async with phone(port, refuse):
        sipp = await Sipp.start(tmp_path, "refused", port=free_port(), remote=f"127.0.0.1:{port}")
        score = await sipp.score()
    assert score.successful == 1, score.messages
    assert "SIP/2.0 180 Ringing" in score.messages
    assert "SIP/2.0 404 No number ?100? here" in score.messages
    assert 'Reason: SIP;cause=404;text="No number ?100? here"' in score.messages


async def test_a_handler_that_fails_refuses_with_500(
    tmp_path: Path, free_port: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()

    async def fail(leg: Leg, invitation: Invitation) -> None:
        raise RuntimeError("a mistake")

    async with phone(port, fail):
        sipp = await Sipp.start(
            tmp_path, "server_error", port=free_port(), remote=f"127.0.0.1:{port}"
        )
        score = await sipp.score()
    assert score.successful == 1, score.messages
    assert "a mistake" in caplog.text


async def test_outside_the_networks_is_refused_with_403(
    tmp_path: Path, free_port: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    desk = Receptionist()
    async with phone(port, desk, allowed_networks=("10.0.0.0/8",)):
        sipp = await Sipp.start(tmp_path, "forbidden", port=free_port(), remote=f"127.0.0.1:{port}")
        score = await sipp.score()
    assert score.successful == 1, score.messages
    assert not desk.calls
    assert "Reason: SIP;cause=403" in score.messages
    assert "180 Ringing" not in score.messages
    assert "sip.allowed_networks" in caplog.text


@pytest.mark.parametrize("lines", [1, 4])
async def test_one_caller_too_many_is_busy(
    tmp_path: Path, free_port: Ports, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    desk = Receptionist()
    async with phone(port, desk, max_calls=lines) as running:
        many = await Sipp.start(
            tmp_path / "many",
            "uac",
            port=free_port(),
            remote=f"127.0.0.1:{port}",
            calls=lines,
            at_once=lines,
            pause_ms=3000,
        )
        await until(lambda: running.state().lines_used == lines, what="busy lines")
        await until(lambda: len(desk.calls) == lines)
        one = await Sipp.start(
            tmp_path / "one", "busy_here", port=free_port(), remote=f"127.0.0.1:{port}"
        )
        assert (await one.score()).successful == 1
        assert (await many.score()).successful == lines
    assert len(desk.calls) == lines
    assert "refused with 486" in caplog.text


async def test_two_hundred_calls_four_at_a_time(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist()
    async with phone(port, desk) as running:
        sipp = await Sipp.start(
            tmp_path,
            "uac",
            port=free_port(),
            remote=f"127.0.0.1:{port}",
            calls=200,
            at_once=4,
            rate=50,
            pause_ms=150,
        )
        score = await sipp.score()
        await until(lambda: running.state().lines_used == 0, what="free lines")
        assert (score.successful, score.failed) == (200, 0)
        after = await Sipp.start(tmp_path, "uac", port=free_port(), remote=f"127.0.0.1:{port}")
        assert (await after.score()).successful == 1
    assert len(desk.calls) == 201
    assert all(call.end for call in desk.calls)


async def test_over_tcp(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist()
    async with phone(port, desk):
        sipp = await Sipp.start(
            tmp_path, "uac", port=free_port(), remote=f"127.0.0.1:{port}", transport="t1"
        )
        assert (await sipp.score()).successful == 1
    async with phone(port, desk):
        pass  # the port is free again at once


async def test_a_far_end_that_falls_silent_is_given_up(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist()
    async with (
        phone(port, desk, timing=Timing(media_lost=3)),
        Baresip(tmp_path / "peer", port=free_port()) as caller,
    ):
        await caller.dial(f"sip:100@127.0.0.1:{port}")
        call = await desk.call()
        await until(lambda: len(call.ticks) > 60, what="a second of call")
        caller.freeze()
        end = await call.ended(15)
        await caller.peer.kill()
    assert end.cause is EndCause.MEDIA_LOST


async def test_stop_ends_calls_within_three_seconds(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    desk = Receptionist()
    loop = asyncio.get_running_loop()
    async with Baresip(tmp_path / "peer", port=free_port()) as caller:
        async with phone(port, desk) as running:
            await caller.dial(f"sip:100@127.0.0.1:{port}")
            call = await desk.call()
            await until(lambda: len(call.ticks) > 10, what="a call")
            before = loop.time()
            await running.stop()
            assert loop.time() - before < 3
            await running.stop()
        await caller.closed()
    assert call.end is not None
