"""Piper: neural voices from `.onnx` files, each with its `.onnx.json` beside it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from thunderbox.errors import EngineError, StartError
from thunderbox.voice.engine import Voice
from thunderbox.voice.engines.sound import ClauseSound, gain_for
from thunderbox.voice.engines.worker import Emit, Worker

log = logging.getLogger(__name__)

TIER = "piper"

_SPEECH = SynthesisConfig(normalize_audio=False)


@dataclass(slots=True)
class _Installed:
    voice: Voice
    path: Path
    rate: int
    loaded: Any = None
    loading: threading.Lock = field(default_factory=threading.Lock)


class Piper:
    """All voices of some directories; a voice's weights are loaded when it first speaks.

    Where two directories hold a voice of the same name, the earlier one counts.
    """

    name = "piper"

    def __init__(self, *directories: Path, threads: int = 2) -> None:
        self._threads = threads
        self._installed: dict[str, _Installed] = {}
        for directory in directories:
            for entry in map(_read, find(directory)):
                self._installed.setdefault(entry.voice.id, entry)
        self._worker = Worker("piper")

    @property
    def ready(self) -> bool:
        """Whether the engine can be expected to speak."""
        return self._worker.alive

    def voices(self) -> Sequence[Voice]:
        """The voices this engine can speak with."""
        return [entry.voice for entry in self._installed.values()]

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Sound of one clause as 16 kHz mono s16le PCM, a piece a sentence."""
        entry = self._installed.get(voice)
        if entry is None:
            raise EngineError(f'Piper has no voice "{voice}".')
        stream = self._worker.stream(lambda emit: self._speak(text, entry, emit))
        async with aclosing(stream):
            async for piece in stream:
                yield piece

    def load(self, voice: str) -> None:
        """Load a voice's weights before its first call. Raises StartError."""
        if voice in self._installed:
            self._weights(self._installed[voice])

    def close(self) -> None:
        """Stop the engine's thread and free the voices."""
        self._worker.close()
        for entry in self._installed.values():
            entry.loaded = None

    def _speak(self, text: str, entry: _Installed, emit: Emit) -> None:
        """Runs on the engine's thread."""
        for chunk in self._weights(entry).synthesize(text, _SPEECH):
            samples = np.atleast_1d(chunk.audio_float_array)
            sound = ClauseSound(entry.rate, gain_for(samples, entry.rate))
            if not emit(sound.push(samples) + sound.end()):
                return

    def _weights(self, entry: _Installed) -> Any:
        with entry.loading:
            if entry.loaded is None:
                entry.loaded = _load(entry, self._threads)
            return entry.loaded


def find(directory: Path) -> list[Path]:
    """Voices in a directory, by name. Raises StartError when the directory cannot be read."""
    if not directory.is_dir():
        raise StartError(
            f"voice.piper_voices is {directory}, which is no directory. Create it, or leave the "
            "setting empty."
        )
    return sorted(directory.glob("*.onnx"))


def _config(path: Path) -> dict[str, Any]:
    beside = path.with_name(path.name + ".json")
    try:
        config: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        int(config["audio"]["sample_rate"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(
            f"The Piper voice {path} needs its settings in {beside.name}, and they cannot be read "
            f"({type(error).__name__}). Copy both files from where the voice came."
        ) from error
    return config


def _read(path: Path) -> _Installed:
    """A voice named like its file: `en_US-amy-medium.onnx` is en_US-amy-medium, also en-US-Amy."""
    config = _config(path)
    voice_id = path.stem
    parts = voice_id.split("-")
    locale = str(config.get("language", {}).get("code") or parts[0]).replace("_", "-")
    person = parts[1].replace("_", " ").title() if len(parts) > 1 else voice_id
    aliases = (f"{locale}-{person}",) if len(parts) > 1 else ()
    stat = path.stat()
    made_by = f"piper-tts {version('piper-tts')} {path.name} {stat.st_size} {stat.st_mtime_ns}"
    return _Installed(
        Voice(voice_id, person, locale, TIER, aliases, made_by),
        path,
        int(config["audio"]["sample_rate"]),
    )


def _load(entry: _Installed, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin between two sentences would take the cores from the calls.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return PiperVoice(
            config=PiperConfig.from_dict(_config(entry.path)),
            session=onnxruntime.InferenceSession(
                str(entry.path), sess_options=options, providers=["CPUExecutionProvider"]
            ),
        )
    except Exception as error:
        raise StartError(
            f"The Piper voice {entry.path} cannot be loaded: {type(error).__name__}."
        ) from error
