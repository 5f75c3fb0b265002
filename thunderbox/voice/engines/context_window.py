"""What of a conversation a language model still reads when it has grown too long.

The agent's prompt always stays; the oldest turns go. More goes than must, and the same part
again on the next turn, so that the beginning stays the same and is not evaluated anew each time.
What is left is read before it is needed, while the agent speaks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from thunderbox.errors import EngineError
from thunderbox.voice.engine import Message

Read = Callable[[Sequence[Message]], list[int]]
"""Tokens of a conversation, the start of the reply included."""

_AHEAD = 6
"""A conversation that has only this part of its room left is shortened before the next turn."""


def nearly_full(tokens: int, budget: int) -> bool:
    """Whether the next turn may be one too many for the budget."""
    return tokens > shorter(budget)


def shorter(budget: int) -> int:
    """Tokens that leave room for some turns."""
    return budget - budget // _AHEAD


def window(budget: int, followed: int | None, prompt: int) -> int:
    """Tokens that a conversation may have: no more than the model can follow, if that is known.

    A prompt that takes up most of those leaves room for some turns all the same.
    """
    return budget if followed is None else min(budget, max(followed, prompt + followed // 4))


def fit(
    messages: Sequence[Message], read: Read, budget: int, dropped: int = 0
) -> tuple[list[int], int]:
    """Tokens within the budget, and how many messages after the prompt were dropped.

    `dropped` is what the last turn of this conversation returned. Raises EngineError when the
    prompt alone is too long.
    """
    start = next((i for i, m in enumerate(messages) if m["role"] != "system"), len(messages))
    head, turns = list(messages[:start]), list(messages[start:])
    if dropped >= len(turns):
        dropped = 0
    tokens = read([*head, *turns[dropped:]])
    if len(tokens) <= budget:
        return tokens, dropped
    alone = len(read(head)) if head else 0
    if alone > budget:
        raise EngineError(
            f"The agent's prompt and tools are {alone} tokens long, but the language model can "
            f"read {budget}. Shorten the prompt or raise voice.context_tokens."
        )
    # A conversation may only start where somebody asks something: a tool's result without its
    # call, or an answer without its question, would confuse the model.
    starts = [i for i in range(dropped + 1, len(turns)) if turns[i]["role"] == "user"]
    roomy = alone + (budget - alone) // 2
    index = bisect_left(starts, True, key=lambda i: len(read([*head, *turns[i:]])) <= roomy)
    if index < len(starts):
        return read([*head, *turns[starts[index] :]]), starts[index]
    dropped = starts[-1] if starts else dropped
    return _shorten(head, turns[dropped:], read, budget), dropped


def _shorten(head: list[Message], turns: list[Message], read: Read, budget: int) -> list[int]:
    """Tokens of a last turn that is too long by itself: its longest texts lose their beginning."""
    while len(tokens := read([*head, *turns])) > budget:
        longest = max(range(len(turns)), key=lambda i: len(turns[i].get("content") or ""))
        text = turns[longest].get("content") or ""
        if len(text) < 2:
            raise EngineError("The last turn of this conversation is too long for the model.")
        turns[longest] = {**turns[longest], "content": text[-(len(text) // 2) :]}
    return tokens
