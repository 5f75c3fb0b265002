"""Messages that are typed: what is left of them, and when they are a turn."""

from __future__ import annotations

import pytest

from thunderbox.voice.writing import EVERY_MS, MOST, Writing, tidy


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Are you open?", "Are you open?"),
        ("  two\n\tlines \r\n", "two lines"),
        ("bell\x07 and\x00 null\x1b[2J", "bell and null[2J"),
        ("", ""),
        (" \n ", ""),
        ("\x00\x01", ""),
        ("half a pair \ud800.", "half a pair ."),
        ("Grüße, 你好 👩‍👧", "Grüße, 你好 👩‍👧"),
        ("x" * 9_000, "x" * MOST),
        ("\x00" * 8_000 + "x", ""),
    ],
)
def test_what_is_left_of_a_message(text: str, left: str) -> None:
    assert tidy(text) == left


def test_the_first_message_does_not_wait_and_the_next_ones_are_joined() -> None:
    writing = Writing()
    writing.add("One.", 1000)
    assert writing.due(1000)
    assert writing.take(1000) == ("One.", 1000)
    writing.add("Two.", 1100)
    writing.add("Three.", 1200)
    assert not writing.due(1000 + EVERY_MS - 20)
    assert writing.due(1000 + EVERY_MS)
    assert writing.take(1000 + EVERY_MS) == ("Two. Three.", 1100)
    assert not writing.due(10_000)


def test_however_much_is_written_a_turn_is_bounded() -> None:
    writing = Writing()
    for _ in range(100):
        writing.add("word " * 100, 0)
    text, _ = writing.take(0)
    assert len(text) <= MOST
    assert text.endswith("word")
