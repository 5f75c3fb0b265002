"""Boxes and spoken questions for tests that run the whole thing."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.box import RunningBox

StartBox = Callable[..., Awaitable[RunningBox]]
Speak = Callable[..., Path]


@pytest.fixture
async def start_box(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[StartBox]:
    """Starts boxes on one data directory, one after the other; ends the last one."""
    running: list[RunningBox] = []

    async def start(**settings: object) -> RunningBox:
        box = await RunningBox.start(tmp_path / "data", free_port(), free_port(), **settings)
        running.append(box)
        return box

    yield start
    for box in running:
        with contextlib.suppress(ProcessLookupError):
            await box.kill()


@pytest.fixture
async def box(start_box: StartBox) -> RunningBox:
    """A box on its first start."""
    return await start_box()


@pytest.fixture
def speak(tmp_path: Path) -> Speak:
    """Makes a WAV for a telephone: `speak(4.0, "Hello?", (1000, 0.5), 6.0)`.

    Numbers are seconds of silence, pairs are tones: Hz and seconds.
    """

    def make(*parts: str | float | tuple[int, float], name: str = "say") -> Path:
        if shutil.which("espeak-ng") is None or shutil.which("sox") is None:
            raise FileNotFoundError("espeak-ng and sox must be installed (apt-get install)")
        files: list[str] = []
        for at, part in enumerate(parts):
            path = tmp_path / f"{name}-{at}.wav"
            if isinstance(part, str):
                spoken = tmp_path / f"{name}-{at}-22k.wav"
                run("espeak-ng", "-v", "en-us", "-s", "150", "-w", str(spoken), part)
                run("sox", str(spoken), "-r", "8000", "-c", "1", "-b", "16", str(path))
            else:
                hz, seconds = part if isinstance(part, tuple) else (0, part)
                sound = ["synth", str(seconds), "sine", str(hz), "gain", "-12"] if hz else []
                form = ["-r", "8000", "-c", "1", "-b", "16"]
                run("sox", "-n", *form, str(path), *(sound or ["trim", "0", str(seconds)]))
            files.append(str(path))
        whole = tmp_path / f"{name}.wav"
        run("sox", *files, str(whole))
        return whole

    return make


def run(*arguments: str) -> None:
    """Run a program; its own words are in the error."""
    subprocess.run(arguments, check=True, capture_output=True, timeout=30)
