"""Rubric: what a call is graded by, how a language model is asked, and what its answer means."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from thunderbox.store.grades import Result
from thunderbox.store.turns import NewTurn
from thunderbox.voice.engine import Message

CRITERIA = {
    "goal": (0.4, "the caller got what they called for"),
    "accuracy": (0.3, "what the agent said agrees with its instructions and its tools"),
    "conversation": (0.15, "the agent was brief, understood the caller and did not repeat itself"),
    "conduct": (0.15, "the agent was polite and did nothing that its instructions forbid"),
}
"""Each criterion with its weight; a model gives 0 to 10 points for it."""

MAX_ISSUES = 5
MAX_TITLE = 80
MAX_TEXT = 600
ANSWER_TOKENS = 600
CHARACTERS_A_TOKEN = 3
INSTRUCTIONS_SHARE = 0.3
"""So much of the room is for the agent's instructions, the rest for what was said."""
SCENARIO_SHARE = 0.2
"""So much of it is for what a simulated caller was told."""

_TASK = (
    "You judge telephone calls of an agent. Give 0 to 10 points for each of: {criteria}. "
    "call_outcome is success when the caller got what they called for, failure when they did "
    "not, unknown when it cannot be told. List what the agent did wrong under issues, with the "
    "number of the turn; an empty list when nothing was wrong. Answer in JSON."
)
_SPEAKERS = {"user": "Caller", "assistant": "Agent", "tool_call": "Tool", "tool_response": "Result"}

Points = Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


class Issue(Struct, kw_only=True):
    """Something that the agent did wrong."""

    title: str
    description: str
    severity: Literal["info", "warning", "critical"]
    turn: int


class Verdict(Struct, kw_only=True):
    """A model's whole answer; the fields are in the order in which it writes them."""

    summary: str
    outcome_reasoning: str
    call_outcome: Literal["success", "failure", "unknown"]
    goal: Points
    accuracy: Points
    conversation: Points
    conduct: Points
    issues: list[Issue]


def schema() -> str:
    """The JSON Schema of an answer, without references."""
    _, parts = msgspec.json.schema_components([Verdict])
    verdict = parts["Verdict"]
    verdict["properties"]["issues"] |= {"items": parts["Issue"], "maxItems": MAX_ISSUES}
    return msgspec.json.encode(verdict).decode()


SCHEMA = schema()


def question(
    instructions: str, turns: Sequence[NewTurn], context_tokens: int, scenario: str = ""
) -> list[Message]:
    """The messages that ask for a verdict, short enough for the model.

    `scenario` is what the caller of a test call was to do.
    """
    criteria = "; ".join(f"{name} ({meaning})" for name, (_, meaning) in CRITERIA.items())
    task = _TASK.format(criteria=criteria)
    room = max(600, (context_tokens - ANSWER_TOKENS) * CHARACTERS_A_TOKEN - len(task))
    about = instructions.strip()[: int(room * INSTRUCTIONS_SHARE)]
    lines = [
        f"[{index}] {_SPEAKERS[turn.role]}: {turn.content.strip()}"
        for index, turn in enumerate(turns)
    ]
    if scenario:
        about += f"\n\nThe caller is to:\n{scenario.strip()[: int(room * SCENARIO_SHARE)]}"
    said = "\n".join(_shortened(lines, room - len(about)))
    content = f"The agent's instructions:\n{about}\n\nThe call:\n{said}"
    return [{"role": "system", "content": task}, {"role": "user", "content": content}]


def verdict_of(text: str) -> Verdict:
    """A model's answer. Raises ValueError, with a sentence, for one that is none."""
    answer = re.sub(r"<think>.*?(</think>|$)", "", text, flags=re.DOTALL).strip()
    try:
        # Models break lines within texts, which strict JSON does not allow.
        return msgspec.convert(json.loads(answer, strict=False), Verdict)
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"The language model gave no whole verdict: {error}.") from error


def result_of(verdict: Verdict, turns: Sequence[NewTurn], model: str) -> Result:
    """A grade of a verdict; issues that name a turn that is not there name none."""
    points = {name: getattr(verdict, name) for name in CRITERIA}
    return Result(
        score=round(sum(CRITERIA[name][0] * points[name] for name in CRITERIA) / 10, 3),
        call_outcome=verdict.call_outcome,
        outcome_reasoning=_text(verdict.outcome_reasoning),
        summary=_text(verdict.summary),
        rubric_breakdown={
            name: {"points": points[name], "weight": weight, "meaning": meaning}
            for name, (weight, meaning) in CRITERIA.items()
        },
        detected_issues=[
            _detected(number, issue, turns)
            for number, issue in enumerate(verdict.issues[:MAX_ISSUES], 1)
        ],
        grader_model=model,
    )


def _detected(number: int, issue: Issue, turns: Sequence[NewTurn]) -> dict[str, Any]:
    turn = turns[issue.turn] if 0 <= issue.turn < len(turns) else None
    return {
        "id": f"issue-{number}",
        "title": _text(issue.title, MAX_TITLE) or "Issue",
        "description": _text(issue.description),
        "severity": issue.severity,
        "turn_index": None if turn is None else issue.turn,
        "start_ms": None if turn is None else turn.start_ms,
        "evidence": "" if turn is None else turn.content,
    }


def _text(text: str, most: int = MAX_TEXT) -> str:
    """A text on one line, not longer than it is of use."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _shortened(lines: list[str], room: int) -> list[str]:
    """The beginning and the end of what was said, as much as there is room for."""
    if sum(len(line) + 1 for line in lines) <= room:
        return lines
    head: list[str] = []
    tail: list[str] = []
    left, first, last = room, 0, len(lines) - 1
    while first <= last:
        # Two lines of the end for each of the beginning: how a call ends says more.
        early = len(tail) >= 2 * len(head) + 2
        line = lines[first] if early else lines[last]
        left -= len(line) + 1
        if left < 0:
            break
        if early:
            head.append(line)
            first += 1
        else:
            tail.append(line)
            last -= 1
    return [*head, "[…]", *reversed(tail)]
