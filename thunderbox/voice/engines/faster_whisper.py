"""FasterWhisper: speech to text with Whisper models in CTranslate2 form.

The short path that a call needs: one utterance, a window no longer than it must be (Whisper's
own transcribe always computes 30 seconds), the most likely words at once, no timestamps. What
is too short or too quiet to be words, and what the model only made up, comes back empty. A large
model takes the utterances that wait for it together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from thunderbox.errors import StartError, ThunderBoxError
from thunderbox.voice.engine import Recognition
from thunderbox.voice.engines.resample import Samples
from thunderbox.voice.engines.silero import SileroModel
from thunderbox.voice.engines.speech_guards import USUAL, Guards, loudest_dbfs
from thunderbox.voice.engines.together import Ask, Together
from thunderbox.voice.engines.whisper_input import (
    FRAMES_PER_SECOND,
    HOP,
    Prompts,
    cut,
    max_length,
    most_tokens,
    padded_features,
)
from thunderbox.voice.engines.worker import Worker
from thunderbox.voice.glimpse import Cost
from thunderbox.voice.leg import SAMPLE_RATE

_SHORTEST_WINDOW = 10.0
_LONGEST_WINDOW = 30.0
_SMALL_BYTES = 20_000_000
"""A model below this size gains nothing from a second thread per utterance, and nothing from
several utterances at once: two threads with one each are quicker."""
_SMALL_BEAM = 5
"""A small model's likeliest next token is often not part of the likeliest sentence, and
following five sentences costs it a few milliseconds."""
_TOGETHER = 4
"""Utterances that a large model takes at once: one of each call."""
_MOST_LONGER = 1.5
"""All that are taken at once cost what the longest window costs; one that is this many times the
shortest waits, as it would keep the others waiting for longer than they keep it."""


@dataclass(frozen=True, slots=True)
class _Request:
    """Sound whose words somebody wants, as long as `goes_on` (asked on the engine's thread)."""

    pcm: bytes
    language: str
    goes_on: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class _Utterance:
    """Sound that is being recognised, a part that fits into the window after the other."""

    prompt: list[int]
    loudness: float
    window: float
    """Seconds that the model looks at."""
    parts: list[Samples]
    wanted: Callable[[], bool] = lambda: True
    texts: list[str] = field(default_factory=list)
    alone: bool = False
    """Whether its next part must be heard without others."""
    given_up: bool = False

    def stays(self) -> bool:
        """Whether its words are still wanted; once they are not, they never are again."""
        self.given_up = self.given_up or not self.wanted()
        return not self.given_up

    @property
    def most(self) -> int:
        """Tokens that the next part may have."""
        return most_tokens(len(self.parts[0]) / SAMPLE_RATE)


class FasterWhisper:
    """One model: a small one with two threads and an utterance on each, a large one with up to
    `together` utterances at once."""

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        threads: int = 2,
        window_seconds: float | None = None,
        detector: SileroModel | None = None,
        guards: Guards = USUAL,
        together: int | None = None,
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
        self._asks: Together[_Request, Recognition] = Together(
            self._worker, self._transcribe, together or (1 if small else _TOGETHER)
        )
        self._cost = Cost()

    @property
    def ready(self) -> bool:
        """Whether the engine can be expected to answer."""
        return self._worker.alive

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        """Words of one utterance of 16 kHz mono s16le PCM. Raises EngineError."""
        return await self._asks.ask(_Request(pcm, language))

    async def glimpse(
        self, pcm: bytes, language: str, goes_on: Callable[[], bool], *, paused: bool = False
    ) -> Recognition | None:
        """Words so far, if a thread is idle and quick enough, or in a pause so slow that it is
        worth to begin early; None else. Raises EngineError."""
        asks = self._asks
        if paused:
            wise = asks.waiting < asks.most and self._cost.is_worth_a_start(len(pcm))
        else:
            wise = self._worker.idle and self._cost.allows(len(pcm))
        if not wise:
            return None
        # Who waits for the engine is taken along next; so the words of a pause may be finished.
        stays = paused and asks.most > 1

        def wanted() -> bool:
            return (stays or asks.waiting == 0) and goes_on()

        try:
            return await asks.ask(_Request(pcm, language, wanted))
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
        quiet = np.zeros(SAMPLE_RATE, np.float32)
        prompt, window = self._prompts.for_language("en"), self._window(quiet)
        self._hear([_Utterance(prompt, -120.0, window, [quiet])])

    def close(self) -> None:
        """Stop the engine's threads and free the model."""
        self._worker.close()
        self._model.model.unload_model()

    def _transcribe(self, asks: Sequence[Ask[_Request, Recognition]]) -> None:
        """Answer some requests, each as soon as all of its words are known."""
        started = time.perf_counter()
        left = [(ask, self._utterance(ask)) for ask in asks]
        while left:
            heard = [utterance for _, utterance in left if utterance.parts]
            if heard:
                self._hear(_alike(heard))
            for ask, utterance in left:
                if not utterance.parts:
                    text = " ".join(text for text in utterance.texts if text)
                    ask.answer(Recognition(text, time.perf_counter() - started))
                elif utterance.given_up:
                    ask.fail(_NotWantedError())
            left = [(ask, utterance) for ask, utterance in left if not ask.answered]

    def _utterance(self, ask: Ask[_Request, Recognition]) -> _Utterance:
        """What there is to hear; no part where there cannot be words."""
        samples = _floats(ask.request.pcm)
        window = self._window(samples)
        loudness = loudest_dbfs(samples)
        parts: list[Samples] = []
        if self._may_be_speech(samples, loudness):
            parts = cut(samples, int(window * SAMPLE_RATE))
        return _Utterance(
            self._prompts.for_language(ask.request.language),
            loudness,
            window,
            [part for part in parts if len(part) >= HOP],
            lambda: not ask.cancelled and ask.request.goes_on(),
        )

    def _window(self, samples: Samples) -> float:
        """Seconds that the model has to look at to hear all of this, or as much as it can."""
        seconds = max(_SHORTEST_WINDOW, len(samples) / SAMPLE_RATE)
        return self._fixed_window or min(seconds, _LONGEST_WINDOW)

    def _detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        window = int((self._fixed_window or _SHORTEST_WINDOW) * FRAMES_PER_SECOND)
        features = padded_features(self._model, _floats(pcm), window)
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

    def _hear(self, utterances: Sequence[_Utterance]) -> None:
        """Find the words of the next part of each, together; those that nobody wants any more
        drop out on the way."""
        utterances = [one for one in utterances if one.stays()]
        if not utterances:
            return
        model = self._model.model
        frames = int(max(one.window for one in utterances) * FRAMES_PER_SECOND)
        started = time.perf_counter()
        features = np.concatenate(
            [padded_features(self._model, one.parts[0], frames) for one in utterances]
        )
        encoded = model.encode(ctranslate2.StorageView.from_array(features), to_cpu=False)
        listened = time.perf_counter()
        rows = [row for row, one in enumerate(utterances) if one.stays()]
        if not rows:
            return
        if len(rows) < len(utterances):
            kept = np.ascontiguousarray(np.asarray(encoded)[rows])
            encoded = ctranslate2.StorageView.from_array(kept)
            utterances = [utterances[row] for row in rows]
        most = max(one.most for one in utterances)
        results = model.generate(
            encoded,
            [one.prompt for one in utterances],
            beam_size=self._beam,
            length_penalty=0.0,  # else the beam prefers a short wrong word to no word at all
            max_length=max_length(len(utterances[0].prompt), most),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=False,
            suppress_tokens=[-1],  # the model's own list: brackets, notes and the like
        )
        if len(utterances) == 1:
            seconds = len(utterances[0].parts[0]) / SAMPLE_RATE
            self._cost.learn(listened - started, time.perf_counter() - listened, seconds)
        for one, result in zip(utterances, results, strict=True):
            # The limit of the batch is that of its longest part. What goes on beyond its own is
            # a loop, and ends where it would have ended alone.
            one.alone = one.most < most and len(result.sequences_ids[0]) >= one.most
            if not one.alone:
                one.parts.pop(0)
                one.texts.append(self._words(result, one.loudness))

    def _words(self, result: ctranslate2.models.WhisperGenerationResult, loudness: float) -> str:
        """Words of one part; empty when the guards do not believe them."""
        written = result.sequences_ids[0]
        tokens = [token for token in written if token < self._prompts.end]
        text = str(self._model.hf_tokenizer.decode(tokens)).strip()
        score = float(result.scores[0]) / max(1, len(written))
        return text if self._guards.believe(text, score, result.no_speech_prob, loudness) else ""


class _NotWantedError(ThunderBoxError):
    """Nobody wants these words any more."""


def _floats(pcm: bytes) -> Samples:
    return np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768.0


def _alike(utterances: Sequence[_Utterance]) -> list[_Utterance]:
    """Those that are heard at once: their prompts have one length, their windows nearly."""
    able = [one for one in utterances if not one.alone]
    if not able:
        return [utterances[0]]
    most = _MOST_LONGER * min(one.window for one in able)
    able = [one for one in able if one.window <= most]
    return [one for one in able if len(one.prompt) == len(able[0].prompt)]


def likeliest(found: Sequence[tuple[str, float]], languages: Sequence[str]) -> str:
    """The one of these languages that Whisper's tokens (`<|en|>`) say is the likeliest."""
    chances = {token.strip("<|>"): chance for token, chance in found}
    return max(languages, key=lambda language: chances.get(language, 0.0))
