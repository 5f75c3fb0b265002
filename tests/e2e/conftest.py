"""Boxes and spoken questions for tests that run the whole thing."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.box import Box, Ports, Server
from tests.peers.openai import OpenAIServer

StartBox = Callable[..., Awaitable[Box]]
Speak = Callable[..., Path]


@pytest.fixture
async def start_box(tmp_path: Path, free_port: Ports) -> AsyncIterator[StartBox]:
    """Starts boxes of the test's own, all on one data directory, so one after the other."""
    boxes: list[Box] = []

    async def start(**settings: object) -> Box:
        server = Server(tmp_path / "data", free_port, **settings)
        await asyncio.to_thread(server.start)
        boxes.append(Box(server))
        return boxes[-1]

    yield start
    for box in boxes:
        box.server.kill()
        await box.api.aclose()


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory, free_port: Ports) -> Iterator[Server]:
    """The server of all tests that need none of their own."""
    server = Server(tmp_path_factory.mktemp("shared") / "data", free_port)
    yield server
    server.kill()


@pytest.fixture(scope="package")
def script_server() -> Iterator[OpenAIServer]:
    """A language model that says what the agent's prompt holds."""
    server = OpenAIServer()
    yield server
    server.kill()


@pytest.fixture(scope="package")
def shared_scripted_server(
    tmp_path_factory: pytest.TempPathFactory, free_port: Ports, script_server: OpenAIServer
) -> Iterator[Server]:
    """The same, thinking with the scripted model."""
    server = Server(
        tmp_path_factory.mktemp("scripted") / "data",
        free_port,
        REMOTE_CHAT_BASE_URL=f"{script_server.url}/v1",
        REMOTE_CHAT_MODEL="script",
        OUTGOING_ALLOW_NETWORKS="127.0.0.0/8",
    )
    yield server
    server.kill()


@pytest.fixture
async def box(shared_server: Server) -> AsyncIterator[Box]:
    """A box with the starter models and the agent of the first start."""
    async with borrowed(shared_server) as box:
        yield box


@pytest.fixture
async def scripted(shared_scripted_server: Server) -> AsyncIterator[Box]:
    """A box whose agent says what its prompt holds, see `script`."""
    async with borrowed(shared_scripted_server) as box:
        yield box


@asynccontextmanager
async def borrowed(server: Server) -> AsyncIterator[Box]:
    """A shared server for one test; it is started where it does not run."""
    if not server.runs:
        await asyncio.to_thread(server.start)
    box = Box(server)
    yield box
    await box.leave()


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
