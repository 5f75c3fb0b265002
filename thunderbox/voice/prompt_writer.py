"""PromptWriter: what the language model writes for the people who write agents.

It translates prompts and writes acknowledgements. A small model often cannot: what it writes is
checked, and where that is no use, the caller gets something fixed and is told so.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

from thunderbox.errors import EngineError
from thunderbox.voice import acknowledgement
from thunderbox.voice.engine import LanguageModel, Sampling
from thunderbox.voice.languages import UNKNOWN, detect, name_of

log = logging.getLogger(__name__)

PHRASE_S = 20.0
"""An acknowledgement has so long to be written."""
TRANSLATION_S = 120.0
"""A whole prompt has so long to be translated."""
_PIECE_CHARACTERS = 800
"""A prompt is translated in pieces of about this length: small models lose the thread."""
_READ_CHARACTERS = 2_000
"""So much of a prompt tells what an agent is about."""

_PHRASE_TASK = (
    "You write what a telephone agent says while it looks something up. Answer with one short "
    "phrase in {language}, at most eight words, such as: {example} No facts, no question."
)
_TRANSLATION_TASK = (
    "You translate instructions for a telephone agent into {language}. Keep names, numbers and "
    "everything in double braces as they are. Answer with the translation only."
)
PROBES = (
    ("Der Hund schläft im roten Haus.", ("dog", "red", "house")),
    ("El gato bebe leche.", ("cat", "milk")),
)
"""Sentences and words of their English translation. A model that does not know them translates
nothing, whatever else it says."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it; `used_fallback` says that the model could not."""

    text: str
    used_fallback: bool


class PromptWriter:
    """Writes with one language model, one thing at a time."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._turn = asyncio.Semaphore(1)
        self._translates: bool | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    async def acknowledgement(self, prompt: str, language: str) -> Written:
        """A phrase for an agent of this prompt; the fixed one where the model writes none."""
        example = acknowledgement.fixed(language)
        task = _PHRASE_TASK.format(language=name_of(language), example=example)
        about = f"The agent's instructions:\n{prompt[:_READ_CHARACTERS]}"
        try:
            async with asyncio.timeout(PHRASE_S):
                written = await self._write(task, about, 40)
        except (EngineError, TimeoutError) as error:
            log.info("no acknowledgement was written: %s", error or "it took too long")
            return Written(example, used_fallback=True)
        phrase = acknowledgement.tidy(written)
        if not acknowledgement.is_fit(phrase, language):
            return Written(example, used_fallback=True)
        return Written(phrase, used_fallback=False)

    async def translate(self, prompt: str, source: str, target: str) -> Written:
        """A prompt in another language; the prompt itself where the model cannot."""
        if source == target:
            return Written(prompt, used_fallback=False)
        task = _TRANSLATION_TASK.format(language=name_of(target))
        translated: list[str] = []
        try:
            async with asyncio.timeout(TRANSLATION_S):
                if not await self._can_translate():
                    return Written(prompt, used_fallback=True)
                for piece in _pieces(prompt):
                    written = (await self._write(task, piece, len(piece) + 64)).strip()
                    if not _is_translation(piece, written):
                        return Written(prompt, used_fallback=True)
                    translated.append(written)
        except (EngineError, TimeoutError) as error:
            log.info("no translation was written: %s", error or "it took too long")
            return Written(prompt, used_fallback=True)
        text = "\n".join(translated)
        found = await asyncio.to_thread(detect, text)
        # A few words may be undetermined; another language than the wanted one is no translation.
        if found.code not in (target, UNKNOWN) or text == prompt:
            return Written(prompt, used_fallback=True)
        return Written(text, used_fallback=False)

    async def _can_translate(self) -> bool:
        """Whether the model knows how to; it is asked once. Raises EngineError."""
        if self._translates is None:
            task = _TRANSLATION_TASK.format(language="English")
            answers = [await self._write(task, sentence, 40) for sentence, _ in PROBES]
            self._translates = all(
                word in answer.lower()
                for answer, (_, words) in zip(answers, PROBES, strict=True)
                for word in words
            )
            if not self._translates:
                log.info("the language model %s cannot translate", self.name)
        return self._translates

    async def _write(self, task: str, about: str, most_tokens: int) -> str:
        """The model's answer. Raises EngineError."""
        messages = [{"role": "system", "content": task}, {"role": "user", "content": about}]
        stream = self._model.generate("", messages, (), Sampling(max_tokens=most_tokens))
        async with self._turn, aclosing(stream) as pieces:
            said = "".join([piece async for piece in pieces])
        return re.sub(r"<think>.*?(</think>|$)", "", said, flags=re.DOTALL)


def _pieces(prompt: str) -> Iterator[str]:
    """The prompt's lines, gathered to pieces; long lines are cut between sentences."""
    piece = ""
    for line in prompt.splitlines():
        for part in re.split(r"(?<=[.!?。])\s+", line) if len(line) > _PIECE_CHARACTERS else [line]:
            if piece and len(piece) + len(part) > _PIECE_CHARACTERS:
                yield piece
                piece = ""
            piece = f"{piece}\n{part}" if piece else part
    if piece.strip():
        yield piece


def _is_translation(piece: str, written: str) -> bool:
    """Whether a text can be a translation: about as long, and with the same placeholders."""
    if not len(piece) * 0.25 <= len(written) <= len(piece) * 4 + 20:
        return False
    braces = r"\{\{.*?\}\}"
    return sorted(re.findall(braces, piece)) == sorted(re.findall(braces, written))
