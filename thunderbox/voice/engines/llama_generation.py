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
    made: int = 0
    sampler: Any = None
    text: Any = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"))

    @property
    def held(self) -> llama_sequences.Sequence:
        """The sequence of a generation that is running."""
        if self.sequence is None:
            raise EngineError("A reply lost its place in the cache.")
        return self.sequence
