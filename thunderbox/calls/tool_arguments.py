"""Tool arguments: whether what a model wants to give to a tool is what the tool takes.

The schema is the tool's own. It can refer to nothing outside itself, and its patterns are given
up after a number of steps, so that nobody's schema holds up the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import jsonschema_rs
import msgspec

from thunderbox.errors import SchemaError

MAX_WRONG = 3
"""Mistakes that are named at once."""
MAX_TEXT = 300
"""Characters of what is said about one."""
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000)


class Arguments:
    """What a function takes."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """`parameters` is its JSON schema. Raises SchemaError."""
        try:
            # Round it off to plain JSON: the validator takes nothing else.
            plain = msgspec.json.decode(msgspec.json.encode(parameters))
            self._validator = jsonschema_rs.validator_for(
                plain, offline=True, pattern_options=_PATTERNS
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            raise SchemaError(_cut(getattr(error, "message", "") or str(error))) from None
        except (ValueError, TypeError, RecursionError) as error:
            raise SchemaError(_cut(str(error))) from None

    def wrong(self, arguments: Mapping[str, Any]) -> str:
        """What is wrong with these, in a sentence or some; empty: nothing."""
        errors = islice(self._validator.iter_errors(arguments), MAX_WRONG)
        return " ".join(_sentence(error) for error in errors)


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    where = ".".join(str(step) for step in error.instance_path)
    said = _cut(error.message)
    return f"{where}: {said}." if where else f"{said}."


def _cut(text: str) -> str:
    text = text.strip().rstrip(".")
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
