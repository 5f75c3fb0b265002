"""Sequences: what the key-value cache of the language model holds, and for which call.

Pure bookkeeping, without the library: `take` says which sequence a prompt gets, how much of
what it holds stays, and from which other sequence a longer beginning can be copied.
"""

from __future__ import annotations

from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field


@dataclass(slots=True)
class Sequence:
    """One sequence of the cache."""

    id: int
    tokens: list[int] = field(default_factory=list)
    """Exactly what the cache holds for it."""

    conversation: str | None = None
    prompt_tokens: int = 0
    """How many of the first tokens belong to the agent's prompt and may serve other calls."""

    busy: bool = False
    used: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with the cache before a prompt's remaining tokens are evaluated."""

    sequence: Sequence
    copy_from: int | None
    """Sequence id whose first `keep` tokens become this one's, after it was emptied."""

    keep: int
    """Tokens that need no evaluation."""


class Sequences:
    """All sequences; the least recently used one is given away first."""

    def __init__(self, count: int) -> None:
        self._all = [Sequence(number) for number in range(count)]
        self._clock = 0

    def any_idle(self) -> bool:
        """Whether another prompt can be taken."""
        return any(not sequence.busy for sequence in self._all)

    def take(self, conversation: str, prompt: Tokens[int]) -> Plan | None:
        """A sequence for this prompt, marked busy; None while all are busy.

        At least the last token of the prompt is left to evaluate, as its result is needed.
        """
        idle = [sequence for sequence in self._all if not sequence.busy]
        if not idle:
            return None
        target = min(
            idle,
            key=lambda sequence: (
                sequence.conversation != conversation,
                sequence.conversation is not None,
                bool(sequence.tokens),
                sequence.used,
            ),
        )
        most = len(prompt) - 1
        own = min(common(target.tokens, prompt), most)
        best = max(self._all, key=lambda sequence: common(sequence.tokens, prompt))
        other = min(common(best.tokens, prompt), most)
        copy = best is not target and other > own
        keep = other if copy else own
        self._clock += 1
        target.busy, target.used, target.conversation = True, self._clock, conversation
        del target.tokens[keep if not copy else 0 :]
        if copy:
            target.tokens.extend(prompt[:keep])
        return Plan(target, best.id if copy else None, keep)

    def release(self, sequence: Sequence) -> None:
        """Its generation is over; what it holds stays for the next one."""
        sequence.busy = False

    def forget(self, conversation: str) -> list[Sequence]:
        """Idle sequences of a call that is over, cut down to the agent's prompt."""
        over = [
            sequence
            for sequence in self._all
            if sequence.conversation == conversation and not sequence.busy
        ]
        for sequence in over:
            del sequence.tokens[sequence.prompt_tokens :]
            sequence.conversation = None
        return over

    def clear(self) -> None:
        """Nothing is held any more."""
        for sequence in self._all:
            sequence.tokens.clear()
            sequence.conversation = None
            sequence.prompt_tokens = 0
            sequence.busy = False


def common(held: Tokens[int], prompt: Tokens[int]) -> int:
    """Length of the longest common beginning."""
    low, high = 0, min(len(held), len(prompt))
    if held[:high] == prompt[:high]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        if held[:middle] == prompt[:middle]:
            low = middle
        else:
            high = middle
    return low
