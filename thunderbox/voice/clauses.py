"""Cuts a language model's stream into what can be spoken and what is to be done.

Fed with pieces of text, yields clauses as early as they can be spoken without sounding cut, and
tool calls in Hermes form (`<tool_call>{"name": …, "arguments": {…}}</tool_call>`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_THINK_OPEN, _THINK_CLOSE = "<think>", "</think>"
_SENTENCE = re.compile(r"(?<![A-Z])[.!?…]+[\"')\]]*\s+|\n+")
"""End of a sentence: its mark and the space behind it, unless it ends an initial ("J. Smith")."""
_COMMA = re.compile(r"[,;:–—]\s+|(?<=[^\W\d])[,;]$")  # noqa: RUF001 - dashes are what models write
"""A pause within a sentence; behind a letter the mark alone will do, behind a digit it may be part
of a number ("9,000")."""
_ABBREVIATION = re.compile(
    r"\b(?:mr|mrs|ms|dr|prof|st|mt|ave|apt|ste|bldg|no|vs|etc|approx|incl|e\.g|i\.e"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.\s+$",
    re.I,
)
_HALF_DAY = re.compile(r"\b[ap]\.m\.\s+$", re.I)
"""Ends a sentence only before a capital letter ("5 p.m. Anything else?")."""
FIRST_CLAUSE = 24
"""Characters from which the first clause may end at a comma: the sooner sound starts the better."""
LATER_CLAUSE = 80
"""Characters from which a later clause may end at a comma: longer ones sound better."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Words to speak."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to use; `arguments` is None when they are not a JSON object."""

    name: str
    arguments: dict[str, Any] | None


class ClauseStream:
    """One reply's stream."""

    def __init__(self) -> None:
        self._pending = ""
        self._spoken = 0

    def feed(self, piece: str) -> Iterator[Clause | ToolCall]:
        """Take the next piece of text; yield what is complete."""
        self._pending += piece
        yield from self._cut(final=False)

    def finish(self) -> Iterator[Clause | ToolCall]:
        """The stream has ended; yield what is left."""
        yield from self._cut(final=True)

    def _cut(self, final: bool) -> Iterator[Clause | ToolCall]:
        while self._pending:
            before, opened, after = self._split_at_tag()
            if not opened:
                yield from self._clauses(final)
                return
            if before.strip():
                yield from self._all_clauses(before)
            closing = _CLOSE if opened == _OPEN else _THINK_CLOSE
            body, closed, rest = after.partition(closing)
            if not closed and not final:
                self._pending = opened + after
                return
            self._pending = rest
            if opened == _OPEN:
                yield _parse_tool_call(body)

    def _split_at_tag(self) -> tuple[str, str, str]:
        """Text before the first tag, the tag, the rest; no tag: the last two are empty."""
        places = [(self._pending.find(tag), tag) for tag in (_OPEN, _THINK_OPEN)]
        found = sorted((place, tag) for place, tag in places if place >= 0)
        if not found:
            return self._pending, "", ""
        place, tag = found[0]
        return self._pending[:place], tag, self._pending[place + len(tag) :]

    def _clauses(self, final: bool) -> Iterator[Clause]:
        """Clauses of the pending text, which holds no whole tag."""
        if final:
            text, self._pending = self._pending, ""
            yield from self._all_clauses(text)
            return
        while (end := self._clause_end(self._pending)) is not None:
            text, self._pending = self._pending[:end], self._pending[end:]
            if text.strip():
                self._spoken += 1
                yield Clause(text.strip())

    def _all_clauses(self, text: str) -> Iterator[Clause]:
        while (end := self._clause_end(text)) is not None:
            head, text = text[:end], text[end:]
            if head.strip():
                self._spoken += 1
                yield Clause(head.strip())
        if text.strip():
            self._spoken += 1
            yield Clause(text.strip())

    def _clause_end(self, text: str) -> int | None:
        """Where the first clause of `text` ends; None while it may still go on."""
        if "<" in text:
            text = text[: text.index("<")]
        for match in _SENTENCE.finditer(text):
            head, rest = text[: match.end()], text[match.end() :]
            if not head.strip() or _ABBREVIATION.search(head):
                continue
            if _HALF_DAY.search(head) and not rest[:1].isupper():
                continue
            return match.end()
        least = LATER_CLAUSE if self._spoken else FIRST_CLAUSE
        for match in _COMMA.finditer(text):
            if match.start() >= least:
                return match.end()
        return None


def _parse_tool_call(body: str) -> ToolCall:
    """The call that a model wrote; a broken one keeps what name can be read."""
    try:
        call = msgspec.json.decode(body.strip())
        name, arguments = call["name"], call.get("arguments", {})
        if isinstance(arguments, str):
            arguments = msgspec.json.decode(arguments)
        return ToolCall(str(name), arguments if isinstance(arguments, dict) else None)
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        named = re.search(r'"name"\s*:\s*"([^"]+)"', body)
        return ToolCall(named[1] if named else "", None)
