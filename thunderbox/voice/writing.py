"""Writing: messages that a caller types instead of speaking, made fit to be a turn. Pure."""

from __future__ import annotations

import unicodedata

MOST = 2_000
"""Characters of one turn: some two minutes if they were spoken. The rest is not read."""
EVERY_MS = 500
"""What is written within this after a message that was taken waits, and is one turn."""


class Writing:
    """The messages of one caller that wait to be taken."""

    def __init__(self) -> None:
        self._text = ""
        self._since = 0
        self._next_at = 0

    def add(self, text: str, at: int) -> None:
        """Take a message."""
        if not (text := tidy(text)):
            return
        if not self._text:
            self._since = at
        self._text = f"{self._text} {text}".strip()[:MOST].rstrip()

    def due(self, now: int) -> bool:
        """Whether there is something to be answered now."""
        return bool(self._text) and now >= self._next_at

    def take(self, now: int) -> tuple[str, int]:
        """What was written, and since when; forgets it."""
        text, self._text = self._text, ""
        self._next_at = now + EVERY_MS
        return text, self._since


def tidy(text: str) -> str:
    """The words of a message: on one line, without control characters, at most `MOST` long."""
    # Four times as much is looked at: what is taken out may be most of it.
    kept = (" " if mark.isspace() else mark for mark in text[: 4 * MOST] if _is_written(mark))
    return " ".join("".join(kept).split())[:MOST].rstrip()


def _is_written(mark: str) -> bool:
    """Whether a character is one that people write: no control, no half of a pair."""
    return mark.isspace() or unicodedata.category(mark) not in ("Cc", "Cs", "Co", "Cn")
