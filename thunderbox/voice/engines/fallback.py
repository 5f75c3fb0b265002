"""Fallback: a remote engine, and the local one that does its work whenever it cannot.

Before the remote engine has given anything the local one does the whole of it; what fails after
that is an EngineError, as the words already spoken cannot be taken back. After a failure the
remote engine is left alone for a while: a caller should not wait for it at every turn.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from thunderbox.errors import EngineError, RefusedError
from thunderbox.voice.engine import (
    GREEDY,
    LanguageModel,
    Message,
    Recognition,
    Recognizer,
    Sampling,
    Synthesizer,
    Tool,
    Voice,
)
from thunderbox.voice.engines.remote import RemoteServer

log = logging.getLogger(__name__)

PAUSE_S = 30.0


class Standing:
    """Whether a remote engine is asked, and what went wrong last."""

    def __init__(self, server: RemoteServer, clock: Callable[[], float] = time.monotonic) -> None:
        self.server = server
        self.note = ""
        """A sentence for a person; empty while the remote engine answers."""

        self._clock = clock
        self._paused_until = float("-inf")

    @property
    def asked(self) -> bool:
        """Whether the remote engine is asked now."""
        return self._clock() >= self._paused_until

    def succeeded(self) -> None:
        """It answered."""
        if self.note:
            log.info("the %s answers again", self.server.name)
        self.note = ""

    def failed(self, error: EngineError) -> None:
        """It did not answer, or not to the end; one refused request says nothing of the next."""
        if not isinstance(error, RefusedError):
            self._paused_until = self._clock() + PAUSE_S
        self.note = f"{error} The local engine answers."
        log.warning("%s", self.note)


class FallbackChat:
    """A language model."""

    def __init__(self, remote: LanguageModel, local: LanguageModel, standing: Standing) -> None:
        self.name = remote.name
        self._remote = remote
        self._local = local
        self._standing = standing

    @property
    def ready(self) -> bool:
        """Whether there is a model that can be expected to answer."""
        return is_ready(self._local)

    async def generate(
        self,
        conversation: str,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling = GREEDY,
    ) -> AsyncGenerator[str, None]:
        """Pieces of the next assistant message, all of one engine. Raises EngineError."""
        wanted = (conversation, messages, tools, sampling)
        if self._standing.asked:
            given = False
            try:
                async with aclosing(self._remote.generate(*wanted)) as pieces:
                    async for piece in pieces:
                        given = given or bool(piece)
                        yield piece
            except EngineError as error:
                self._standing.failed(error)
                if given:
                    raise
            else:
                self._standing.succeeded()
                return
        async with aclosing(self._local.generate(*wanted)) as pieces:
            async for piece in pieces:
                yield piece

    async def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Let both read the beginning: the local engine must be quick when it is needed."""
        evaluated, _ = await asyncio.gather(
            self._local.warm(messages, tools), self._warm_remote(messages, tools)
        )
        return evaluated

    async def forget(self, conversation: str) -> None:
        """Free what the engines keep for a call that is over."""
        await self._remote.forget(conversation)
        await self._local.forget(conversation)

    def close(self) -> None:
        """Close both engines."""
        self._remote.close()
        self._local.close()

    async def _warm_remote(self, messages: Sequence[Message], tools: Sequence[Tool]) -> None:
        if not self._standing.asked:
            return
        try:
            await self._remote.warm(messages, tools)
        except EngineError as error:
            self._standing.failed(error)


class FallbackRecognizer:
    """Speech to text."""

    def __init__(self, remote: Recognizer, local: Recognizer, standing: Standing) -> None:
        self.name = remote.name
        self._remote = remote
        self._local = local
        self._standing = standing

    @property
    def ready(self) -> bool:
        """Whether there is a model that can be expected to answer."""
        return is_ready(self._local)

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        """Words of one utterance of 16 kHz mono s16le PCM. Raises EngineError."""
        if self._standing.asked:
            try:
                found = await self._remote.transcribe(pcm, language)
            except EngineError as error:
                self._standing.failed(error)
            else:
                self._standing.succeeded()
                return found
        return await self._local.transcribe(pcm, language)

    async def glimpse(
        self, pcm: bytes, language: str, goes_on: Callable[[], bool], *, paused: bool = False
    ) -> Recognition | None:
        """Words so far, where the local engine does the work. Raises EngineError."""
        if self._standing.asked:
            return None
        return await self._local.glimpse(pcm, language, goes_on, paused=paused)

    async def detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        """Which of these languages is spoken, by the local engine. Raises EngineError."""
        return await self._local.detect(pcm, languages)

    def close(self) -> None:
        """Close both engines."""
        self._remote.close()
        self._local.close()


class FallbackSpeech:
    """The remote engine's voices; a local voice speaks when they cannot.

    The local engines are not closed with it: their own voices are there without it, too.
    """

    def __init__(
        self, remote: Synthesizer, local: Sequence[Synthesizer], voice: str, standing: Standing
    ) -> None:
        self.name = remote.name
        self._remote = remote
        self._local, self.local_voice = find_voice(local, voice)
        self._standing = standing

    @property
    def ready(self) -> bool:
        """Whether there is an engine that can be expected to speak."""
        return is_ready(self._local)

    def voices(self) -> Sequence[Voice]:
        """The remote engine's voices."""
        return self._remote.voices()

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Sound of one clause as 16 kHz mono s16le PCM, all of one engine. Raises EngineError."""
        if self._standing.asked:
            given = False
            try:
                async with aclosing(self._remote.speak(text, voice)) as pieces:
                    async for piece in pieces:
                        given = given or bool(piece)
                        yield piece
            except EngineError as error:
                self._standing.failed(error)
                if given:
                    raise
            else:
                self._standing.succeeded()
                return
        async with aclosing(self._local.speak(text, self.local_voice)) as pieces:
            async for piece in pieces:
                yield piece

    def close(self) -> None:
        """Close the remote engine."""
        self._remote.close()


def find_voice(engines: Sequence[Synthesizer], wanted: str) -> tuple[Synthesizer, str]:
    """The engine and the id of this voice, else of the first voice that there is."""
    voices = [(engine, voice) for engine in engines for voice in engine.voices()]
    for engine, voice in voices:
        if wanted.lower() in (name.lower() for name in (voice.id, *voice.aliases)):
            return engine, voice.id
    engine, voice = voices[0]
    return engine, voice.id


def is_ready(engine: object) -> bool:
    """Whether an engine can be expected to do its work; one that does not say so can."""
    return bool(getattr(engine, "ready", True))
