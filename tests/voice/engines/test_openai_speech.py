"""Remote text to speech, against a real server on loopback."""

from __future__ import annotations

from contextlib import aclosing

import numpy as np
import pytest

from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import KEY
from tests.voice.engines.sounds import collect, floats
from thunderbox.errors import EngineError
from thunderbox.voice.engine import Voice
from thunderbox.voice.engines import openai_speech
from thunderbox.voice.engines.openai_speech import OpenAISpeech


async def say(server: OpenAIServer, model: str = "words", timeout_s: float = 10.0) -> bytes:
    """One clause, with an engine of its own."""
    engine = OpenAISpeech(server.settings("speech", model, timeout_s))
    try:
        return await collect(engine.speak("Hello there.", "nova"))
    finally:
        engine.close()


def pitch(sound: bytes) -> float:
    """The loudest frequency of 16 kHz sound."""
    samples = floats(sound)
    return float(np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples))


@pytest.mark.parametrize("model", ["words", "wav"])
async def test_sound_keeps_its_pitch_and_length(openai_server: OpenAIServer, model: str) -> None:
    sound = await say(openai_server, model)
    assert len(sound) / 32_000 == pytest.approx(1.0, abs=0.03)
    assert pitch(sound) == pytest.approx(400, abs=2)


async def test_the_server_is_asked_in_openais_form(openai_server: OpenAIServer) -> None:
    await say(openai_server)
    assert openai_server.seen()[-1]["body"] == {
        "model": "words",
        "input": "Hello there.",
        "voice": "nova",
        "response_format": "pcm",
    }


async def test_a_server_without_pcm_is_asked_for_wav_from_then_on(
    openai_server: OpenAIServer,
) -> None:
    engine = OpenAISpeech(openai_server.settings("speech", "only-wav"))
    before = len(openai_server.seen())
    for _ in range(2):
        assert await collect(engine.speak("Hello.", "nova"))
    engine.close()
    formats = [asked["body"]["response_format"] for asked in openai_server.seen()[before:]]
    assert formats == ["pcm", "wav", "wav"]


async def test_sound_comes_while_it_is_made(openai_server: OpenAIServer) -> None:
    engine = OpenAISpeech(openai_server.settings("speech"))
    async with aclosing(engine.speak("Hello.", "nova")) as pieces:
        first = await anext(pieces)
    engine.close()
    assert 0 < len(first) <= 4800 * 2


def test_it_has_the_voice_of_the_settings(openai_server: OpenAIServer) -> None:
    engine = OpenAISpeech(openai_server.settings("speech"))
    assert engine.voices() == [Voice("nova", "nova", "en-US", "remote")]
    engine.close()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("500", "failed"),
        ("401", r"Set remote_speech\.api_key"),
        ("422", "refuses this request"),
        ("text", "text and no sound"),
        ("wav8", "not 16-bit PCM"),
        ("quiet", "holds no sound"),
        ("nothing", "holds no sound"),
        ("giant", "sent more than 1048576 bytes"),
        ("cut", "broke off"),
    ],
)
async def test_a_failure_is_a_sentence(
    openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, model: str, words: str
) -> None:
    monkeypatch.setattr(openai_speech, "_MOST_BYTES", 1024 * 1024)
    with pytest.raises(EngineError, match=words) as caught:
        await say(openai_server, model)
    assert KEY not in str(caught.value)


async def test_a_late_answer_is_a_sentence(openai_server: OpenAIServer) -> None:
    with pytest.raises(EngineError, match=r"did not answer in 0\.3 s"):
        await say(openai_server, "hang", timeout_s=0.3)
