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
from thunderbox.voice.engines.context_window import fit
from thunderbox.voice.engines.llama_generation import Generation
from thunderbox.voice.engines.llama_library import LlamaLibrary

_SHARED = 32
"""Agents' prompts whose tokens are remembered."""


class Prompts:
    """The prompts of one model; only the engine's thread may use it."""

    def __init__(self, library: LlamaLibrary) -> None:
        self._library = library
        self._template = ChatTemplate(
            library.template(), bos=library.special("bos"), eos=library.special("eos")
        )
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
        tokens, dropped = fit(
            generation.messages, read, context_tokens - room, self._dropped.get(name, 0)
        )
        if dropped and name:
            self._dropped[name] = dropped
        if not tokens:
            raise EngineError("There is nothing to answer: the conversation is empty.")
        return tokens

    def shared(self, generation: Generation, tokens: list[int]) -> int:
        """How many of the tokens are the agent's prompt and tools."""
        if not generation.reply and not generation.conversation:
            return len(tokens)
        system = [message for message in generation.messages[:1] if message["role"] == "system"]
        if not system:
            return 0
        key = json.dumps([system, generation.tools], default=str)
        if key not in self._systems:
            try:
                text = self._template.render(system, generation.tools, reply=False)
                self._systems[key] = self._library.tokenize(text)
            except EngineError:  # some templates refuse a prompt without a question
                self._systems[key] = []
            while len(self._systems) > _SHARED:
                self._systems.pop(next(iter(self._systems)))
        return llama_sequences.common(tokens, self._systems[key])

    def forget(self, conversation: str) -> None:
        """A call is over."""
        self._dropped.pop(conversation, None)
