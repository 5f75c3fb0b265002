"""PJSIP in a process of its own: calls as ever, and what happens when one of the two dies."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import waves
from tests.peers.baresip import Baresip
from tests.peers.process import Peer, until
from tests.peers.registrar import Registrar
from tests.peers.sipp import Sipp
from tests.sip.receptionist import TONE_HZ, Receptionist, follow, phone
from thunderbox.calls.ports import Destination, Registration
from thunderbox.errors import LegError, StartError
from thunderbox.settings import TrunkSettings
from thunderbox.sip import child_card, line_card, wire
from thunderbox.sip.card_process import how_it_ended
from thunderbox.sip.endpoint import Phone
from thunderbox.voice.leg import Answered, EndCause

Ports = Callable[[], int]

e2e = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("status", "words", "sentence"),
    [
        (1, "Traceback:\n  line 3\nKeyError: 4\n", "it ended with status 1 (KeyError: 4)"),
        (
            -6,
            "x: Assertion `0' failed.\nAborted\n",
            "it died of SIGABRT (x: Assertion `0' failed.)",
        ),
        (-9, "", "it died of SIGKILL"),
        (-99, "", "it died of signal 99"),
    ],
)
def test_the_end_of_a_process_in_words(status: int, words: str, sentence: str) -> None:
    assert how_it_ended(status, words) == sentence


async def runs_again(running: Phone, failures: int = 1) -> None:
    """Wait until a card that failed is back."""
    await until(
        lambda: running.state().failures == failures and running.state().listening,
        what=lambda: f"a new line card, got {running.state()}",
    )


async def one_good_call(folder: Path, own_port: int, port: int) -> None:
    """Have SIPp call, and everything go well."""
    sipp = await Sipp.start(folder, "uac", port=own_port, remote=f"127.0.0.1:{port}")
    assert (await sipp.score()).successful == 1


@e2e
@pytest.mark.parametrize("separate", [False, True])
async def test_both_sides_hear_each_other_and_every_byte_is_counted(
    tmp_path: Path, free_port: Ports, separate: bool
) -> None:
    port = free_port()
    say = waves.write(tmp_path / "say.wav", waves.tone(880, 20, 8000), 8000)
    desk = Receptionist(speaks=20.0)
    async with (
        phone(port, desk, separate_process=separate),
        Baresip(tmp_path / "peer", port=free_port(), say=say) as caller,
    ):
        await caller.dial(f"sip:+15550100@127.0.0.1:{port}")
        call = await desk.call()
        await until(lambda: len(call.ticks) >= 75, what="1.5 s of ticks")
        thrown = call.leg.flush()
        await until(lambda: len(call.ticks) >= 125, what="1 s more")
        await caller.hang_up()
        assert (await call.ended()).cause is EndCause.CALLER_HANGUP
    spoken = sum(tick.spoken for tick in call.ticks)
    assert spoken + thrown == 20 * 32000
    assert 1.0 < spoken / 32000 < 2.5
    assert waves.seconds_of(call.far, 16000, 880) > 1.5
    assert waves.seconds_of(call.near, 16000, TONE_HZ) == pytest.approx(spoken / 32000, abs=0.2)


@e2e
@pytest.mark.parametrize("separate", [False, True])
async def test_sound_that_is_left_when_the_call_ends_is_counted_too(
    tmp_path: Path, free_port: Ports, separate: bool
) -> None:
    port = free_port()
    desk = Receptionist(speaks=20.0)
    async with phone(port, desk, separate_process=separate):
        await one_good_call(tmp_path, free_port(), port)
        call = await desk.call()
        await call.ended()
        assert call.leg.queued == call.leg.flush() > 0
        assert call.leg.queued == 0
        spoken = sum(tick.spoken for tick in call.ticks)
    assert 0 < spoken < 20 * 32000


@e2e
async def test_a_crash_costs_the_calls_of_the_moment_only(
    tmp_path: Path, free_port: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    port = free_port()
    desk = Receptionist(speaks=1.0)
    async with phone(port, desk, separate_process=True) as running:
        first = running.state()
        sipp = await Sipp.start(
            tmp_path, "uac", port=free_port(), remote=f"127.0.0.1:{port}", pause_ms=20_000
        )
        call = await desk.call()
        await until(lambda: len(call.ticks) > 10, what="sound")
        os.kill(first.process, signal.SIGABRT)
        end = await call.ended()
        assert (end.cause, end.detail) == (EndCause.LINE_FAILED, "the phone's own process failed")
        await runs_again(running)
        await sipp.kill()
        await one_good_call(tmp_path / "again", free_port(), port)
        assert running.state().process not in (0, first.process)
    assert "it died of SIGABRT. Calls that are lost: 1." in caplog.text
    assert "runs again" in caplog.text


@e2e
async def test_a_card_goes_before_what_computes_where_it_may(free_port: Ports) -> None:
    async with phone(free_port(), Receptionist(), separate_process=True) as running:
        found = os.getpriority(os.PRIO_PROCESS, running.state().process)
        session = Path(f"/proc/{running.state().process}/autogroup")
        if session.exists() and os.geteuid() == 0:
            assert f"nice {line_card.NICE}" in session.read_text()
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    assert found == (line_card.NICE if os.geteuid() == 0 else usual)


@e2e
async def test_a_card_that_hangs_is_ended(
    free_port: Ports, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(child_card, "PING_SECONDS", 0.05)
    monkeypatch.setattr(child_card, "SILENT_SECONDS", 0.5)
    async with phone(free_port(), Receptionist(), separate_process=True) as running:
        os.kill(running.state().process, signal.SIGSTOP)
        await until(lambda: running.state().failures, what="the end of the card")
        monkeypatch.setattr(child_card, "SILENT_SECONDS", 10.0)
        await until(lambda: running.state().listening, what="a new card")
    assert "it did not answer within 0.5 s" in caplog.text


@e2e
async def test_calls_are_refused_in_a_sentence_while_the_card_is_away(
    tmp_path: Path, free_port: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_card, "FIRST_WAIT", 30.0)
    there = free_port()
    async with phone(free_port(), Receptionist(), separate_process=True) as running:
        os.kill(running.state().process, signal.SIGKILL)
        await until(lambda: not running.state().listening, what="the end of the card")
        assert running.state().detail == (
            "The phone's own process failed and is being started again: it died of SIGKILL."
        )
        with pytest.raises(LegError, match="started again"):
            await running.dial(Destination(f"sip:bob@127.0.0.1:{there}", "+15550100"), 5)


@e2e
@pytest.mark.parametrize("separate", [False, True])
async def test_an_outbound_call_is_answered_and_keys_are_pressed(
    tmp_path: Path, free_port: Ports, separate: bool
) -> None:
    async with (
        phone(free_port(), Receptionist(), separate_process=separate) as running,
        Baresip(tmp_path / "peer", port=free_port(), user="bob", answers=True) as callee,
    ):
        leg = await running.dial(Destination(callee.uri, "+15550100"), 20)
        call = await follow(leg)
        await until(lambda: call.has(Answered), what="the answer")
        await leg.send_digits("12")
        await leg.hang_up()
        assert (await call.ended()).cause is EndCause.AGENT_END


@e2e
async def test_the_trunk_is_registered_again_after_a_crash(
    tmp_path: Path, free_port: Ports
) -> None:
    async with Registrar(tmp_path / "registrar", port=free_port()) as registrar:
        trunk = TrunkSettings(
            server=registrar.server, user="box", password=registrar.password, retry_seconds=1
        )
        async with phone(
            free_port(), Receptionist(), trunk=trunk, separate_process=True
        ) as running:
            await registrar.registered()
            os.kill(running.state().process, signal.SIGKILL)
            await until(
                lambda: running.state().trunk.registration is Registration.FAILED, what="the loss"
            )
            await registrar.registered(times=2)
            await until(
                lambda: running.state().trunk.registration is Registration.REGISTERED,
                what="the registration",
            )


@e2e
async def test_signals_that_everybody_gets_do_not_end_it(tmp_path: Path, free_port: Ports) -> None:
    port = free_port()
    async with phone(port, Receptionist(), separate_process=True) as running:
        process = running.state().process
        os.kill(process, signal.SIGINT)
        os.kill(process, signal.SIGTERM)
        await one_good_call(tmp_path, free_port(), port)
        assert (running.state().process, running.state().failures) == (process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


BOX = """
import asyncio, sys
from tests.sip.receptionist import Receptionist, phone

async def main():
    async with phone(int(sys.argv[1]), Receptionist(), separate_process=True) as running:
        print("process", running.state().process, "runs", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@e2e
async def test_it_ends_with_the_box(free_port: Ports) -> None:
    box = await Peer.spawn([sys.executable, "-c", BOX, str(free_port())], ROOT)
    await box.prints("runs")
    process = int(box.output.split()[1])
    box.signal(signal.SIGKILL)

    def gone() -> bool:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        return state == "Z"  # nobody collects it where the tests are the first process

    await until(gone, 5, "the end of the line card")
    await box.ends()


@e2e
async def test_a_port_that_is_taken_meanwhile_is_tried_again(
    free_port: Ports, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []
    start = child_card.ChildCard._start

    async def fails_first(card: child_card.ChildCard) -> None:
        attempts.append(1)
        if len(attempts) in (2, 3):
            raise StartError("The phone cannot start: the port is taken.")
        await start(card)

    monkeypatch.setattr(child_card.ChildCard, "_start", fails_first)
    monkeypatch.setattr(child_card, "FIRST_WAIT", 0.01)
    caplog.set_level(logging.INFO)
    async with phone(free_port(), Receptionist(), separate_process=True) as running:
        os.kill(running.state().process, signal.SIGKILL)
        await runs_again(running)
    assert caplog.text.count("does not start again: The phone cannot start") == 2
    assert len(attempts) == 4


@e2e
async def test_the_box_stops_while_the_card_is_being_started(
    free_port: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with phone(free_port(), Receptionist(), separate_process=True) as running:
        os.kill(running.state().process, signal.SIGKILL)
        await until(lambda: running.state().failures, what="the end of the card")
        await asyncio.wait_for(running.stop(), 5)
    assert running.state().listening == ""


def test_a_line_for_the_log_always_fits_a_packet() -> None:
    sent: list[wire.Event] = []
    record = logging.LogRecord("sip", logging.WARNING, "", 0, "x" * wire.LARGEST, None, None)
    line_card.ToTheBox(sent.append).emit(record)
    assert len(wire.encode(sent[0])) < wire.LARGEST
