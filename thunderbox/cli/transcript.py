"""Calls as text: the transcript and the facts around it."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

STYLES = {"user": "cyan", "assistant": "green", "tool_call": "yellow", "tool_response": "yellow"}
NAMES = {"user": "caller", "assistant": "agent", "tool_call": "tool", "tool_response": "result"}


def at(ms: int | None) -> str:
    """A moment of a call, as minutes and seconds."""
    seconds = (ms or 0) / 1000
    return f"{int(seconds // 60):02d}:{seconds % 60:04.1f}"


def entry(row: dict[str, Any]) -> Text:
    """One entry of a transcript as a line."""
    role = str(row.get("role"))
    content = row.get("content")
    words = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    line = Text(f"{at(row.get('start_ms'))}  ", style="dim")
    line.append(f"{NAMES.get(role, role):<7} ", style=f"bold {STYLES.get(role, '')}".strip())
    line.append(words, style="" if role in ("user", "assistant") else "dim")
    return line


def summary(call: dict[str, Any]) -> str:
    """One sentence on who called whom, when, for how long, and how it ended."""
    seconds = call.get("duration_seconds")
    length = "still going on" if call.get("end_time") is None else f"{seconds or 0} s"
    ending = call.get("end_reason")
    # The visitor of a web page calls no number.
    parties = " to ".join(filter(None, (call.get("from_number"), call.get("to_number"))))
    status = str(call.get("status")).replace("_", " ")
    return (
        f"Call {call['call_id']}: {call.get('direction')}, {parties}, {call.get('start_time')}, "
        f"{length}, {status}" + (f" ({ending})." if ending else ".")
    )


def show(console: Console, call: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Print a call with its transcript."""
    console.print(summary(call), style="bold", markup=False, soft_wrap=True)
    for row in rows:
        console.print(entry(row), soft_wrap=True)
    if not rows:
        console.print("Nothing was said.", style="dim")
