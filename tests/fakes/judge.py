"""A language model that can judge calls: by the words that were said in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from thunderbox.voice.engine import Message


def verdict(**changes: Any) -> str:
    """A verdict, as a model writes it."""
    whole = {
        "summary": "The caller asked for a price.",
        "outcome_reasoning": "They were told it.",
        "call_outcome": "success",
        "goal": 10,
        "accuracy": 10,
        "conversation": 8,
        "conduct": 8,
        "issues": [],
    }
    return json.dumps(whole | changes)


def judge(messages: Sequence[Message]) -> str:
    """A failure where the caller got no help, else a success."""
    said = messages[-1]["content"]
    return verdict(call_outcome="failure", goal=0) if "no help" in said else verdict()
