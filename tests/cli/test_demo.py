"""The demo's words, its file and its exit status, with a conversation that was had before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from thunderbox.cli import demo
from thunderbox.cli.main import main
from thunderbox.cli.script import Exchange, Report, Watcher
from thunderbox.settings import SipSettings
from thunderbox.voice.leg import Answered, EndCause, Ended
from thunderbox.voice.loopback import Loopback

RIGHT = Exchange("What are your opening hours?", "nine to five", 640.0, True)
WRONG = Exchange("How much does a cleaning cost?", "", None, False)


@pytest.mark.parametrize(
    ("exchanges", "status", "words"),
    [
        ([RIGHT, RIGHT], 0, "Every answer was right."),
        ([RIGHT, WRONG], 1, "1 of 2 answers were not right."),
        ([], 1, "said nothing within 10 s"),
    ],
)
def test_exit_status_says_whether_the_answers_were_right(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    exchanges: list[Exchange],
    status: int,
    words: str,
) -> None:
    called = []

    async def phone_box(target: str, watcher: Watcher, record: Path | None) -> Report:
        called.append((target, record))
        return Report("Hello." if exchanges else "", exchanges)

    monkeypatch.setattr(demo, "phone_box", phone_box)
    monkeypatch.setenv("THUNDERBOX_SIP_PORT", "5099")
    with pytest.raises(SystemExit) as caught:
        main(["demo", "--json", str(tmp_path / "out.json")])
    assert (caught.value.code or 0) == status
    printed = capsys.readouterr()
    assert words in printed.out + printed.err
    assert called == [("sip:100@127.0.0.1:5099", None)]
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["right"] is (status == 0)
    assert len(written["turns"]) == len(exchanges)
    if exchanges:
        assert written["voice_to_voice_ms"]["p50"] == 640.0
        assert "p50 0.64 s" in printed.out


def test_screen_shows_both_sides_with_times() -> None:
    console = Console(width=100, record=True)
    screen = demo.Screen(console)
    screen.caller("How are you [really]?")
    screen.agent("Fine.", 1234.0, True)
    screen.agent("Blue.", 600.0, False)
    screen.note("Interrupted.")
    shown = console.export_text().splitlines()
    assert shown[0] == "caller   How are you [really]?"
    assert shown[1] == "agent    Fine.  1.23 s"
    assert shown[2] == "agent    Blue.  0.60 s  wrong"
    assert shown[3] == "         Interrupted."


async def test_nobody_answers_says_what_to_do() -> None:
    leg = Loopback("test").near
    leg.events.put_nowait(Ended(EndCause.BUSY, 486, "All lines are busy"))
    with pytest.raises(demo.LegError, match=r"busy, 486 All lines.*thunderbox serve"):
        await demo._answered(leg, "sip:100@box")
    leg.events.put_nowait(Answered())
    await demo._answered(leg, "sip:100@box")


@pytest.mark.parametrize(("host", "called"), [("0.0.0.0", "127.0.0.1"), ("192.0.2.7", "192.0.2.7")])
def test_the_box_of_this_machine(host: str, called: str) -> None:
    assert demo._own_address(SipSettings(host=host, port=5099)) == f"sip:100@{called}:5099"


def test_our_phone_listens_where_the_target_can_reply() -> None:
    assert demo._host_towards("sip:100@127.0.0.1:5060") == "127.0.0.1"
    assert demo._host_towards("sip:100@192.0.2.7") == "0.0.0.0"
