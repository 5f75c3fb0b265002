"""ChatStream: reads the chunks of OpenAI's streamed chat completion as text.

Tool calls, which come in pieces beside the words, are written into the text in Hermes form, as
local models write them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.voice.engines.server_events import ServerEvents

_DONE = "[DONE]"
_MOST_CALLS = 16


class _FunctionDelta(Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _CallDelta(Struct):
    index: int | None = None
    function: _FunctionDelta | None = None


class _Delta(Struct):
    content: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(Struct):
    choices: list[_Choice] = []
    error: Any = None


_DECODER = msgspec.json.Decoder(_Chunk)


@dataclass(slots=True)
class _Call:
    """A tool call whose arguments are still coming."""

    key: int
    name: str = ""
    arguments: str = ""


class ChatStream:
    """One reply."""

    def __init__(self) -> None:
        self._events = ServerEvents()
        self._calls: list[_Call] = []
        self._finished = False
        self.done = False
        """The server has said that nothing more comes."""

    def feed(self, chunk: bytes) -> list[str]:
        """Text that the bytes complete; an empty one says that a tool call grows.

        Raises ValueError or msgspec.MsgspecError for what is no chat completion.
        """
        pieces: list[str] = []
        for data in self._events.feed(chunk):
            if data == _DONE:
                self.done = True
                break
            pieces += self._read(_DECODER.decode(data))
        return pieces

    def finish(self) -> str:
        """The tool calls, once the stream has ended. Raises ValueError when it broke off."""
        if not (self.done or self._finished):
            raise ValueError("it ended in the middle")
        return "".join(map(_hermes, self._calls))

    def _read(self, chunk: _Chunk) -> list[str]:
        if chunk.error is not None:
            raise ValueError("an error in the middle of it")
        pieces: list[str] = []
        for choice in chunk.choices[:1]:
            self._finished = self._finished or choice.finish_reason is not None
            delta = choice.delta or _Delta()
            if delta.content:
                pieces.append(delta.content)
            for part in delta.tool_calls or ():
                self._grow(part)
                pieces.append("")
        return pieces

    def _grow(self, part: _CallDelta) -> None:
        """Add a piece to the call that it belongs to."""
        function = part.function or _FunctionDelta()
        key = part.index
        if key is None:  # some servers send whole calls and do not number them
            key = len(self._calls) - (0 if function.name else 1)
        call = next((call for call in self._calls if call.key == key), None)
        if call is None:
            if len(self._calls) >= _MOST_CALLS:
                raise ValueError(f"more than {_MOST_CALLS} tool calls")
            call = _Call(key)
            self._calls.append(call)
        call.name = function.name or call.name
        given = function.arguments
        call.arguments += json.dumps(given) if isinstance(given, dict) else given or ""


def _hermes(call: _Call) -> str:
    """A call as text; arguments that are no object become null, which the thinker sends back."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        arguments = None
    body = json.dumps({"name": call.name, "arguments": arguments}, ensure_ascii=False)
    # A closing tag within an argument would end the call too early.
    return "<tool_call>" + body.replace("<", "\\u003c") + "</tool_call>"
