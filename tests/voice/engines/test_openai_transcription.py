"""Remote speech to text, against a real server on loopback."""

from __future__ import annotations

import numpy as np
import pytest

from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import KEY
from tests.voice.engines.sounds import noise, pcm
from thunderbox.errors import EngineError
from thunderbox.voice.engines.openai_transcription import OpenAITranscription

SPEECH = noise(1.0, -25.0)


async def ask(
    server: OpenAIServer,
    model: str = "words",
    sound: bytes = SPEECH,
    language: str = "en-US",
    timeout_s: float = 10.0,
) -> str:
    """One utterance, with an engine of its own."""
    engine = OpenAITranscription(server.settings("transcription", model, timeout_s))
    try:
        return (await engine.transcribe(sound, language)).text
    finally:
        engine.close()


async def test_an_utterance_becomes_its_words(openai_server: OpenAIServer) -> None:
    assert await ask(openai_server) == "What are your hours?"


async def test_the_sound_arrives_as_wav_of_16_khz(openai_server: OpenAIServer) -> None:
    await ask(openai_server, sound=SPEECH + b"\x01")
    asked = openai_server.seen()[-1]
    assert asked["wav"] == [16_000, 1, 2]
    assert asked["frames"] == 16_000
    assert asked["body"] == {
        "model": "words",
        "language": "en",
        "response_format": "json",
        "temperature": "0",
    }


@pytest.mark.parametrize("sound", [b"", SPEECH[:1000], noise(1.0, -70.0), pcm(np.zeros(16_000))])
async def test_what_is_no_speech_is_not_asked(openai_server: OpenAIServer, sound: bytes) -> None:
    before = len(openai_server.seen())
    assert await ask(openai_server, sound=sound) == ""
    assert len(openai_server.seen()) == before


async def test_a_loop_of_words_is_not_believed(openai_server: OpenAIServer) -> None:
    assert await ask(openai_server, "loop") == ""


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("500", "failed"),
        ("401", r"Set remote_transcription\.api_key"),
        ("not-json", "no transcript in JSON"),
        ("giant", "sent more than 16384 bytes"),
    ],
)
async def test_a_failure_is_a_sentence(openai_server: OpenAIServer, model: str, words: str) -> None:
    with pytest.raises(EngineError, match=words) as caught:
        await ask(openai_server, model)
    assert KEY not in str(caught.value)


async def test_a_late_answer_is_a_sentence(openai_server: OpenAIServer) -> None:
    with pytest.raises(EngineError, match=r"did not answer in 0\.3 s"):
        await ask(openai_server, "hang", timeout_s=0.3)
