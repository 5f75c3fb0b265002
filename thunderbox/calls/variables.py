"""Variables: what a call brings for the `{{placeholders}}` of its agent.

A placeholder is `{{name}}`, or `{{name.part}}` for a value within an object. What the call has no
value for is left out: nobody should hear braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\}\}")


def filled(text: str, variables: Mapping[str, Any]) -> str:
    """The text with the values of its placeholders."""
    return PLACEHOLDER.sub(lambda found: _as_text(_value(found[1], variables)), text)


def unresolved(text: str, variables: Mapping[str, Any]) -> list[str]:
    """The placeholders of a text that have no value, each once, in order."""
    names = dict.fromkeys(PLACEHOLDER.findall(text))
    return [name for name in names if _value(name, variables) is None]


def _value(name: str, variables: Mapping[str, Any]) -> Any:
    """The value of a name, a whole key before its parts; None where there is none."""
    if name in variables:
        return variables[name]
    value: Any = variables
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
