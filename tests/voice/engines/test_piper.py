import json
from pathlib import Path

import pytest

from tests.voice.engines.sounds import collect, dbfs, floats, same
from thunderbox.errors import EngineError, StartError
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.piper import Piper

VOICE = "en_US-tiny-low"


@pytest.fixture
def piper(piper_directory: Path):
    engine = Piper(piper_directory)
    yield engine
    engine.close()


def test_a_voice_is_named_like_its_file(piper: Piper) -> None:
    (voice,) = piper.voices()
    assert (voice.id, voice.name, voice.locale) == (VOICE, "Tiny", "en-US")
    assert voice.aliases == ("en-US-Tiny",)


async def test_each_sentence_is_a_piece(piper: Piper) -> None:
    stream = piper.speak("Good morning. We are open until five. Goodbye.", VOICE)
    pieces = [piece async for piece in stream]
    assert len(pieces) == 3
    assert -23 < dbfs(floats(b"".join(pieces))) < -17


async def test_more_words_take_longer(piper: Piper) -> None:
    short = await collect(piper.speak("Yes.", VOICE))
    long = await collect(piper.speak("Yes, we are open on every day of the week.", VOICE))
    assert len(long) > 2 * len(short) > 0


async def test_a_closed_stream_stops_after_its_sentence(piper: Piper) -> None:
    stream = piper.speak("One more. " * 50, VOICE)
    assert await anext(stream)
    await stream.aclose()
    assert await collect(piper.speak("Hello.", VOICE))


async def test_piper_and_espeak_live_in_one_process(piper: Piper, espeak: Espeak) -> None:
    before = await collect(espeak.speak("Hello there.", "en-US-James1"))
    await collect(piper.speak("Hello there.", VOICE))
    assert same(await collect(espeak.speak("Hello there.", "en-US-James1")), before)


async def test_an_unknown_voice_is_an_error(piper: Piper) -> None:
    with pytest.raises(EngineError, match="no voice"):
        await collect(piper.speak("Hello.", "nobody"))


def test_no_directory_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"piper_voices is .* no directory"):
        Piper(tmp_path / "missing")


@pytest.mark.parametrize("config", [None, "{", json.dumps({"audio": {}})])
def test_a_voice_without_its_settings_is_a_sentence(tmp_path: Path, config: str | None) -> None:
    (tmp_path / "amy.onnx").write_bytes(b"x")
    if config is not None:
        (tmp_path / "amy.onnx.json").write_text(config)
    with pytest.raises(StartError, match=r"amy\.onnx\.json"):
        Piper(tmp_path)


def test_a_damaged_voice_is_a_sentence(tmp_path: Path, piper_directory: Path) -> None:
    (tmp_path / "amy.onnx").write_bytes(b"x")
    settings = (piper_directory / f"{VOICE}.onnx.json").read_bytes()
    (tmp_path / "amy.onnx.json").write_bytes(settings)
    with pytest.raises(StartError, match="cannot be loaded"):
        Piper(tmp_path).load("amy")
