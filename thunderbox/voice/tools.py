"""Tools: what an agent can do besides talking, and the tools that every call brings with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from thunderbox.voice.engine import Tool

END_CALL = "end_call"
SEND_DIGITS = "send_digits"
TRANSFER_CALL = "transfer_call"
HEARD_FIRST = frozenset({SEND_DIGITS, TRANSFER_CALL})
"""Tools that run only once the words before them were heard: they change the line itself."""
END_CALL_TOOL: Tool = {
    "type": "function",
    "function": {
        "name": END_CALL,
        "description": "Hang up. Use it after saying goodbye.",
        "parameters": {"type": "object", "properties": {}},
    },
}
SEND_DIGITS_TOOL: Tool = {
    "type": "function",
    "function": {
        "name": SEND_DIGITS,
        "description": "Press keys on the telephone, as a menu asks for.",
        "parameters": {
            "type": "object",
            "properties": {"digits": {"type": "string", "description": "Keys: 0-9, * and #"}},
            "required": ["digits"],
        },
    },
}


class Tools(Protocol):
    """Runs an agent's tools; `calls` implements it for those that are requests."""

    schemas: Sequence[Tool]

    async def run(self, call_id: str, name: str, arguments: dict[str, Any]) -> str:
        """Carry out one call and return what the model reads: JSON, a text, or an error object.

        Never raises for what the tool does wrong; it is bounded in time.
        """


def transfer_tool(destinations: Sequence[str]) -> Tool:
    """The tool that hands the caller on to one of these."""
    return {
        "type": "function",
        "function": {
            "name": TRANSFER_CALL,
            "description": "Put the caller through. Say so first.",
            "parameters": {
                "type": "object",
                "properties": {"destination": {"type": "string", "enum": list(destinations)}},
                "required": ["destination"],
            },
        },
    }


def name_of(tool: Tool) -> str:
    """A tool's name."""
    return str(tool["function"]["name"])
