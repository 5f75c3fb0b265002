"""Espeak: the starter voices, spoken by the espeak-ng library of espeakng-loader.

The library keeps one global state, so one thread of ours makes every call to it. It is quick
(a clause in a few milliseconds) and knows a hundred languages, and it sounds like a robot.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from importlib.metadata import version

import espeakng_loader
import numpy as np

from thunderbox.errors import EngineError, StartError
from thunderbox.voice.engine import Voice
from thunderbox.voice.engines.resample import Samples
from thunderbox.voice.engines.sound import ClauseSound, gain_for
from thunderbox.voice.engines.worker import Emit, Worker

TIER = "starter"

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_RATE, _PITCH = 1, 3
_PIECE_MS = 60
_OK = 0

_OnSound = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice of ours: an espeak voice and variant, words a minute, pitch from 0 to 99."""

    voice: Voice
    name: str
    rate: int = 165
    pitch: int = 50


def _voice(
    number: str,
    name: str,
    locale: str,
    espeak: str,
    *aliases: str,
    rate: int = 165,
    pitch: int = 50,
) -> EspeakVoice:
    return EspeakVoice(Voice(number, name, locale, TIER, aliases), espeak, rate, pitch)


VOICES: tuple[EspeakVoice, ...] = (
    _voice("en-US-James1", "James", "en-US", "en-us", "James", "en", "en-US", "default", pitch=45),
    _voice("en-US-Emma1", "Emma", "en-US", "en-us+f2", "Emma", pitch=55),
    _voice("en-US-Linda1", "Linda", "en-US", "en-us+linda", "Linda", rate=160),
    _voice("en-US-Michael1", "Michael", "en-US", "en-us+m3", "Michael", rate=160),
    _voice("en-GB-Arthur1", "Arthur", "en-GB", "en-gb-x-rp", "Arthur", "en-GB"),
    _voice("en-GB-Alice1", "Alice", "en-GB", "en-gb-x-rp+f4", "Alice"),
    _voice("es-ES-Pablo1", "Pablo", "es-ES", "es", "Pablo", "es", "es-ES"),
    _voice("es-US-Sofia1", "Sofia", "es-US", "es-419+f2", "Sofia", "es-US", "es-419"),
    _voice("de-DE-Karl1", "Karl", "de-DE", "de", "Karl", "de", "de-DE"),
    _voice("fr-FR-Luc1", "Luc", "fr-FR", "fr", "Luc", "fr", "fr-FR"),
)

_library_lock = threading.Lock()
"""The library is one per process, however many engines stand on it."""

_VERSION = f"espeakng-loader {version('espeakng-loader')}"
_SAMPLE = "The quick brown fox jumps over the lazy dog."


class Espeak:
    """All espeak voices, one clause at a time."""

    name = "espeak"

    def __init__(self, voices: Sequence[EspeakVoice] = VOICES) -> None:
        self._voices = {entry.voice.id: entry for entry in voices}
        self._gains: dict[str, float] = {}
        self._library, self._rate = _load()
        self._worker = Worker("espeak")

    @property
    def ready(self) -> bool:
        """Whether the engine can be expected to speak."""
        return self._worker.alive

    def voices(self) -> Sequence[Voice]:
        """The voices this engine can speak with."""
        return [
            replace(entry.voice, made_by=f"{_VERSION} {entry.name} {entry.rate} {entry.pitch}")
            for entry in self._voices.values()
        ]

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Sound of one clause as 16 kHz mono s16le PCM, in pieces of about 60 ms."""
        entry = self._voices.get(voice)
        if entry is None:
            raise EngineError(f'espeak has no voice "{voice}".')
        stream = self._worker.stream(lambda emit: self._speak(text, entry, emit))
        async with aclosing(stream):
            async for piece in stream:
                yield piece

    def close(self) -> None:
        """Stop the engine's thread; the library stays loaded, as it cannot be loaded twice."""
        self._worker.close()

    def _speak(self, text: str, entry: EspeakVoice, emit: Emit) -> None:
        """Runs on the engine's thread."""
        gain = self._gains.get(entry.voice.id)
        if gain is None:
            heard = [np.zeros(1, np.float32)]

            def keep(samples: Samples) -> bool:
                heard.append(samples)
                return True

            self._synthesize(_SAMPLE, entry, keep)
            gain = gain_for(np.concatenate(heard), self._rate)
            self._gains[entry.voice.id] = gain
        sound = ClauseSound(self._rate, gain)
        if self._synthesize(text, entry, lambda samples: emit(sound.push(samples))):
            emit(sound.end())

    def _synthesize(self, text: str, entry: EspeakVoice, take: Callable[[Samples], bool]) -> bool:
        """Speak, handing the sound over as it is made; False when `take` wanted no more."""
        library = self._library
        wanted = True
        failure: Exception | None = None

        @_OnSound  # type: ignore[untyped-decorator]
        def on_sound(wave: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
            nonlocal wanted, failure
            if wave and count > 0:
                samples = np.ctypeslib.as_array(wave, (count,)).astype(np.float32) / 32768.0
                try:
                    wanted = take(samples)
                except Exception as error:  # C code is above: it cannot pass through there
                    failure, wanted = error, False
            return 0 if wanted else 1

        # A NUL would end the text for the library, and it is never spoken anyway.
        data = text.replace("\0", " ").encode("utf-8", "replace")
        with _library_lock:
            library.espeak_SetSynthCallback(on_sound)
            if library.espeak_SetVoiceByName(entry.name.encode()) != _OK:
                raise EngineError(f'espeak-ng has no voice "{entry.name}".')
            library.espeak_SetParameter(_RATE, entry.rate, 0)
            library.espeak_SetParameter(_PITCH, entry.pitch, 0)
            done = library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _CHARS_UTF8, None, None)
        if failure is not None:
            raise failure
        if done != _OK:
            raise EngineError("espeak-ng could not speak a clause.")
        return wanted


def _load() -> tuple[ctypes.CDLL, int]:
    """The library, ready to speak, and its sample rate. Raises StartError."""
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        raise StartError(f"The espeak-ng library cannot be loaded: {error}.") from error
    data = espeakng_loader.get_data_path().encode()
    rate = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, _PIECE_MS, data, _DONT_EXIT)
    if rate <= 0:
        raise StartError(f"espeak-ng cannot start with its data in {data.decode()}.")
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    return library, int(rate)
