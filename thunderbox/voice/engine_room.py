"""The engine room: loads every engine that calls need, at once, and warms each of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from thunderbox.voice.engine import ModelCard, Synthesizer, VoiceActivity
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.fallback import (
    FallbackChat,
    FallbackRecognizer,
    FallbackSpeech,
    Standing,
)
from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.engines.llama_cpp import LlamaCpp
from thunderbox.voice.engines.openai_chat import OpenAIChat
from thunderbox.voice.engines.openai_speech import OpenAISpeech
from thunderbox.voice.engines.openai_transcription import OpenAITranscription
from thunderbox.voice.engines.piper import Piper
from thunderbox.voice.engines.remote import RemoteServer
from thunderbox.voice.engines.silero import SileroModel
from thunderbox.voice.engines.smart_turn import SmartTurn
from thunderbox.voice.engines.sound_store import SoundStore
from thunderbox.voice.engines.voices import Voices
from thunderbox.voice.models import (
    STARTER_WINDOW_SECONDS,
    language_card,
    speech_card,
    turn_card,
    voice_cards,
)
from thunderbox.voice.shelf import Shelf
from thunderbox.voice.tiers import Tier, choose_tiers
from thunderbox.voice.trial import try_model

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engines:
    """What every call is given."""

    recognizer: FasterWhisper | FallbackRecognizer
    synthesizer: Voices
    language_model: LlamaCpp | FallbackChat
    """The box's own: what thinks for everything that belongs to no product."""

    new_voice_activity: Callable[[], VoiceActivity]
    """A detector for one call."""

    cards: tuple[ModelCard, ...]
    seconds: float
    """How long it took to load and warm everything."""

    remotes: tuple[Standing, ...] = ()
    """How each remote engine stands."""

    models: Mapping[str, LlamaCpp | FallbackChat] = field(default_factory=dict)
    """What each product thinks with; products of the same model share it."""

    tiers: Mapping[str, Tier] = field(default_factory=dict)
    turn_end: SmartTurn | None = None
    """Hears whether a caller has finished, where such a model is installed."""

    @property
    def best_model(self) -> LlamaCpp | FallbackChat:
        """What the highest product thinks with."""
        return list(self.models.values())[-1] if self.models else self.language_model

    @property
    def ready(self) -> bool:
        """Whether all of them can be expected to do their work."""
        minds = (self.language_model, *self.models.values())
        ears = (self.recognizer, *([self.turn_end] if self.turn_end else []))
        return all(engine.ready for engine in (*ears, self.synthesizer, *minds))

    def close(self) -> None:
        """Stop every engine and free the models."""
        self.recognizer.close()
        if self.turn_end is not None:
            self.turn_end.close()
        self.synthesizer.close()
        for mind in (self.language_model, *self.models.values()):
            mind.close()


async def load_engines(
    *,
    speech_model: str = "starter",
    language_model: str = "starter",
    threads: int = 2,
    context_tokens: int = 2048,
    conversations: int = 8,
    piper_voices: str = "",
    default_voice: str = "en-US-James1",
    cache_dir: Path | None = None,
    models_dir: Path | None = None,
    sounds_dir: Path | None = None,
    remotes: Sequence[RemoteServer] = (),
    products: Mapping[str, str] | None = None,
    gpu_layers: int = 0,
) -> Engines:
    """Check, try, load and warm all engines. Raises StartError, which says what to do.

    `cache_dir` keeps which models survived their trial; without it each start tries them.
    `models_dir` is where pulled and imported models are.
    `sounds_dir` keeps the sound of fixed sentences; without it each start makes it again.
    `remotes` holds at most one server of each kind. The local engines are loaded in any case, and
    do the work whenever the remote one fails.
    `products` names the language model of each product, smallest first; an empty name means
    `language_model`, and so does what is not installed when nothing better is.
    """
    started = time.perf_counter()
    standings = {server.kind: Standing(server) for server in remotes}
    speech = speech_card(speech_model, models_dir)
    language = language_card(language_model, models_dir)
    turn = turn_card(models_dir)
    pulled_voices = Shelf(models_dir).voices() if models_dir is not None else []
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(3, "load") as pool:

        def on_thread(work: Callable[..., T], *values: object) -> asyncio.Future[T]:
            return loop.run_in_executor(pool, work, *values)

        await asyncio.gather(
            *(on_thread(try_model, card, cache_dir) for card in (speech, language))
        )
        tiers = await on_thread(
            choose_tiers,
            products or {},
            language,
            models_dir,
            lambda card: try_model(card, cache_dir),
        )
        minds = {card.path: card for card in (language, *(t.card for t in tiers.values()))}
        detector = await on_thread(SileroModel)

        def load_recognizer() -> FasterWhisper:
            return FasterWhisper(
                Path(speech.path),
                name=speech.name,
                threads=threads,
                window_seconds=STARTER_WINDOW_SECONDS if speech.starter else None,
                detector=detector,
            )

        def load_turn_end() -> SmartTurn | None:
            return SmartTurn(Path(turn.path)) if turn is not None else None

        def load_model(card: ModelCard) -> LlamaCpp:
            return LlamaCpp(
                Path(card.path),
                name=card.name,
                conversations=conversations,
                context_tokens=context_tokens,
                threads=threads,
                gpu_layers=gpu_layers,
            )

        def load_voices() -> Voices:
            named = [Path(piper_voices).expanduser()] if piper_voices else []
            local: list[Synthesizer] = [Espeak()]
            piper = None
            if named or pulled_voices:
                piper = Piper(*named, *pulled_voices, threads=threads)
                local.insert(0, piper)
            remote: list[Synthesizer] = []
            first = default_voice
            if (standing := standings.get("speech")) is not None:
                spare = FallbackSpeech(OpenAISpeech(standing.server), local, first, standing)
                remote, first = [spare], spare.local_voice
            store = SoundStore(sounds_dir) if sounds_dir is not None else None
            voices = Voices([*remote, *local], default_voice, store=store)
            if piper is not None:
                piper.load(voices.resolve(first))
            return voices

        recognizer_load = on_thread(load_recognizer)
        voices_load = on_thread(load_voices)
        turn_load = on_thread(load_turn_end)
        models_load = {path: on_thread(load_model, card) for path, card in minds.items()}
        loads: list[asyncio.Future[Any]] = [
            recognizer_load,
            voices_load,
            turn_load,
            *models_load.values(),
        ]
        await asyncio.wait(loads)
        if errors := [error for load in loads if (error := load.exception()) is not None]:
            for load in loads:
                if load.exception() is None and load.result() is not None:
                    load.result().close()
            raise errors[0]
        recognizer, voices = recognizer_load.result(), voices_load.result()
        models = {path: load.result() for path, load in models_load.items()}
        await asyncio.gather(
            on_thread(recognizer.warm),
            voices.prepare("Hello.", default_voice),
            *(
                model.warm([{"role": "user", "content": "Hello, how are you today? " * 8}])
                for model in models.values()
            ),
        )
    seconds = time.perf_counter() - started
    log.info("engines ready in %.1f s: %s, %s", seconds, speech.name, language.name)
    for product, tier in tiers.items():
        if tier.note:
            log.warning("%s", tier.note)
        elif tier.card is not language:
            log.info("%s thinks with %s", product, tier.card.name)
    if turn is not None:
        log.info("%s hears when a caller has finished", turn.name)
    turns = [turn] if turn is not None else []
    cards = (speech, *turns, *minds.values(), *voice_cards(piper_voices, pulled_voices))
    hearing: FasterWhisper | FallbackRecognizer = recognizer
    if (standing := standings.get("transcription")) is not None:
        hearing = FallbackRecognizer(OpenAITranscription(standing.server), recognizer, standing)
    thinking: dict[str, LlamaCpp | FallbackChat] = dict(models)
    if (standing := standings.get("chat")) is not None:
        remote = OpenAIChat(standing.server)
        thinking = {path: FallbackChat(remote, model, standing) for path, model in models.items()}
    for standing in standings.values():
        log.info("%s, model %s", standing.server.name, standing.server.model)
    return Engines(
        hearing,
        voices,
        thinking[language.path],
        detector.stream,
        cards,
        seconds,
        tuple(standings.values()),
        {product: thinking[tier.card.path] for product, tier in tiers.items()},
        tiers,
        turn_load.result(),
    )
