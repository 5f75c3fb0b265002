"""Measures voice to voice: starts a box of its own, lets the demo's caller talk to it, prints JSON.

    python bench/voice_to_voice.py [--conversations 3] [--at-once 1]

A figure is the time from the last voiced sample that the caller sent to the first voiced sample
that it received, at its own 20 ms ticks, over SIP and RTP on loopback; the silence before the turn
decision is part of it. Beside it stand the time to readiness and the memory of the box.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from thunderbox import __version__
from thunderbox.cli.script import percentiles
from thunderbox.voice.cpu import this_cpu


def main() -> None:
    """Run the conversations and print what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=3, metavar="N")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", choices=range(1, 5))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thunderbox-bench-") as data:
        print(json.dumps(measure(Path(data), options.conversations, options.at_once), indent=2))


def measure(data: Path, conversations: int, at_once: int) -> dict[str, Any]:
    """One box; so many rounds of conversations, each with so many callers at once."""
    api_port, sip_port = free_port(), free_port()
    environment = {
        **os.environ,
        "THUNDERBOX_DATA": str(data),
        "THUNDERBOX_API_PORT": str(api_port),
        "THUNDERBOX_SIP_HOST": "127.0.0.1",
        "THUNDERBOX_SIP_PORT": str(sip_port),
        "THUNDERBOX_SIP_RTP_PORT": str(min(free_port() // 2 * 2, 60_000)),
        "THUNDERBOX_LOG_LEVEL": "warning",
    }
    begun = time.monotonic()
    with (data / "log").open("wb") as log:
        box = subprocess.Popen(
            [sys.executable, "-m", "thunderbox", "serve"],
            env=environment, cwd=data, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_until_ready(box, api_port, data / "log")
        ready_s = time.monotonic() - begun
        reports = [
            report
            for _ in range(conversations)
            for report in converse_at_once(f"sip:100@127.0.0.1:{sip_port}", data, at_once)
        ]
        memory_mb = peak_memory_mb(box.pid)
    finally:
        box.send_signal(signal.SIGINT)
        box.wait(20)
    return {
        "thunderbox": __version__,
        "machine": {
            "cpu": this_cpu().name,
            "cores": len(os.sched_getaffinity(0)),
            "load": round(os.getloadavg()[0], 1),
            "system": platform.platform(),
        },
        "at_once": at_once,
        **summary(reports),
        "start_to_ready_s": round(ready_s, 2),
        "peak_memory_mb": round(memory_mb, 1),
    }


def converse_at_once(target: str, folder: Path, count: int) -> list[dict[str, Any]]:
    """So many callers, each a process of its own; what each measured."""
    files = [folder / f"caller-{number}.json" for number in range(count)]
    callers = [
        subprocess.Popen(
            [sys.executable, "-m", "thunderbox", "demo", "--to", target, "--json", str(file)],
            stdout=subprocess.DEVNULL,
        )
        for file in files
    ]
    for caller in callers:
        caller.wait(180)
    return [json.loads(file.read_text()) for file in files]


def summary(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """All conversations together; times in ms."""
    turns = [turn for report in reports for turn in report["turns"]]
    latencies = [turn["voice_to_voice_ms"] for turn in turns]
    latencies = [latency for latency in latencies if latency is not None]
    stops = [turn["stopped_after_ms"] for turn in turns]
    return {
        "conversations": len(reports),
        "answers_right": sum(turn["right"] for turn in turns),
        "answers": len(turns),
        "voice_to_voice_ms": percentiles(latencies),
        "interruption_stop_ms": percentiles([stop for stop in stops if stop is not None]),
        "all_ms": [round(latency, 1) for latency in latencies],
    }


def wait_until_ready(box: subprocess.Popen[bytes], api_port: int, log: Path) -> None:
    """Return when the box answers that it is ready."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and box.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{api_port}/readyz", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise SystemExit(f"The box did not start:\n{log.read_text()}")


def peak_memory_mb(pid: int) -> float:
    """The most memory that a process has held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    return 0.0


def free_port() -> int:
    """A UDP port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
