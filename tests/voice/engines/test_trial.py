import sys
from pathlib import Path

import pytest

from thunderbox.errors import StartError
from thunderbox.voice.engine import ModelCard
from thunderbox.voice.models import language_card, speech_card
from thunderbox.voice.trial import fingerprint, try_model


def dying(signal: str) -> list[str]:
    """A child that dies as a model on the wrong processor does."""
    return [sys.executable, "-c", f"import os, signal; os.kill(os.getpid(), signal.{signal})"]


@pytest.mark.parametrize(
    "card", [speech_card("starter"), language_card("starter")], ids=["speech", "language"]
)
def test_the_starter_models_survive_and_are_remembered(card: ModelCard, tmp_path: Path) -> None:
    assert try_model(card, tmp_path / "cache")
    assert not try_model(card, tmp_path / "cache", command=dying("SIGILL"))


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        ("SIGILL", r"illegal instruction \(SIGILL\).*Build llama-cpp-python again"),
        ("SIGKILL", "for want of memory"),
        ("SIGSEGV", r"died \(SIGSEGV\).*copy it again"),
    ],
)
def test_a_death_is_a_sentence(signal: str, words: str, tmp_path: Path) -> None:
    card = language_card("starter")
    with pytest.raises(StartError, match=words) as caught:
        try_model(card, tmp_path, command=dying(signal))
    assert card.path in str(caught.value)
    with pytest.raises(StartError):
        try_model(card, tmp_path, command=dying(signal))


def test_a_damaged_model_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(20_000))
    with pytest.raises(StartError, match=r"failed its trial: The .* cannot be loaded"):
        try_model(ModelCard("model", "llama.cpp", str(path)), None)


def test_a_child_that_hangs_is_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(StartError, match="within 0 s"):
        try_model(language_card("starter"), tmp_path, command=command, timeout=0.2)


def test_another_file_is_another_model(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF one")
    card = ModelCard("model", "llama.cpp", str(path))
    before = fingerprint(card)
    assert fingerprint(card) == before
    path.write_bytes(b"GGUF another")
    assert fingerprint(card) != before


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    nothing = [sys.executable, "-c", ""]
    assert try_model(language_card("starter"), tmp_path / "file", command=nothing)


def test_a_broken_cache_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "model-trials.json").write_text("{")
    nothing = [sys.executable, "-c", ""]
    assert try_model(language_card("starter"), tmp_path, command=nothing)
    assert not try_model(language_card("starter"), tmp_path, command=nothing)
