"""Models on the shelf, and settings that name them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from thunderbox.errors import ModelError, StartError
from thunderbox.voice.models import STARTER, check, language_card, speech_card, voice_cards
from thunderbox.voice.shelf import FileRecord, Record, Shelf

GGUF = STARTER / "lm" / "starter.gguf"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """One model of each kind, copied by hand."""
    shelf = Shelf(tmp_path / "models")
    shutil.copytree(STARTER / "asr", shelf.root / "base")
    for name, files in (
        ("qwen", {"weights.gguf": b"GGUF" + bytes(20_000)}),
        (
            "en_US-amy-medium",
            {
                "en_US-amy-medium.onnx": bytes(2000),
                "en_US-amy-medium.onnx.json": b'{"audio": {"sample_rate": 22050}}',
            },
        ),
        ("smart-turn", {"smart-turn.onnx": bytes(2000)}),
        ("notes", {"readme.txt": b"hello"}),
        (".partial", {"weights.gguf": b"GGUF"}),
    ):
        (shelf.root / name).mkdir()
        for file, content in files.items():
            (shelf.root / name / file).write_bytes(content)
    (shelf.root / "model-trials.json").write_text("[]")
    return shelf


def test_everything_that_is_a_model_is_listed(shelf: Shelf) -> None:
    assert {model.name: model.kind for model in shelf.installed()} == {
        "base": "speech",
        "qwen": "language",
        "en_US-amy-medium": "voice",
        "smart-turn": "turn",
    }
    for model in shelf.installed():
        check(model.kind, model.path)
    assert Shelf(shelf.root / "nowhere").installed() == []


@pytest.mark.parametrize("name", ["..", ".", "", "../models/base", "/", ".partial", "a" * 81])
def test_nothing_outside_is_found(shelf: Shelf, name: str) -> None:
    assert shelf.find(name) is None


def test_a_model_comes_whole(shelf: Shelf) -> None:
    staged = shelf.staging("new")
    staged.mkdir(parents=True)
    (staged / "x.gguf").write_bytes(b"GGUF")
    shelf.put("new", staged, Record("language", "a test", files={"x.gguf": FileRecord(4, "0")}))
    found = shelf.find("new")
    assert found is not None
    assert (found.kind, found.record and found.record.source) == ("language", "a test")
    assert not staged.exists()


@pytest.mark.parametrize("name", ["base", "notes", "starter", "../x", "a b", ""])
def test_names_that_a_new_model_cannot_have(shelf: Shelf, name: str) -> None:
    with pytest.raises(ModelError, match="--name"):
        shelf.refuse_taken(name)


def test_a_record_that_cannot_be_read_is_none(shelf: Shelf) -> None:
    (shelf.root / "base" / "model.json").write_text("{")
    found = shelf.find("base")
    assert found is not None
    assert (found.kind, found.record) == ("speech", None)


def test_removed_models_are_gone(shelf: Shelf) -> None:
    staged = shelf.staging("base")
    staged.mkdir(parents=True)
    shelf.remove("base")
    assert shelf.find("base") is None
    assert not staged.exists()
    shelf.remove("base")


def test_a_link_on_the_shelf_is_removed_and_not_what_it_leads_to(
    shelf: Shelf, tmp_path: Path
) -> None:
    shutil.copytree(STARTER / "asr", tmp_path / "elsewhere")
    (shelf.root / "linked").symlink_to(tmp_path / "elsewhere")
    assert shelf.find("linked") is not None
    shelf.remove("linked")
    assert shelf.find("linked") is None
    assert (tmp_path / "elsewhere" / "model.bin").is_file()


def test_settings_name_models_of_the_shelf(shelf: Shelf) -> None:
    speech = speech_card("base", shelf.root)
    language = language_card("qwen", shelf.root)
    assert (speech.name, speech.path) == ("base", str(shelf.root / "base"))
    assert (language.name, language.path) == ("qwen", str(shelf.root / "qwen" / "weights.gguf"))
    assert not speech.starter
    piper, espeak = voice_cards("/srv/piper", shelf.voices())
    assert (piper.engine, piper.name) == ("piper", "piper, en_US-amy-medium")
    assert not espeak.starter
    assert voice_cards("")[0].starter


def test_the_shelf_comes_before_the_path(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(STARTER / "asr", tmp_path / "base")
    shutil.copytree(STARTER / "asr", tmp_path / "mine")
    assert speech_card("base", shelf.root).path == str(shelf.root / "base")
    assert speech_card("mine", shelf.root).path == "mine"
    assert language_card(str(GGUF), shelf.root).path == str(GGUF)


def test_a_missing_model_is_named_with_the_command_that_brings_it(shelf: Shelf) -> None:
    with pytest.raises(StartError, match=r'"small".*Run `thunderbox models pull small`'):
        speech_card("small", shelf.root)
    with pytest.raises(StartError, match=r"Run `thunderbox models pull qwen2\.5-1\.5b`"):
        language_card("qwen2.5-1.5b", shelf.root)
    with pytest.raises(StartError, match=r"`thunderbox models list` shows"):
        language_card("other", shelf.root)


def test_a_model_of_another_kind(shelf: Shelf) -> None:
    with pytest.raises(StartError, match=r'speech_model is "qwen", which is a language model'):
        speech_card("qwen", shelf.root)
    with pytest.raises(StartError, match=r'language_model is "base", which is a speech model'):
        language_card("base", shelf.root)


@pytest.mark.parametrize("settings", ["", "{}", json.dumps({"audio": {"sample_rate": "x"}})])
def test_a_voice_needs_its_settings(shelf: Shelf, settings: str) -> None:
    voice = shelf.root / "en_US-amy-medium"
    (voice / "en_US-amy-medium.onnx.json").write_text(settings)
    with pytest.raises(StartError, match="settings"):
        check("voice", voice)
