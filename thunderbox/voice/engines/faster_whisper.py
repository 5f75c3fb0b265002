"""FasterWhisper: speech to text with Whisper models in CTranslate2 form.

The short path that a call needs: one utterance, a window no longer than it must be (Whisper's
own transcribe always computes 30 seconds), the most likely words at once, no timestamps. What
is too short or too quiet to be words, and what the model only made up, comes back empty.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from numpy.typing import NDArray
from tokenizers import Tokenizer

from thunderbox.errors import StartError, ThunderBoxError
from thunderbox.voice.engine import Recognition
from thunderbox.voice.engines.resample import Samples
from thunderbox.voice.engines.silero import SileroModel
from thunderbox.voice.engines.worker import Worker
from thunderbox.voice.glimpse import Cost
from thunderbox.voice.leg import SAMPLE_RATE

_HOP = 160
_FRAMES_PER_SECOND = SAMPLE_RATE // _HOP
_LONGEST_WINDOW = 30.0
_MAX_LENGTH = 448
_SMALL_BYTES = 20_000_000
"""A model below this size gains nothing from a second thread per utterance."""
_SMALL_BEAM = 5
"""A small model's likeliest next token is often not part of the likeliest sentence, and
following five sentences costs it a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What keeps invented words out."""

    shortest_ms: int = 120
    quietest_dbfs: float = -55.0
    """RMS of the loudest 200 ms; below it there was no voice on the line."""

    quiet_dbfs: float = -42.0
    """Below this, an unsure transcript is not believed."""

    unsure: float = -1.0
    """Average log probability per token; below it a transcript is unsure."""

    hopeless: float = -1.8
    """Below this it is not believed at any loudness."""

    voice: float = 0.4
    """Probability from which the voice detector's window of 32 ms counts as voice."""

    voiced_windows: int = 3
    """So many such windows make an utterance."""

    no_speech: float = 0.6
    """Probability of the no-speech token from which an unsure transcript is dropped."""


class FasterWhisper:
    """One model, `workers` utterances at a time."""

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        threads: int = 2,
        window_seconds: float | None = None,
        detector: SileroModel | None = None,
        guards: Guards = Guards(),
    ) -> None:
        self.name = name or path.name
        small = (path / "model.bin").stat().st_size < _SMALL_BYTES
        workers = min(threads, 2) if small else 1
        try:
            self._model = WhisperModel(
                str(path),
                device="cpu",
                compute_type="int8",
                cpu_threads=1 if small else threads,
                num_workers=workers,
                local_files_only=True,
            )
        except Exception as error:
            raise StartError(f"The speech model in {path} cannot be loaded: {error}.") from error
        self._prompts = Prompts(self._model.hf_tokenizer)
        self._guards = guards
        self._detector = detector or SileroModel()
        self._fixed_window = window_seconds
        self._beam = _SMALL_BEAM if small else 1
        self._worker = Worker("speech-to-text", threads=workers)
        self._cost = Cost()

    @property
    def ready(self) -> bool:
        """Whether the engine can be expected to answer."""
        return self._worker.alive

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        """Words of one utterance of 16 kHz mono s16le PCM. Raises EngineError."""
        return await self._worker.run(lambda: self._transcribe(pcm, language))

    async def glimpse(
        self, pcm: bytes, language: str, goes_on: Callable[[], bool], *, paused: bool = False
    ) -> Recognition | None:
        """Words so far, if a thread is idle and quick enough, or in a pause so slow that it is
        worth to begin early; None else. Raises EngineError."""
        if paused:
            wise = self._worker.waiting == 0 and self._cost.is_worth_a_start(len(pcm))
        else:
            wise = self._worker.idle and self._cost.allows(len(pcm))
        if not wise:
            return None

        def wanted() -> bool:
            return self._worker.waiting == 0 and goes_on()

        try:
            return await self._worker.run(lambda: self._transcribe(pcm, language, wanted))
        except _NotWantedError:
            return None

    async def detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        """Which of these languages is spoken; the first when it cannot be told. Raises
        EngineError."""
        if len(languages) < 2 or not self._model.model.is_multilingual:
            return languages[0]
        return await self._worker.run(lambda: self._detect(pcm, languages))

    def warm(self) -> None:
        """Run the model once on what is no speech, so that the first caller does not wait."""
        window = self._fixed_window or 10.0
        quiet = np.zeros(SAMPLE_RATE, np.float32)
        self._words(quiet, window, self._prompts.for_language("en"), -120.0)

    def close(self) -> None:
        """Stop the engine's threads and free the model."""
        self._worker.close()
        self._model.model.unload_model()

    def _transcribe(
        self, pcm: bytes, language: str, wanted: Callable[[], bool] = lambda: True
    ) -> Recognition:
        started = time.perf_counter()
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768.0
        loudness = loudest_dbfs(samples)
        texts: list[str] = []
        if self._may_be_speech(samples, loudness):
            window = self._fixed_window or min(
                max(10.0, len(samples) / SAMPLE_RATE), _LONGEST_WINDOW
            )
            prompt = self._prompts.for_language(language)
            texts = [
                self._words(part, window, prompt, loudness, wanted)
                for part in cut(samples, int(window * SAMPLE_RATE))
                if len(part) >= _HOP
            ]
        text = " ".join(text for text in texts if text)
        return Recognition(text, time.perf_counter() - started)

    def _detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768.0
        window = int((self._fixed_window or 10.0) * _FRAMES_PER_SECOND)
        features = padded_features(self._model, samples, window)
        model = self._model.model
        encoded = model.encode(ctranslate2.StorageView.from_array(features), to_cpu=False)
        return likeliest(model.detect_language(encoded)[0], languages)

    def _may_be_speech(self, samples: Samples, loudness: float) -> bool:
        """Whether there is enough sound, and a voice in it; cheap next to the model."""
        guards = self._guards
        if len(samples) * 1000 < guards.shortest_ms * SAMPLE_RATE:
            return False
        if loudness < guards.quietest_dbfs:
            return False
        voiced = self._detector.probabilities(samples) >= guards.voice
        return int(voiced.sum()) >= guards.voiced_windows

    def _words(
        self,
        samples: Samples,
        window: float,
        prompt: list[int],
        loudness: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> str:
        """Words of one window; empty when the guards do not believe them."""
        model = self._model.model
        if not wanted():
            raise _NotWantedError
        started = time.perf_counter()
        features = padded_features(self._model, samples, int(window * _FRAMES_PER_SECOND))
        encoded = model.encode(ctranslate2.StorageView.from_array(features), to_cpu=False)
        listened = time.perf_counter()
        if not wanted():
            raise _NotWantedError
        result = model.generate(
            encoded,
            [prompt],
            beam_size=self._beam,
            length_penalty=0.0,  # else the beam prefers a short wrong word to no word at all
            max_length=max_length(len(prompt), len(samples) / SAMPLE_RATE),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=False,
            suppress_tokens=[-1],  # the model's own list: brackets, notes and the like
        )[0]
        self._cost.learn(
            listened - started, time.perf_counter() - listened, len(samples) / SAMPLE_RATE
        )
        written = result.sequences_ids[0]
        tokens = [token for token in written if token < self._prompts.end]
        text = self._model.hf_tokenizer.decode(tokens).strip()
        score = float(result.scores[0]) / max(1, len(written))
        guards = self._guards
        if score < guards.hopeless or is_loop(text):
            return ""
        if score < guards.unsure and (
            loudness < guards.quiet_dbfs or result.no_speech_prob > guards.no_speech
        ):
            return ""
        return text if re.search(r"\w", text) else ""


class _NotWantedError(ThunderBoxError):
    """Nobody wants these words any more."""


class Prompts:
    """The tokens that a transcript starts with, as the model's vocabulary wants them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._start = self._token("<|startoftranscript|>")
        self._plain = self._token("<|notimestamps|>")
        self.end = self._token("<|endoftext|>")

    def for_language(self, language: str) -> list[int]:
        """A vocabulary without language tokens knows one language only and takes no task."""
        of_language = self._tokenizer.token_to_id(f"<|{language.split('-')[0].lower()}|>")
        if of_language is None:
            of_language = self._tokenizer.token_to_id("<|en|>")
        if of_language is None:
            return [self._start, self._plain]
        return [self._start, of_language, self._token("<|transcribe|>"), self._plain]

    def _token(self, text: str) -> int:
        token = self._tokenizer.token_to_id(text)
        if token is None:
            raise StartError(f"The speech model's tokenizer has no {text}: it is no Whisper model.")
        return int(token)


def max_length(prompt: int, seconds: float) -> int:
    """CTranslate2's limit for a transcript of so much sound, behind a prompt of so many tokens.

    About six tokens a second are quick speech; more is a loop. The library takes off the prompt
    and allows half of what it is told, whichever is less.
    """
    most = 12 + int(8 * seconds)
    return min(max(prompt + most, 2 * most), _MAX_LENGTH)


def padded_features(model: WhisperModel, samples: Samples, frames: int) -> NDArray[np.float32]:
    """Log-mel features of the samples, filled up with zeros, shape (1, mels, frames).

    Zeros in the features, not silence in the samples: that is what faster-whisper does and what
    the starter model was trained on.
    """
    heard = model.feature_extractor(samples)[:, :frames]
    features = np.zeros((1, heard.shape[0], frames), np.float32)
    features[0, :, : heard.shape[1]] = heard
    return features


def likeliest(found: Sequence[tuple[str, float]], languages: Sequence[str]) -> str:
    """The one of these languages that Whisper's tokens (`<|en|>`) say is the likeliest."""
    chances = {token.strip("<|>"): chance for token, chance in found}
    return max(languages, key=lambda language: chances.get(language, 0.0))


def loudest_dbfs(samples: Samples) -> float:
    """RMS of the loudest 200 ms, in dB below full scale."""
    size = min(SAMPLE_RATE // 5, len(samples))
    if not size:
        return -120.0
    energy = np.cumsum(np.square(samples, dtype=np.float64))
    energy[size:] -= energy[:-size]
    return float(10 * np.log10(max(energy[size - 1 :].max() / size, 1e-12)))


def cut(samples: Samples, window: int) -> list[Samples]:
    """Parts of at most `window` samples, cut at the quietest place of each window's second half."""
    parts: list[Samples] = []
    size = SAMPLE_RATE // 20
    while len(samples) > window:
        half = samples[window // 2 : window]
        power = np.add.reduceat(half**2, np.arange(0, len(half) - size + 1, size))
        at = window // 2 + int(power.argmin()) * size + size // 2
        parts.append(samples[:at])
        samples = samples[at:]
    parts.append(samples)
    return parts


def is_loop(text: str) -> bool:
    """The same words again and again: what a lost decoder says.

    Digits may repeat as often as they like, words five times ("no no no"), phrases three times.
    """
    words = re.findall(r"[\w']+", text.lower())
    for size in range(1, 9):
        times = 6 if size == 1 else 4
        if len(words) < size * times:
            break
        for start in range(len(words) - size * times + 1):
            unit = words[start : start + size]
            if all(
                words[start + size * n : start + size * (n + 1)] == unit for n in range(1, times)
            ) and not all(map(_is_digit, unit)):
                return True
    return False


def _is_digit(word: str) -> bool:
    return word.isdigit() or word in _DIGITS


_DIGITS = frozenset(
    ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
)
