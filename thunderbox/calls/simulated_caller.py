"""Simulated caller: the other side of a test call, a conversation like the agent's own.

A scenario is a text that says who calls and what for; the language model plays that. A scenario
whose every line begins with "- " is a list of what the caller says, word for word, one line for
each time that the agent has spoken.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from thunderbox.voice.engine import GREEDY, LanguageModel, Message, Sampling, Tool
from thunderbox.voice.history import Call
from thunderbox.voice.leg import Tick
from thunderbox.voice.tools import END_CALL

MAX_LINES = 12
"""What a caller says at most before it says goodbye."""
DEFAULT_LINES = ("Hello, what can you help me with?", "Thank you, goodbye.")
GOODBYE = "Thank you, goodbye."
HANG_UP = f'<tool_call>{{"name": "{END_CALL}", "arguments": {{}}}}</tool_call>'

_ROLE = (
    "You are a person on the telephone, talking with an agent. You are not the agent. "
    "Say one short sentence at a time, as a caller does. When you have what you called for, "
    "say goodbye and use the tool end_call.\n\nWho you are and why you are on the telephone:\n"
)


def lines_of(scenario: str) -> list[str]:
    """What the caller says word for word; empty for a scenario that the model plays."""
    given = [line.strip() for line in scenario.splitlines() if line.strip()]
    if not given:
        return list(DEFAULT_LINES)
    if all(line.startswith("- ") for line in given):
        return [line[2:].strip() for line in given][:MAX_LINES]
    return []


def prompt_of(scenario: str) -> str:
    """What the language model is told that plays the caller."""
    return _ROLE + scenario.strip()


class CallerModel:
    """The caller's mind: a list of lines, or a language model that may not talk for ever."""

    name = "simulated caller"

    def __init__(self, model: LanguageModel, lines: Sequence[str]) -> None:
        """With no `lines` the model decides what is said."""
        self._model = model
        self._lines = lines

    async def generate(
        self,
        conversation: str,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling = GREEDY,
    ) -> AsyncGenerator[str, None]:
        """What the caller says next; with its last words it hangs up."""
        said = sum(message["role"] == "assistant" for message in messages)
        if self._lines:
            yield self._lines[said] if said < len(self._lines) else GOODBYE
            if said >= len(self._lines) - 1:
                yield HANG_UP
            return
        if said >= MAX_LINES:
            yield GOODBYE + HANG_UP
            return
        text = ""
        async with aclosing(
            self._model.generate(conversation, messages, tools, sampling)
        ) as pieces:
            async for piece in pieces:
                text += piece
                yield piece
        if re.search(r"\b(good ?bye|bye)\b", text, re.IGNORECASE) and END_CALL not in text:
            yield HANG_UP

    async def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Read the beginning, where a model is to go on with it."""
        return 0 if self._lines else await self._model.warm(messages, tools)

    async def forget(self, conversation: str) -> None:
        """Free what the model keeps."""
        await self._model.forget(conversation)

    def close(self) -> None:
        """The model is the box's."""


class NoTools:
    """A caller has none; a voice.tools.Tools."""

    schemas: Sequence[Tool] = ()

    async def run(self, call_id: str, name: str, arguments: dict[str, Any]) -> str:
        """There is nothing to run."""
        return f'{{"error": "There is no tool {name}."}}'


class Unrecorded:
    """The agent's side keeps the record; a voice.journal.Journal that keeps none."""

    def sound(self, tick: Tick) -> None:
        """Not kept."""

    def caller_saying(self, text: str, at: int) -> None:
        """Not kept."""

    def caller_said(self, text: str, start: int, end: int) -> None:
        """Not kept."""

    def agent_said(
        self,
        text: str,
        start: int,
        end: int,
        *,
        interrupted: bool,
        unheard: str,
        latency_ms: int | None,
    ) -> None:
        """Not kept."""

    def tool_called(self, call: Call, at: int) -> None:
        """Not kept."""

    def tool_answered(self, call: Call, at: int) -> None:
        """Not kept."""

    def handed_on(self, target: str, *, reached: bool) -> None:
        """Not kept."""
