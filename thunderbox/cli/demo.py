"""`thunderbox demo`: a simulated caller phones a box, and what both say appears as it is said."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from thunderbox.calls.ports import Destination
from thunderbox.cli.caller import SimulatedCaller
from thunderbox.cli.options import (
    ConfigOption,
    VerboseOption,
    out,
    read_settings,
    set_up_logging,
)
from thunderbox.cli.own_phone import own_phone
from thunderbox.cli.script import Report, Watcher, converse, percentiles
from thunderbox.errors import LegError, ThunderBoxError
from thunderbox.settings import SipSettings
from thunderbox.voice.cpu import this_cpu
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.leg import Answered, Ended, Leg
from thunderbox.voice.models import STARTER_WINDOW_SECONDS, speech_card

VOICE = "en-US-Michael1"
RING_SECONDS = 10.0


def demo(
    to: Annotated[
        str | None,
        typer.Option(
            metavar="SIP-URI",
            help="Whom to call, a SIP address; without it the box on this machine.",
        ),
    ] = None,
    config: ConfigOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write turns and measurements to this file."),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the call to this WAV file: caller left, agent right."
        ),
    ] = None,
    verbose: VerboseOption = False,
) -> None:
    """Phone the box with a simulated caller; exit 0 only when every answer was right.

    It asks for the opening hours and a price, interrupts an answer, books an appointment and
    says goodbye. Beside each answer stands the time from the last sound of the question to the
    first sound of the answer, measured on the line.
    """
    set_up_logging("error", verbose)
    target = to or _own_address(read_settings(config).sip)
    report = asyncio.run(phone_box(target, Screen(out), record))
    _finish(report, target, json_file)


async def phone_box(target: str, watcher: Watcher, record: Path | None = None) -> Report:
    """Call `target`, play the script, hang up. Raises ThunderBoxError when nobody answers."""
    recognizer = FasterWhisper(
        Path(speech_card("starter").path), threads=1, window_seconds=STARTER_WINDOW_SECONDS
    )
    synthesizer = Espeak()
    try:
        async with own_phone(_host_towards(target)) as phone:
            leg = await phone.dial(Destination(target, "demo"), RING_SECONDS)
            try:
                await _answered(leg, target)
                caller = SimulatedCaller(leg, synthesizer, recognizer, VOICE)
                try:
                    return await converse(caller, watcher)
                finally:
                    await caller.hang_up()
                    if record is not None:
                        caller.write_wav(record)
            finally:
                await leg.hang_up()
    finally:
        synthesizer.close()
        recognizer.close()


class Screen(Watcher):
    """Shows both sides as they speak."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def caller(self, text: str) -> None:
        """A line for the caller."""
        self._line("caller", "cyan", text)

    def agent(self, text: str, latency_ms: float | None, right: bool) -> None:
        """A line for the agent, with the time it took and whether it was right."""
        time = "" if latency_ms is None else f"  {latency_ms / 1000:.2f} s"
        self._line("agent", "green", text, time + ("" if right else "  wrong"))

    def note(self, text: str) -> None:
        """A line beside the conversation."""
        self._console.print(Text(f"         {text}", style="yellow"))

    def _line(self, who: str, style: str, text: str, after: str = "") -> None:
        line = Text(f"{who:<8} ", style=f"bold {style}")
        line.append(text, style="default")
        line.append(after, style="bold red" if after.endswith("wrong") else "dim")
        self._console.print(line, soft_wrap=True)


def measurements(report: Report, target: str) -> dict[str, Any]:
    """The report as `--json` writes it; times in ms."""
    return {
        "to": target,
        "right": report.right,
        "voice_to_voice_ms": percentiles(report.latencies),
        "machine": {"cpu": this_cpu().name, "cores": _cores(), "system": platform.platform()},
        "greeting": report.greeting,
        "turns": [asdict(exchange) for exchange in report.exchanges],
        "agent_hung_up": report.agent_hung_up,
    }


def _finish(report: Report, target: str, json_file: Path | None) -> None:
    measured = measurements(report, target)
    if json_file is not None:
        json_file.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    times = measured["voice_to_voice_ms"]
    if times["count"]:
        out.print(
            f"Voice to voice: p50 {times['p50'] / 1000:.2f} s, p95 {times['p95'] / 1000:.2f} s "
            f"of {times['count']} answers."
        )
    if not report.right:
        wrong = sum(not exchange.right for exchange in report.exchanges)
        raise ThunderBoxError(
            f"{wrong} of {len(report.exchanges)} answers were not right. Hear why with --record, "
            "or see what the box understood: thunderbox calls last."
            if report.exchanges
            else "The box answered, but said nothing within 10 s. Its log says why."
        )
    out.print("Every answer was right.", style="green")


def _own_address(sip: SipSettings) -> str:
    host = "127.0.0.1" if sip.host in ("0.0.0.0", "::") else sip.host  # noqa: S104 - compared with
    return f"sip:100@{host}:{sip.port}"


def _host_towards(target: str) -> str:
    """Where our phone must listen so that the target's replies arrive."""
    near = re.search(r"@(127\.|localhost)", target)
    return "127.0.0.1" if near else "0.0.0.0"  # noqa: S104 - replies must reach us


async def _answered(leg: Leg, target: str) -> None:
    """Wait until the far end picks up. Raises LegError."""
    while True:
        match await asyncio.wait_for(leg.events.get(), RING_SECONDS + 25):
            case Answered():
                return
            case Ended(cause, status, detail):
                said = f", {status} {detail}".rstrip() if status else ""
                raise LegError(
                    f"{target} did not answer ({cause.value}{said}). Is the box running? Start it "
                    "with `thunderbox serve`; `thunderbox doctor` says what is wrong."
                )
            case _:
                continue


def _cores() -> int:
    return len(os.sched_getaffinity(0))
