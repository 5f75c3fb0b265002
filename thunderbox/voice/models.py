"""Models: what is installed, whether it is whole, and what it is called.

A model is named "starter", or by the path of a directory (CTranslate2) or of a file (GGUF).
"""

from __future__ import annotations

from pathlib import Path

import espeakng_loader

from thunderbox.errors import StartError
from thunderbox.voice.engine import ModelCard

STARTER = Path(__file__).parent / "starter"
STARTER_WINDOW_SECONDS = 8.0
"""The starter speech model was trained on windows of this length."""

_ROBOT_NOTE = "a robot's voice that needs no model; install a Piper voice for real work"
_STARTER_NOTE = "a small model that this project trained itself; pull a real one for real work"


def speech_card(name: str) -> ModelCard:
    """The speech model of this name. Raises StartError when it is not there or not whole."""
    path = STARTER / "asr" if name == "starter" else Path(name).expanduser()
    if not path.is_dir():
        raise StartError(
            f'voice.speech_model is "{name}", but there is no such directory. Use "starter", or '
            "the directory of a Whisper model in CTranslate2 form."
        )
    for needed, least in (("model.bin", 10_000), ("tokenizer.json", 100), ("config.json", 2)):
        _check(path / needed, least, f"The speech model in {path}")
    if not any(path.glob("vocabulary.*")):
        raise StartError(f"The speech model in {path} lacks vocabulary.json: copy it again.")
    return _card(name, "faster-whisper", path)


def language_card(name: str) -> ModelCard:
    """The language model of this name. Raises StartError when it is not there or not whole."""
    path = STARTER / "lm" / "starter.gguf" if name == "starter" else Path(name).expanduser()
    if not path.is_file():
        raise StartError(
            f'voice.language_model is "{name}", but there is no such file. Use "starter", or the '
            "path of a GGUF file."
        )
    _check(path, 10_000, f"The language model {path}")
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise StartError(
            f"The language model {path} is no GGUF file (it begins with {magic!r}). Convert the "
            "model with llama.cpp, or choose another file."
        )
    return _card(name, "llama.cpp", path)


def voice_cards(piper_voices: str) -> tuple[ModelCard, ...]:
    """The voices: Piper's directory when there is one, and espeak-ng, which is always there."""
    espeak = ModelCard(
        "espeak-ng",
        "espeak",
        espeakng_loader.get_data_path(),
        starter=not piper_voices,
        notes=(_ROBOT_NOTE,),
    )
    if not piper_voices:
        return (espeak,)
    directory = Path(piper_voices).expanduser()
    return (ModelCard(directory.name, "piper", str(directory)), espeak)


def _card(name: str, engine: str, path: Path) -> ModelCard:
    if name == "starter":
        return ModelCard("starter", engine, str(path), starter=True, notes=(_STARTER_NOTE,))
    return ModelCard(path.stem if path.is_file() else path.name, engine, str(path))


def _check(path: Path, least: int, whose: str) -> None:
    """A file that is missing, unreadable or far too small was not copied whole."""
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise StartError(
            f"{whose}: {path.name} cannot be read ({error.strerror}). Copy the model again."
        ) from error
    if size < least:
        raise StartError(
            f"{whose}: {path.name} has only {size} bytes, so it was not copied whole. Copy the "
            "model again."
        )
