"""Lists of words and phrases written as plain text."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """Words that stand between spaces."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """Phrases that stand between bars; a line break may follow a bar."""
    return tuple(part.lstrip("\n") for part in text.strip("\n").split("|"))


def lines(text: str) -> tuple[str, ...]:
    """Phrases that stand on lines of their own."""
    return tuple(line.strip() for line in text.strip().splitlines())
