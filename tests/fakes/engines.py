"""Engines that answer at once and as told, for tests of what happens around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from thunderbox.errors import EngineError
from thunderbox.voice.engine import GREEDY, Message, Recognition, Sampling, Tool, Voice
from thunderbox.voice.leg import FRAME_BYTES
from thunderbox.voice.prompt_writer import PROBES

WORD = b"\x10\x10" * 1600
"""A spoken word: 100 ms of sound."""


class FakeRecognizer:
    """Gives the next text of a list; an exception in the list is raised."""

    name = "fake"

    def __init__(self, *texts: str | Exception) -> None:
        self.texts = list(texts)
        self.languages: list[str] = []
        self.heard: list[int] = []
        self.glimpses: list[str] = []
        self.ahead = False

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        """The next text."""
        text = self.texts.pop(0) if self.texts else ""
        if isinstance(text, Exception):
            raise text
        self.languages.append(language)
        self.heard.append(len(pcm))
        return Recognition(text, 0.0)

    async def glimpse(
        self, pcm: bytes, language: str, goes_on: Callable[[], bool], *, paused: bool = False
    ) -> Recognition | None:
        """The next of `glimpses`, or of the texts in a pause if `ahead`."""
        if paused:
            return await self.transcribe(pcm, language) if self.ahead else None
        return Recognition(self.glimpses.pop(0), 0.0) if self.glimpses else None

    async def detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        """The last of them."""
        return languages[-1]

    def close(self) -> None:
        """Nothing to close."""


class FakeSynthesizer:
    """100 ms of sound a word, a word a piece; fails while `broken`."""

    name = "fake"
    broken = False

    def voices(self) -> Sequence[Voice]:
        """One voice."""
        return [Voice("fake", "Fake", "en-US", "starter")]

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """The words, one by one."""
        if self.broken:
            raise EngineError("The voice is broken.")
        for _ in text.split():
            yield WORD

    def close(self) -> None:
        """Nothing to close."""


class FakeModel:
    """Answers by a function of the messages; remembers what it was asked."""

    name = "fake"

    def __init__(self, answer: Callable[[Sequence[Message]], str | Exception]) -> None:
        self.answer = answer
        self.asked: list[list[Message]] = []
        self.warmed: list[list[Message]] = []
        self.stuck = False
        self.gate: asyncio.Event | None = None

    async def generate(
        self,
        conversation: str,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling = GREEDY,
    ) -> AsyncGenerator[str, None]:
        """The answer in pieces of four characters."""
        self.asked.append(list(messages))
        if self.stuck:
            await asyncio.Event().wait()
        if self.gate is not None:
            await self.gate.wait()
        text = self.answer(messages)
        if isinstance(text, Exception):
            raise text
        for at in range(0, len(text), 4):
            await asyncio.sleep(0)
            yield text[at : at + 4]

    async def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Remembers what was read ahead of time."""
        self.warmed.append(list(messages))
        return 0

    async def forget(self, conversation: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing to close."""


class FakeTranslator(FakeModel):
    """A model that can translate what every translator must; the rest is as told."""

    def __init__(self, answer: Callable[[Sequence[Message]], str | Exception]) -> None:
        super().__init__(lambda messages: known.get(messages[-1]["content"]) or answer(messages))
        known = {sentence: " ".join(words) for sentence, words in PROBES}


class Loudness:
    """Voice activity: any sound is a voice."""

    def probability(self, frame: bytes) -> float:
        """1.0 for sound, 0.0 for silence."""
        return 0.0 if frame == bytes(FRAME_BYTES) else 1.0
