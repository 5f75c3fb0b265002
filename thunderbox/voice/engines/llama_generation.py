"""Generation: one reply in the making, from the request to its last piece of text."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from thunderbox.errors import EngineError
from thunderbox.voice.engine import Message, Sampling, Tool
from thunderbox.voice.engines import llama_sequences
from thunderbox.voice.engines.chat_template import THOUGHT, THOUGHT_END
from thunderbox.voice.engines.worker import post


@dataclass(eq=False, slots=True)
class Generation:
    """One reply in the making; `cancelled` is the only field that another thread writes."""

    conversation: str
    messages: Sequence[Message]
    tools: Sequence[Tool]
    sampling: Sampling
    loop: asyncio.AbstractEventLoop
    reply: bool = True
    pieces: asyncio.Queue[str | Exception | None] = field(default_factory=asyncio.Queue)
    cancelled: bool = False
    sequence: llama_sequences.Sequence | None = None
    todo: list[int] = field(default_factory=list)
    """Tokens to evaluate: the rest of the prompt, then the newest token of the reply."""

    reading: bool = True
    evaluated: int = 0
    nearly_full: bool = False
    """The conversation has hardly any room left for another turn."""

    made: int = 0
    sampler: Any = None
    text: Any = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"))

    thinking: bool = False
    """Within <think> and </think>."""

    thought: int = 0
    _head: str = ""

    def ahead(self) -> Generation:
        """The same conversation, to be read for its next turn; nobody waits for it."""
        return Generation(
            self.conversation, self.messages, self.tools, self.sampling, self.loop, reply=False
        )

    def say(self, text: str) -> None:
        """Hand text over to the reader."""
        if text:
            post(self.loop, self.pieces.put_nowait, text)

    def most_thought(self, context_tokens: int) -> int:
        """How many tokens it may think: never so many that there is no room for words."""
        return min(self.sampling.thinking_tokens, context_tokens // 4)

    def count(self, text: str, context_tokens: int) -> bool:
        """Count a token that says this; True once the model has thought long enough."""
        if not self.thinking and self.made:
            self.made += 1
            return False
        self._head = (self._head + text)[-64:]
        if not self.thinking:
            head = self._head.lstrip()
            self.thinking = head.startswith(THOUGHT)
            # The first characters may still become the marker.
            self.made += not (self.thinking or THOUGHT.startswith(head))
        elif THOUGHT_END in self._head:
            self.thinking, self.made = False, 1
        self.thought += self.thinking
        return self.thinking and self.thought > self.most_thought(context_tokens)

    def stop_thinking(self) -> None:
        """The thought is over, whether the model wants it or not."""
        self.thinking, self.made = False, max(1, self.made)
        self.text.reset()
        self.say(THOUGHT_END)

    @property
    def held(self) -> llama_sequences.Sequence:
        """The sequence of a generation that is running."""
        if self.sequence is None:
            raise EngineError("A reply lost its place in the cache.")
        return self.sequence
