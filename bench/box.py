"""Box: a ThunderBox of its own for a bench, in a process of its own, on free ports."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import httpx
from memory import Memory, held_mb

from thunderbox import __version__
from thunderbox.voice.cpu import this_cpu

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results"
START_SECONDS = 120.0
ENGINES = ("faster-whisper", "ctranslate2", "llama-cpp-python", "onnxruntime", "piper-tts")
REAL_SIZE = ROOT / "build" / "bench-models"
MODELS = ("starter", "real-size")

T = TypeVar("T")


class Box:
    """A running box, as a context.

    `models` is "starter", "real-size", "instant" (engines that answer at once, with a tone of so
    many seconds) or "instant-level" (and the voice is found by its level).
    """

    def __init__(self, models: str = "starter", tone_seconds: float = 1.0, **settings: object):
        self._folder = tempfile.TemporaryDirectory(prefix="thunderbox-bench-")
        self.folder = Path(self._folder.name)
        self._arguments = [str(self.folder), models, str(tone_seconds)]
        self.sip_port, self.api_port = free_port(), free_port()
        self.notes = self.folder / "notes.jsonl"
        self.lag = self.folder / "lag.json"
        self._settings = {**model_settings(models), **settings}
        self.process: subprocess.Popen[bytes]
        self.memory: Memory | None = None
        self.ready_s = 0.0

    def __enter__(self) -> Box:
        environment = {
            **os.environ,
            "THUNDERBOX_DATA": str(self.folder / "data"),
            "THUNDERBOX_API_PORT": str(self.api_port),
            "THUNDERBOX_SIP_HOST": "127.0.0.1",
            "THUNDERBOX_SIP_PORT": str(self.sip_port),
            "THUNDERBOX_SIP_RTP_PORT": str(min(free_port() // 2 * 2, 60_000)),
            "THUNDERBOX_LOG_LEVEL": "warning",
            **{f"THUNDERBOX_{key}": str(value) for key, value in self._settings.items()},
        }
        begun = time.monotonic()
        log = self.folder / "log"
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "watched_box.py"), *self._arguments],
                env=environment, cwd=self.folder, stdout=file, stderr=file,
                preexec_fn=_as_usual,
            )  # fmt: skip
        try:
            with ends_kindly():
                self._wait_until_ready(log)
        except BaseException:
            self.__exit__()
            raise
        self.ready_s = round(time.monotonic() - begun, 2)
        self.memory = Memory(self.process.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def stop(self) -> None:
        """Stop the box; its notes are whole then."""
        if self.memory is not None:
            self.memory.stop()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)

    def memory_mb(self) -> float:
        """Memory that the box and its processes hold now."""
        return held_mb(self.process.pid)

    @property
    def peak_memory_mb(self) -> float:
        """The most that they have held since the box was ready."""
        return self.memory.peak_mb if self.memory is not None else 0.0

    def what_was_noted(self) -> list[dict[str, Any]]:
        """The notes that the engines left, in order."""
        return [json.loads(line) for line in self.notes.read_text().splitlines()]

    def loop_lag_ms(self) -> dict[str, Any]:
        """How late the event loop was, once the box has stopped."""
        found: dict[str, Any] = json.loads(self.lag.read_text())
        return found

    def _wait_until_ready(self, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                url = f"http://127.0.0.1:{self.api_port}/readyz"
                if httpx.get(url, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise SystemExit(f"The box did not start:\n{log.read_text()}")


def model_settings(models: str) -> dict[str, object]:
    """The settings that name the models of a bench."""
    if models != "real-size":
        return {}
    voices = REAL_SIZE / "voice"
    return {
        "VOICE_SPEECH_MODEL": REAL_SIZE / "whisper-base",
        "VOICE_LANGUAGE_MODEL": REAL_SIZE / "llama-0.5b.gguf",
        "VOICE_PIPER_VOICES": voices,
        "VOICE_DEFAULT_VOICE": next(voices.glob("*.onnx")).stem,
    }


def have_real_size() -> bool:
    """Whether the models of real size were made."""
    return (REAL_SIZE / "llama-0.5b.gguf").is_file() and any(REAL_SIZE.glob("voice/*.onnx"))


def machine() -> dict[str, Any]:
    """Where and with what something was measured."""
    return {
        "thunderbox": __version__,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": this_cpu().name,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in ENGINES if (found := _version(name))},
    }


def load() -> float:
    """Processes that ran or wanted to, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


@contextmanager
def ends_kindly() -> Iterator[None]:
    """Within this, SIGTERM (`timeout`, `kill`) and SIGINT end a bench as Ctrl-C does.

    SIGINT too: a shell starts what it puts into the background with SIGINT ignored, and Python
    then leaves it so.
    """

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def gather(turns: Iterable[T], into: list[T]) -> bool:
    """Take all turns as they come; False when it was cut by SIGINT or SIGTERM on the way."""
    try:
        with ends_kindly():
            for turn in turns:
                into.append(turn)  # noqa: PERF402 - what there is must be in the list when it is cut
    except KeyboardInterrupt:
        print(f"Cut after {len(into)}; they are kept.", file=sys.stderr)
        return False
    return True


def report(name: str, result: dict[str, Any], write: bool = True) -> None:
    """Print a result as JSON, and keep it beside the earlier ones."""
    print(json.dumps({"bench": name, "machine": machine(), **result}, indent=2))
    if write:
        save(name, result)


def save(name: str, result: dict[str, Any]) -> None:
    """Keep a result beside the earlier ones; what was kept under its name is replaced."""
    text = json.dumps({"bench": name, "machine": machine(), **result}, indent=2)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    new = path.with_suffix(".new")
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(path)


def go_first() -> None:
    """Let this process, which stands for other machines, be served before the box."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    except PermissionError:
        print("Not root: the phone of this bench competes with the box.", file=sys.stderr)


def _as_usual() -> None:
    """Of this process and its children only the phone goes first."""
    if os.getpriority(os.PRIO_PROCESS, 0) < 0:
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def free_port() -> int:
    """A UDP port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
