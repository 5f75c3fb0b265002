from pathlib import Path

import pytest

from thunderbox.errors import StartError
from thunderbox.voice.models import STARTER, language_card, speech_card


def test_the_starter_models_are_there() -> None:
    speech, language = speech_card("starter"), language_card("starter")
    assert speech.starter
    assert language.starter
    assert speech.notes
    assert (speech.engine, language.engine) == ("faster-whisper", "llama.cpp")


def test_models_by_path_are_named_like_it(tmp_path: Path) -> None:
    speech = speech_card(str(STARTER / "asr"))
    language = language_card(str(STARTER / "lm" / "starter.gguf"))
    assert (speech.name, speech.starter) == ("asr", False)
    assert (language.name, language.starter) == ("starter", False)


@pytest.mark.parametrize("missing", ["model.bin", "tokenizer.json", "vocabulary.json"])
def test_a_speech_model_that_lacks_a_file(tmp_path: Path, missing: str) -> None:
    for file in (STARTER / "asr").iterdir():
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(StartError, match=missing.replace(".", r"\.")):
        speech_card(str(tmp_path))


def test_a_speech_model_that_was_cut_off(tmp_path: Path) -> None:
    for file in (STARTER / "asr").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:500])
    with pytest.raises(StartError, match="has only 500 bytes"):
        speech_card(str(tmp_path))


def test_no_such_models() -> None:
    with pytest.raises(StartError, match=r'speech_model is "/nowhere".*Use "starter"'):
        speech_card("/nowhere")
    with pytest.raises(StartError, match=r'language_model is "/nowhere".*Use "starter"'):
        language_card("/nowhere")


def test_a_language_model_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"PK\x03\x04" + bytes(20_000))
    with pytest.raises(StartError, match="no GGUF file"):
        language_card(str(path))
