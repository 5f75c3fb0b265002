"""Utterance: which sound of a turn still needs words.

A turn is recognised at every pause, and each time from its beginning, as the whole of a sentence
is heard better than its parts. What would not fit into one window of the recognizer any more
begins after an earlier pause instead, and keeps the words found there.
"""

from __future__ import annotations

from thunderbox.voice.leg import SAMPLE_RATE

WINDOW = 8 * SAMPLE_RATE * 2
"""Bytes that every recognizer hears at once: the window of the starter model."""


class Utterance:
    """The words of one turn as far as they are known; positions are bytes from its beginning."""

    def __init__(self) -> None:
        self._start = 0
        self._words = ""
        self._pause = 0
        self._words_at_pause = ""

    def begin(self, length: int) -> int:
        """Where recognition of a turn that is now so long has to begin."""
        if length - self._start > WINDOW and self._pause > self._start:
            self._start, self._words = self._pause, self._words_at_pause
        return self._start

    def paused(self, length: int, text: str) -> str:
        """The sound up to a pause at `length` was recognised from `begin` on; all of its words."""
        said = self.with_kept(text)
        # Where nothing was understood a word may have been cut: it is heard again.
        if text:
            self._pause, self._words_at_pause = length, said
        return said

    def with_kept(self, text: str) -> str:
        """Words found from `begin` on, after those that were kept."""
        return f"{self._words} {text}".strip() if text else self._words
