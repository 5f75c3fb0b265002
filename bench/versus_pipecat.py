"""Measures ThunderBox beside Pipecat: same weights, same questions, same machine, same run.

    python bench/versus_pipecat.py [--turns 30] [--smart-turns 10] [--own-turns 56] [--only PART]

Makes two environments under build/bench-pipecat: one for Pipecat, one for llama-cpp-python's
OpenAI server, which uses the box's own build of llama.cpp and keeps the prompt's prefix. Pipecat
is measured as it comes (Smart Turn) and with the box's own pause as a fixed silence; what it is
compared by is the quicker of the two. ThunderBox's part is kept as the result of
voice_to_voice.py with the models of real size, too. Needs bench/real_size_models.py first.

Each part is kept as soon as it was measured, and with what it has when it is cut; `--only` measures
one part again and compares it with the others as they are kept.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from box import (
    HERE,
    REAL_SIZE,
    RESULTS,
    ROOT,
    free_port,
    gather,
    have_real_size,
    load,
    report,
)
from talk import QUESTIONS, percentiles, voices
from voice_to_voice import measure

from thunderbox.calls.first_start import PROMPT
from thunderbox.settings import VoiceSettings

ENVIRONMENTS = ROOT / "build" / "bench-pipecat"
PIPECAT = ENVIRONMENTS / "venv" / "bin" / "python"
SERVER = ENVIRONMENTS / "server" / "bin" / "python"
CONTEXT_TOKENS = 4096
TURNS_A_CALL = 10
GOAL = {"times_faster_p50": 3}
PARTS = {
    "fixed-silence": "pipecat_fixed_silence",
    "smart-turn": "pipecat_smart_turn",
    "own": "voice_to_voice_real_size",
}
"""What is measured, and the name of its result."""
START_SECONDS = 120.0


def main() -> None:
    """Measure both, or one part, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=30, metavar="N")
    parser.add_argument("--smart-turns", type=int, default=10, metavar="N")
    parser.add_argument("--own-turns", type=int, default=56, metavar="N")
    parser.add_argument("--only", choices=PARTS, help="measure nothing else")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    if not have_real_size():
        raise SystemExit("Make the models first: make bench-models")
    prepare()
    turns = {
        "fixed-silence": options.turns,
        "smart-turn": options.smart_turns,
        "own": options.own_turns,
    }
    found = {}
    for part in [options.only] if options.only else PARTS:
        if part == "own":
            calls = -(-turns[part] // TURNS_A_CALL)
            found[part] = measure("real-size", turns[part], calls)
        else:
            found[part] = measure_pipecat(part, turns[part])
        report(PARTS[part], found[part], not options.trial)
        if found[part]["cut_short"]:
            raise SystemExit("It was cut; `--only` measures what is missing.")
    for part, name in PARTS.items():
        kept = RESULTS / f"{name}.json"
        if part not in found and kept.exists():
            found[part] = json.loads(kept.read_text())
    if missing := PARTS.keys() - found.keys():
        raise SystemExit(f"Not compared: there is no result of {', '.join(sorted(missing))} yet.")
    ours = found.pop("own")
    report("versus_pipecat", compare(found, ours), not options.trial)


def compare(pipecat: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Both side by side, and how many times quicker the box is than the quicker Pipecat."""
    medians = [found["voice_to_voice_ms"]["p50"] for found in pipecat.values()]
    best = min(median for median in medians if median is not None)
    return {
        "goal": GOAL,
        "times_faster_p50": round(best / ours["voice_to_voice_ms"]["p50"], 2),
        "pipecat_configuration": configuration(),
        "pipecat": pipecat,
        "thunderbox": ours,
    }


def prepare() -> None:
    """Make the two environments, once."""
    if not PIPECAT.exists() or not (ENVIRONMENTS / "ready").exists():
        ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
        _run(sys.executable, "-m", "venv", ENVIRONMENTS / "venv")
        _run(PIPECAT, "-m", "pip", "install", "-q", "-r", HERE / "requirements-pipecat.txt")
        _run(sys.executable, "-m", "venv", ENVIRONMENTS / "server")
        own = next((ENVIRONMENTS / "server" / "lib").glob("python*/site-packages"))
        (own / "box.pth").write_text(sysconfig.get_path("purelib") + "\n")
        _run(SERVER, "-m", "pip", "install", "-q", "llama-cpp-python[server]")
        (ENVIRONMENTS / "ready").touch()


def measure_pipecat(turn: str, turns: int, show_log: bool = False) -> dict[str, Any]:
    """One server, one bot, so many turns; calls of ten, each with a bot of its own."""
    sounds = [base64.b64encode(sound).decode() for sound in voices(QUESTIONS).values()]
    found: list[float | None] = []
    before = load()
    whole = gather(pipecat_turns(turn, turns, sounds, show_log), found)
    latencies = [latency for latency in found if latency is not None]
    return {
        "load": {"before": before, "after": load()},
        "turns": len(found),
        "cut_short": not whole,
        "unanswered": len(found) - len(latencies),
        "voice_to_voice_ms": percentiles(latencies),
        "all_ms": latencies,
    }


def pipecat_turns(
    turn: str, turns: int, sounds: list[str], show_log: bool
) -> Iterator[float | None]:
    """How long Pipecat took to answer each question, in ms, call by call; None: it did not."""
    done = 0
    with tempfile.TemporaryDirectory(prefix="thunderbox-bench-") as name, _server() as url:
        folder = Path(name)
        while done < turns:
            settings = {
                "port": free_port(),
                "turn": turn,
                "pause_ms": VoiceSettings().pause_ms,
                "llm_url": url,
                "whisper": str(REAL_SIZE / "whisper-base"),
                "voice": str(next((REAL_SIZE / "voice").glob("*.onnx"))),
                "prompt": PROMPT,
                "turns": min(TURNS_A_CALL, turns - done),
                "sounds": sounds[done % len(sounds) :] + sounds[: done % len(sounds)],
            }
            file, answers = folder / "settings.json", folder / "found.json"
            file.write_text(json.dumps(settings))
            with _process(folder, PIPECAT, HERE / "pipecat_bot.py", file) as log:
                _wait_for_line(log, "Starting websocket server")
                _run(PIPECAT, HERE / "pipecat_caller.py", file, answers)
                if show_log:
                    print(log.read_text(errors="replace"), file=sys.stderr)
            heard = json.loads(answers.read_text())
            done += len(heard)
            yield from heard


def configuration() -> dict[str, str]:
    """How Pipecat was set up, for the page."""
    listing = subprocess.run(
        [PIPECAT, "-m", "pip", "list", "--format", "json"], capture_output=True, check=True
    )
    versions = {entry["name"].lower(): entry["version"] for entry in json.loads(listing.stdout)}
    return {
        "pipecat": versions.get("pipecat-ai", "unknown"),
        "transport": "WebSocket on loopback, Twilio serializer, mu-law 8 kHz, 20 ms chunks out",
        "voice detector": "Silero, stop_secs 0.2 (the recommended value)",
        "turn end": "Smart Turn v3 (the default), and a fixed silence of voice.pause_ms in all",
        "speech to text": f"faster-whisper {versions.get('faster-whisper')}, int8, 2 threads",
        "language model": "llama-cpp-python server, 2 threads, prompt prefix kept between turns",
        "voice": f"piper-tts {versions.get('piper-tts')} in the process, sentence by sentence",
        "prompt": "the demo agent's, without tools (ThunderBox reads its tools as well)",
        "OpenMP": "as in ThunderBox: OMP_WAIT_POLICY passive, GOMP_SPINCOUNT 1000",
    }


@contextmanager
def _server() -> Iterator[str]:
    """llama-cpp-python's OpenAI server, warmed by one request."""
    port = free_port()
    arguments = (
        "-m llama_cpp.server --host 127.0.0.1 --n_threads 2 --n_threads_batch 2 "
        f"--n_ctx {CONTEXT_TOKENS} --port {port} --model"
    ).split()
    url = f"http://127.0.0.1:{port}/v1"
    with (
        tempfile.TemporaryDirectory(prefix="thunderbox-bench-") as folder,
        _process(Path(folder), SERVER, *arguments, REAL_SIZE / "llama-0.5b.gguf") as log,
    ):
        deadline = time.monotonic() + START_SECONDS
        body = {"model": "local", "messages": [{"role": "system", "content": PROMPT}]}
        while True:
            try:
                httpx.post(f"{url}/chat/completions", json=body, timeout=60).raise_for_status()
                break
            except httpx.HTTPError as error:
                if time.monotonic() > deadline:
                    raise SystemExit(f"The server did not start:\n{log.read_text()}") from error
                time.sleep(0.2)
        yield url


@contextmanager
def _process(folder: Path, *command: object) -> Iterator[Path]:
    """A process with a log, ended at the end."""
    log = folder / "log"
    # Two threads, as many as ThunderBox is given; the libraries would take four on two cores.
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=file, stderr=file, env=environment
        )
    try:
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _wait_for_line(log: Path, line: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while line not in log.read_text(errors="replace"):
        if time.monotonic() > deadline:
            raise SystemExit(f"The bot did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)
    time.sleep(0.5)  # it says so a moment before it listens


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, timeout=1800)


if __name__ == "__main__":
    main()
