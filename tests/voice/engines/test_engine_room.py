from pathlib import Path

import pytest

from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import WORDS
from tests.voice.engines.sounds import collect
from thunderbox.errors import StartError
from thunderbox.voice import intake
from thunderbox.voice.engine_room import load_engines
from thunderbox.voice.models import STARTER
from thunderbox.voice.shelf import Shelf


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Remembers which models were tried: trials have tests of their own."""
    return tmp_path_factory.mktemp("tried")


async def test_every_engine_is_there_and_warm(tried: Path, piper_directory: Path) -> None:
    engines = await load_engines(piper_voices=str(piper_directory), cache_dir=tried)
    try:
        kinds = [card.engine for card in engines.cards]
        assert kinds == ["faster-whisper", "llama.cpp", "piper", "espeak"]
        ids = {voice.id for voice in engines.synthesizer.voices()}
        assert {"en-US-James1", "en_US-tiny-low"} <= ids
        sound = await collect(engines.synthesizer.speak("What are your hours?", "en-US-James1"))
        assert (await engines.recognizer.transcribe(sound)).text
        talk = [{"role": "user", "content": "Hello."}]
        await collect_text(engines.language_model.generate("a", talk))
        assert engines.ready
        assert 0.0 <= engines.new_voice_activity().probability(bytes(640)) <= 1.0
    finally:
        engines.close()
        engines.close()
        assert not engines.ready


async def test_installed_models_are_named_like_on_the_shelf(
    tmp_path: Path, piper_directory: Path
) -> None:
    shelf = Shelf(tmp_path / "models")
    intake.bring(STARTER / "asr", shelf, "base")
    intake.bring(STARTER / "lm" / "starter.gguf", shelf, "qwen")
    intake.bring(piper_directory / "en_US-tiny-low.onnx", shelf)
    engines = await load_engines(
        speech_model="base",
        language_model="qwen",
        default_voice="en_US-tiny-low",
        cache_dir=shelf.root,
        models_dir=shelf.root,
    )
    try:
        names = [card.name for card in engines.cards]
        assert names == ["base", "qwen", "en_US-tiny-low", "espeak-ng"]
        assert not any(card.starter for card in engines.cards)
        assert await collect(engines.synthesizer.speak("Hello.", "en-US-Tiny"))
    finally:
        engines.close()


async def test_products_that_name_one_model_share_its_engine(tmp_path: Path, tried: Path) -> None:
    shelf = Shelf(tmp_path / "models")
    intake.bring(STARTER / "lm" / "starter.gguf", shelf, "qwen")
    engines = await load_engines(
        cache_dir=tried,
        models_dir=shelf.root,
        products={"spark": "", "bolt": "qwen", "storm-base": "qwen", "storm-extra": "absent"},
    )
    try:
        assert engines.models["spark"] is engines.language_model
        assert engines.models["bolt"] is engines.models["storm-base"]
        assert engines.models["bolt"] is not engines.models["spark"]
        assert [card.name for card in engines.cards[1:3]] == ["starter", "qwen"]
        assert "absent" in engines.tiers["storm-extra"].note
        talk = [{"role": "user", "content": "Hello."}]
        assert await collect_text(engines.models["bolt"].generate("a", talk))
        assert engines.ready
    finally:
        engines.close()
        assert not engines.models["bolt"].ready


async def test_remote_engines_do_the_work_of_the_local_ones(
    tried: Path, openai_server: OpenAIServer
) -> None:
    kinds = ("chat", "transcription", "speech")
    engines = await load_engines(
        default_voice="nova",
        cache_dir=tried,
        remotes=[openai_server.settings(kind) for kind in kinds],
    )
    try:
        ids = [voice.id for voice in engines.synthesizer.voices()]
        assert ids[0] == "nova"
        assert "en-US-James1" in ids
        sound = await collect(engines.synthesizer.speak("What are your hours?", "nova"))
        assert len(sound) == pytest.approx(32_000, abs=1_000)
        assert (await engines.recognizer.transcribe(sound)).text == "What are your hours?"
        talk = [{"role": "user", "content": "Hello."}]
        said = await collect_text(engines.language_model.generate("a", talk))
        assert said == "".join(WORDS)
        assert engines.ready
        assert [standing.note for standing in engines.remotes] == ["", "", ""]
    finally:
        engines.close()


async def collect_text(pieces) -> str:
    return "".join([piece async for piece in pieces])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"speech_model": "/nowhere"}, "voice.speech_model"),
        ({"language_model": "/nowhere"}, "voice.language_model"),
        ({"piper_voices": "/nowhere"}, "voice.piper_voices"),
        ({"default_voice": "nobody"}, "voice.default_voice"),
    ],
)
async def test_a_wrong_setting_is_a_sentence(
    settings: dict[str, str], words: str, tried: Path
) -> None:
    with pytest.raises(StartError, match=words):
        await load_engines(cache_dir=tried, **settings)
