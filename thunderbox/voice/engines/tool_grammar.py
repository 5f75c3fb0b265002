"""Tool grammar: holds a model's tool calls to the tools that are listed and to their parameters.

A small model spells the name of a tool wrong, or invents a parameter; a call written under a
grammar cannot. Written in GBNF, the grammar notation of llama.cpp.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from llama_cpp.llama_grammar import json_schema_to_gbnf

from thunderbox.voice.engine import Tool

OPENED = "<tool_call>"
"""The marker that a call begins with; only a model for which it is one token is held to this."""

_CLOSED = "</tool_call>"
_FRAME = f"""
root ::= tool-call (gap tool-call)* gap
tool-call ::= "{OPENED}" gap root-call gap "{_CLOSED}"
gap ::= [ \\n]? [ \\n]?
"""
_ANY_CHARACTER = r'[^"\\]'
_PRINTED_CHARACTER = r'[^"\\\x00-\x1f]'


def tool_grammar(tools: Sequence[Tool]) -> str:
    """The grammar of a message's tool calls from the first marker on; empty without tools."""
    functions = [tool["function"] for tool in tools]
    return _written(json.dumps(functions)) if functions else ""


@lru_cache(maxsize=64)
def _written(functions: str) -> str:
    """The grammar; cached, as each turn of a call asks for the same one."""
    calls = [_call(function) for function in json.loads(functions)]
    rules: str = json_schema_to_gbnf(json.dumps({"oneOf": calls}))
    # The converter lets a text hold line breaks, which JSON does not.
    rules = rules.replace(_ANY_CHARACTER, _PRINTED_CHARACTER)
    return rules.replace("root ::=", "root-call ::=") + _FRAME


def _call(function: dict[str, Any]) -> dict[str, Any]:
    """The schema of a call to one tool; arguments that have no grammar may be any object."""
    parameters = function.get("parameters") or {}
    if not parameters.get("properties"):
        # An object without properties would be any object at all.
        parameters = {"type": "object", "properties": {}}
    parts: dict[str, Any] = {"name": {"const": function["name"]}, "arguments": parameters}
    schema = {"type": "object", "properties": parts, "required": ["name", "arguments"]}
    try:
        json_schema_to_gbnf(json.dumps(schema))
    except Exception:  # the converter raises whatever it stumbles over
        parts["arguments"] = {"type": "object"}
    return schema
