"""Models: what is installed, whether it is whole, and what it is called.

A model is named "starter", by what it is called on the shelf (`thunderbox models list`), or by the
path of a directory (CTranslate2) or of a file (GGUF).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import espeakng_loader

from thunderbox.errors import StartError
from thunderbox.voice.catalogue import NAME, Kind, how_to_get
from thunderbox.voice.engine import ModelCard
from thunderbox.voice.shelf import Shelf, gguf

STARTER = Path(__file__).parent / "starter"
STARTER_WINDOW_SECONDS = 8.0
"""The starter speech model was trained on windows of this length."""

_ROBOT_NOTE = "a robot's voice that needs no model; install a Piper voice for real work"
_STARTER_NOTE = "a small model that this project trained itself; pull a real one for real work"


def speech_card(name: str, models_dir: Path | None = None) -> ModelCard:
    """The speech model of this name. Raises StartError when it is not there or not whole.

    `models_dir` is where pulled and imported models are, looked at before the path.
    """
    installed = _installed("voice.speech_model", name, "speech", models_dir)
    path = STARTER / "asr" if name == "starter" else installed or Path(name).expanduser()
    if not path.is_dir():
        raise StartError(
            f'voice.speech_model is "{name}", but there is no such {_or_model(name)}directory. '
            f'{_pull(name)}Use "starter", or the directory of a Whisper model in CTranslate2 form.'
        )
    _check_speech(path)
    return _card(name, "faster-whisper", path, path.name)


def language_card(
    name: str, models_dir: Path | None = None, setting: str = "voice.language_model"
) -> ModelCard:
    """The language model of this name. Raises StartError when it is not there or not whole.

    `models_dir` is where pulled and imported models are, looked at before the path; `setting`
    names the model.
    """
    installed = _installed(setting, name, "language", models_dir)
    path = Path(name).expanduser()
    if name == "starter":
        path = STARTER / "lm" / "starter.gguf"
    elif installed is not None:
        path = gguf(installed) or installed / "model.gguf"
    if not path.is_file():
        raise StartError(
            f'{setting} is "{name}", but there is no such {_or_model(name)}file. '
            f'{_pull(name)}Use "starter", or the path of a GGUF file.'
        )
    _check_language(path)
    return _card(name, "llama.cpp", path, name if installed else path.stem)


def voice_cards(piper_voices: str, installed: Sequence[Path] = ()) -> tuple[ModelCard, ...]:
    """The voices: one card for all of Piper's, and espeak-ng, which is always there."""
    directories = [*([Path(piper_voices).expanduser()] if piper_voices else []), *installed]
    espeak = ModelCard(
        "espeak-ng",
        "espeak",
        espeakng_loader.get_data_path(),
        starter=not directories,
        notes=(_ROBOT_NOTE,),
    )
    if not directories:
        return (espeak,)
    names = ", ".join(path.name for path in directories)
    return (ModelCard(names, "piper", str(directories[0])), espeak)


def turn_card(models_dir: Path | None) -> ModelCard | None:
    """The turn model on the shelf, of several the first by name; None where there is none."""
    found = Shelf(models_dir).installed() if models_dir is not None else []
    for model in found:
        if model.kind == "turn" and (path := min(model.path.glob("*.onnx"), default=None)):
            return _card(model.name, "smart-turn", path, model.name)
    return None


def check(kind: Kind, directory: Path) -> None:
    """Whether a directory holds a whole model of this kind. Raises StartError when it does not."""
    match kind:
        case "speech":
            _check_speech(directory)
        case "language":
            _check_language(gguf(directory) or directory / "model.gguf")
        case "voice":
            for path in sorted(directory.glob("*.onnx")):
                _check(path, 1_000, f"The voice in {directory}")
                _check_settings(path.with_name(f"{path.name}.json"))
        case "turn":
            for path in sorted(directory.glob("*.onnx")):
                _check(path, 1_000, f"The turn model in {directory}")


def _installed(setting: str, name: str, kind: Kind, models_dir: Path | None) -> Path | None:
    """The directory of a model on the shelf. Raises StartError when it is of another kind."""
    found = Shelf(models_dir).find(name) if models_dir is not None else None
    if found is None:
        return None
    if found.kind != kind:
        raise StartError(
            f'{setting} is "{name}", which is a {found.kind} model, not a {kind} model. '
            "`thunderbox models list` shows what is installed."
        )
    return found.path


def _or_model(name: str) -> str:
    return "installed model and no such " if re.fullmatch(NAME, name) else ""


def _pull(name: str) -> str:
    return f"{how_to_get(name)}. " if re.fullmatch(NAME, name) else ""


def _card(name: str, engine: str, path: Path, shown: str) -> ModelCard:
    if name == "starter":
        return ModelCard("starter", engine, str(path), starter=True, notes=(_STARTER_NOTE,))
    return ModelCard(shown, engine, str(path))


def _check_speech(path: Path) -> None:
    for needed, least in (("model.bin", 10_000), ("tokenizer.json", 100), ("config.json", 2)):
        _check(path / needed, least, f"The speech model in {path}")
    if not any(path.glob("vocabulary.*")):
        raise StartError(f"The speech model in {path} lacks vocabulary.json: copy it again.")


def _check_language(path: Path) -> None:
    _check(path, 10_000, f"The language model {path}")
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise StartError(
            f"The language model {path} is no GGUF file (it begins with {magic!r}). Convert the "
            "model with llama.cpp, or choose another file."
        )


def _check_settings(path: Path) -> None:
    """What a Piper voice needs beside its weights."""
    try:
        int(json.loads(path.read_text(encoding="utf-8"))["audio"]["sample_rate"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(
            f"The voice's settings {path} cannot be read ({type(error).__name__}). Copy both "
            "files from where the voice came."
        ) from error


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
