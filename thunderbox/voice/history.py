"""History: the conversation as the language model is told it.

It holds what was heard, not what was generated: a reply has its place from the moment it is
released, and its words are settled when it was played or cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from thunderbox.voice.engine import Message

CUT_MARK = "..."
"""Ends words of the agent that the caller cut off."""


@dataclass(slots=True)
class Call:
    """A tool call within the agent's words."""

    id: str
    name: str
    arguments: dict[str, Any]
    result: str | None = None


@dataclass(slots=True)
class Passage:
    """A stretch of the agent's words, up to its tool calls."""

    text: str = ""
    settled: bool = False
    filler: bool = False
    """Said by the box to bridge a wait: the caller hears it, the model is not told."""
    calls: list[Call] = field(default_factory=list)


NOTES = "Notes from a supervisor during this call. Follow them; the caller does not hear them:"
"""Stands behind the prompt: it is what every model takes as told by those it works for."""
MOST_NOTES = 4_000
"""Characters of notes that a model is told; the oldest go first."""


@dataclass(slots=True)
class Said:
    """Words of the caller."""

    text: str


class History:
    """One conversation's messages, in order."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self._entries: list[Passage | Said] = []
        self._notes: list[str] = []

    def caller_said(self, text: str) -> None:
        """Add the caller's words."""
        self._entries.append(Said(text))

    def note(self, text: str) -> None:
        """Add what a supervisor tells the agent."""
        self._notes.append(text)
        while sum(map(len, self._notes)) > MOST_NOTES and len(self._notes) > 1:
            del self._notes[0]

    def attach(self, passage: Passage) -> None:
        """Give words of the agent that will be spoken now their place."""
        self._entries.append(passage)

    def settle(self, passage: Passage, heard: str, interrupted: bool) -> None:
        """The passage's words were heard so far and no further."""
        passage.text = f"{heard} {CUT_MARK}" if interrupted and heard else heard
        passage.settled = True
        if not passage.text and not passage.calls and passage in self._entries:
            self._entries.remove(passage)

    def messages(self, unsaid: str | None = None) -> list[Message]:
        """Chat messages in OpenAI form; `unsaid` is a turn of the caller not yet committed."""
        messages: list[dict[str, Any]] = [{"role": "system", "content": self._told()}]
        entries = [*self._entries, *([Said(unsaid)] if unsaid is not None else [])]
        for entry in entries:
            if isinstance(entry, Said):
                # Two turns in a row are one to the model: chat templates want roles to alternate.
                if messages[-1]["role"] == "user":
                    messages[-1]["content"] += f" {entry.text}"
                else:
                    messages.append({"role": "user", "content": entry.text})
                continue
            messages += _passage_messages(entry)
        return list(messages)

    def _told(self) -> str:
        """What the agent is told by those it works for."""
        if not self._notes:
            return self.prompt
        return "\n".join([f"{self.prompt}\n\n{NOTES}", *(f"- {note}" for note in self._notes)])


def _passage_messages(passage: Passage) -> list[dict[str, Any]]:
    answered = [call for call in passage.calls if call.result is not None]
    if not passage.text and not answered:
        return []
    message: dict[str, Any] = {"role": "assistant", "content": passage.text}
    if answered:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in answered
        ]
    results = [
        {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": call.result}
        for call in answered
    ]
    return [message, *results]


def as_result(value: object) -> str:
    """A tool's answer as the text that the model reads."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
