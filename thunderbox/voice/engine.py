"""What an engine must offer: a recognizer, a synthesizer, a language model, a voice detector.

Engines run on threads of their own and are shared by all calls; every coroutine here may be
cancelled at any time and then leaves the engine ready for the next call.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Message = Mapping[str, Any]
"""A chat message in OpenAI form: role, content, and for tools tool_calls or tool_call_id."""

Tool = Mapping[str, Any]
"""A function schema in OpenAI form: {"type": "function", "function": {...}}."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Words found in an utterance; `text` is empty when nothing was said."""

    text: str
    seconds: float
    """How long the engine took."""


class Recognizer(Protocol):
    """Speech to text."""

    name: str

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        """Words of one utterance of 16 kHz mono s16le PCM. Raises EngineError."""

    async def glimpse(
        self, pcm: bytes, language: str, goes_on: Callable[[], bool], *, paused: bool = False
    ) -> Recognition | None:
        """Words so far of an utterance that is not over, where that keeps no other work waiting;
        else, or when `goes_on` (asked on the engine's thread) turns false: None. `paused`: it may
        be over, and then these words are waited for. Raises EngineError."""

    async def detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        """Which of these languages is spoken; the first when it cannot be told. Raises
        EngineError."""

    def close(self) -> None:
        """Stop the engine's thread and free the model."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that an agent can speak with, as GET /v1/voices lists it."""

    id: str
    name: str
    locale: str
    tier: str
    aliases: tuple[str, ...] = ()
    made_by: str = ""
    """Engine and model with their versions: another one sounds different. Empty: not known."""


class Synthesizer(Protocol):
    """Text to speech."""

    name: str

    def voices(self) -> Sequence[Voice]:
        """The voices this engine can speak with."""

    def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Sound of one clause as 16 kHz mono s16le PCM, in pieces as they are made.

        Raises EngineError; an unknown voice is one.
        """

    def close(self) -> None:
        """Stop the engine's thread and free the model."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the most likely."""

    temperature: float = 0.0
    max_tokens: int = 256
    json_schema: str | None = None
    """A JSON Schema that the answer must follow, as JSON text; the engine allows no other word."""

    thinking_tokens: int = 0
    """How long a model that can think may do so first, within <think> and </think>."""


GREEDY = Sampling()


class LanguageModel(Protocol):
    """Chat completion, streamed."""

    name: str

    def generate(
        self,
        conversation: str,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling = GREEDY,
    ) -> AsyncGenerator[str, None]:
        """Pieces of the next assistant message as they are made, tool calls in Hermes form
        (`<tool_call>{"name": …, "arguments": {…}}</tool_call>`) within the text.

        `conversation` names the call, so that the engine can keep what it has already read;
        closing the generator stops the generation within one token. Raises EngineError.
        """

    async def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Read a beginning that conversations share, before it is needed; returns the tokens
        that had to be evaluated. Raises EngineError."""

    async def forget(self, conversation: str) -> None:
        """Free what the engine keeps for a call that is over."""

    def close(self) -> None:
        """Stop the engine's thread and free the model."""


class TurnEnd(Protocol):
    """Tells from the sound of a turn whether its speaker has finished."""

    async def finished(self, pcm: bytes) -> bool:
        """Whether somebody who has just paused has finished: 16 kHz mono s16le PCM that ends
        with the pause. Raises EngineError."""


class VoiceActivity(Protocol):
    """Tells speech from other sound, one stream a call."""

    def probability(self, frame: bytes) -> float:
        """Probability that the newest 20 ms frame of the stream is speech, 0.0 to 1.0."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What an installed model is, for the console, the log and readiness."""

    name: str
    engine: str
    path: str
    starter: bool = False
    notes: tuple[str, ...] = field(default=())
