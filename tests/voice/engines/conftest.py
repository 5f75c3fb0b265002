"""The real engines with the starter models, loaded once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.openai import OpenAIServer
from tests.tools.make_piper_voice import make_piper_voice
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.engines.llama_cpp import LlamaCpp
from thunderbox.voice.engines.silero import SileroModel
from thunderbox.voice.models import STARTER, STARTER_WINDOW_SECONDS


@pytest.fixture(scope="session")
def espeak() -> Iterator[Espeak]:
    engine = Espeak()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def recognizer() -> Iterator[FasterWhisper]:
    engine = FasterWhisper(STARTER / "asr", window_seconds=STARTER_WINDOW_SECONDS)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def silero() -> SileroModel:
    return SileroModel()


@pytest.fixture
def llama() -> Iterator[LlamaCpp]:
    engine = LlamaCpp(STARTER / "lm" / "starter.gguf", conversations=4)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def piper_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("voices")
    make_piper_voice(directory)
    return directory


@pytest.fixture(scope="session")
def openai_server() -> Iterator[OpenAIServer]:
    server = OpenAIServer()
    yield server
    server.kill()
