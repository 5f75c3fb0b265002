"""Which words of a caller are only "I am listening", and which sentences are not finished."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9']+(?:-[a-z0-9']+)*")
_BACKCHANNELS = frozenset(
    _WORD.findall(
        "mm mmm mhm mm-hm mm-hmm mhmm hm hmm uh-huh uhuh uh huh ah oh yeah yes yep okay ok right "
        "sure aha alright good great fine"
    )
)
_ANSWERS = frozenset(_WORD.findall("yeah yes yep okay ok right sure alright"))
_DANGLING = frozenset(
    _WORD.findall(
        "a an the and or but so because if when to for from with at on in of my your our his her "
        "their is are was it's i'm i you we um uh er like that which what how about"
    )
)


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return _WORD.findall(text.lower())


def is_backchannel(text: str) -> bool:
    """True when the caller only signals attention ("mm-hm", "yeah, okay")."""
    spoken = words(text)
    return len(spoken) <= 3 and all(word in _BACKCHANNELS for word in spoken)


def insists(text: str) -> bool:
    """True for words of a caller who wants to speak: two that are no backchannel."""
    return sum(word not in _BACKCHANNELS for word in words(text)) >= 2


def is_answer(text: str) -> bool:
    """True for a backchannel that can also answer a question ("yes", but not "mm-hm")."""
    return any(word in _ANSWERS for word in words(text))


def pause_factor(text: str) -> float:
    """How much longer than usual to wait before taking the turn after these words.

    1.0 after a finished sentence, more when it ends in the middle of something: punctuation is
    the recognizer's own judgement of that, a dangling word ("my number is") a sure sign.
    """
    spoken = words(text)
    if not spoken:
        return 1.0
    if spoken[-1] in _DANGLING and not text.rstrip().endswith("?"):
        return 3.0
    if text.rstrip().endswith((".", "?", "!")):
        return 1.0
    if text.rstrip().endswith(","):
        return 3.0
    return 1.6
