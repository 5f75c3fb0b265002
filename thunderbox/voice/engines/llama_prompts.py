"""Prompts: conversations as the tokens that a language model reads.

What has grown too long loses its oldest turns here; what several calls share is found here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from thunderbox.errors import EngineError
from thunderbox.voice.engine import Message
from thunderbox.voice.engines import llama_sequences
from thunderbox.voice.engines.chat_template import ChatTemplate, opens_thought
from thunderbox.voice.engines.context_window import fit, nearly_full, shorter, window
from thunderbox.voice.engines.llama_generation import Generation
from thunderbox.voice.engines.llama_library import LlamaLibrary

_FOLLOWED = "thunderbox.conversation_length"
"""In a model's file: tokens of the longest conversation that it follows well, if it reads more."""

_SHARED = 32
"""Agents' prompts whose tokens are remembered."""


class Prompts:
    """The prompts of one model; only the engine's thread may use it."""

    def __init__(self, library: LlamaLibrary) -> None:
        self._library = library
        self._template = ChatTemplate(
            library.template(), bos=library.special("bos"), eos=library.special("eos")
        )
        self._followed = library.number(_FOLLOWED)
        self._dropped: dict[str, int] = {}
        self._systems: dict[str, list[int]] = {}

    def read(self, generation: Generation, context_tokens: int) -> list[int]:
        """The conversation's tokens, the oldest turns left out when it is too long.

        Raises EngineError when there is nothing to read, or its prompt alone is too long.
        """
        thinking = generation.reply and generation.sampling.thinking_tokens > 0

        def read(messages: Sequence[Message]) -> list[int]:
            text = self._template.render(
                messages, generation.tools, reply=generation.reply, thinking=thinking
            )
            generation.thinking = thinking and opens_thought(text)
            return self._library.tokenize(text)

        room = min(generation.sampling.max_tokens, context_tokens // 4)
        room += generation.most_thought(context_tokens)
        name = generation.conversation
        limit = window(context_tokens - room, self._followed, len(self._system(generation)))
        ahead = bool(name) and not generation.reply
        tokens, dropped = fit(
            generation.messages,
            read,
            shorter(limit) if ahead else limit,
            self._dropped.get(name, 0),
        )
        generation.nearly_full = bool(name) and nearly_full(len(tokens), limit)
        if dropped and name:
            self._dropped[name] = dropped
        if not tokens:
            raise EngineError("There is nothing to answer: the conversation is empty.")
        return tokens

    def shared(self, generation: Generation, tokens: list[int]) -> int:
        """How many of the tokens are the agent's prompt and tools."""
        if not generation.reply and not generation.conversation:
            return len(tokens)
        return llama_sequences.common(tokens, self._system(generation))

    def _system(self, generation: Generation) -> list[int]:
        """Tokens of the agent's prompt and tools alone; none where they cannot be told."""
        system = [message for message in generation.messages[:1] if message["role"] == "system"]
        if not system:
            return []
        key = json.dumps([system, generation.tools], default=str)
        if key not in self._systems:
            try:
                text = self._template.render(system, generation.tools, reply=False)
                self._systems[key] = self._library.tokenize(text)
            except EngineError:  # some templates refuse a prompt without a question
                self._systems[key] = []
            while len(self._systems) > _SHARED:
                self._systems.pop(next(iter(self._systems)))
        return self._systems[key]

    def forget(self, conversation: str) -> None:
        """A call is over."""
        self._dropped.pop(conversation, None)
