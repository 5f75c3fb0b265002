"""One call while it is being written, and what it is when it is finished."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from lexicon import DIGITS
from owners import FactLexicon, Owner
from speech import Recogniser
from toolbox import Tool

Message = dict[str, Any]


@dataclass
class Dialogue:
    """A finished call; `kinds[i]` names what `messages[i]` proves, or is empty."""

    messages: list[Message]
    kinds: list[str]
    tools: list[Tool]


@dataclass
class Call:
    """The state of one call while it is being written."""

    rng: random.Random
    lex: FactLexicon
    owner: Owner
    tools: list[Tool]
    ears: Recogniser
    messages: list[Message] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    answer: str = ""
    over: bool = False

    def tool(self, family: str) -> Tool | None:
        """The listed tool of a family, if any."""
        return next((tool for tool in self.tools if tool.family == family), None)

    def add(self, role: str, content: str, kind: str = "") -> None:
        """Append a message that is only words."""
        self.messages.append({"role": role, "content": content})
        self.kinds.append(kind)

    def user(self, template: str, dress: bool = True, **values: str) -> None:
        """The caller says something."""
        self.add("user", self.ears.hear(template, values, dress))

    def say(self, text: str, kind: str) -> None:
        """The agent says something that can be repeated."""
        self.add("assistant", text, kind)
        self.answer = text

    def call_tools(self, calls: list[tuple[Tool, dict[str, str]]], text: str, kind: str) -> None:
        """The agent calls one or more tools, perhaps after some words."""
        self.messages.append(
            {
                "role": "assistant",
                "content": text,
                "tool_calls": [
                    {
                        "id": f"call_{len(self.messages)}_{i}",
                        "type": "function",
                        "function": {"name": tool.name, "arguments": json.dumps(arguments)},
                    }
                    for i, (tool, arguments) in enumerate(calls)
                ],
            }
        )
        self.kinds.append(kind)

    def heard(self, value: str) -> str:
        """A spoken value as it stands in the caller's message."""
        return self.ears.value(value)


def body(message: Message) -> str:
    """What an assistant message looks like after its header."""
    text = str(message["content"] or "")
    for call in message.get("tool_calls", ()):
        function = call["function"]
        text += f'<tool_call>{{"name": {json.dumps(function["name"])}, '
        text += f'"arguments": {function["arguments"]}}}</tool_call>'
    return text


def spoken_digits(call: Call) -> tuple[str, str]:
    """A number as the caller says it and as a tool wants it."""
    digits = call.lex.digits()
    if call.rng.random() < 0.2:
        return digits, digits
    return " ".join(DIGITS[int(d)] for d in digits), digits
