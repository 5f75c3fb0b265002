"""What a tool takes: its own schema, which cannot lead elsewhere and cannot hang."""

from __future__ import annotations

import time
from typing import Any

import pytest

from thunderbox.calls.tool_arguments import Arguments
from thunderbox.errors import SchemaError

BOOKING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "enum": ["Monday", "Tuesday"]},
        "guests": {"type": "integer", "minimum": 1},
        "name": {"$ref": "#/$defs/name"},
    },
    "required": ["day"],
    "additionalProperties": False,
    "$defs": {"name": {"type": "string", "minLength": 1}},
}


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"day": "Monday"}, ""),
        ({"day": "Monday", "guests": 2, "name": "Ann"}, ""),
        ({}, '"day" is a required property.'),
        ({"day": "Sunday"}, 'day: "Sunday" is not one of "Monday" or "Tuesday".'),
        ({"day": "Monday", "guests": "two"}, 'guests: "two" is not of type "integer".'),
        ({"day": "Monday", "guests": 0}, "guests: 0 is less than the minimum of 1."),
        ({"day": "Monday", "name": ""}, 'name: "" is shorter than 1 character.'),
        (
            {"day": "Monday", "x": 1},
            "Additional properties are not allowed ('x' was unexpected).",
        ),
    ],
)
def test_what_is_wrong_is_named(arguments: dict[str, Any], wrong: str) -> None:
    assert Arguments(BOOKING).wrong(arguments) == wrong


def test_no_schema_takes_anything() -> None:
    assert Arguments({}).wrong({"a": [1, None, {"b": "c"}]}) == ""


def test_a_long_mistake_is_cut_and_many_are_not_all_named() -> None:
    schema = {"properties": {name: {"type": "integer"} for name in "abcdef"}}
    wrong = Arguments(schema).wrong(dict.fromkeys("abcdef", "x" * 5_000))
    assert len(wrong) < 1_000
    assert wrong.count("…") == 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "str"},
        {"properties": {"a": {"type": "text"}}},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"$ref": "http://127.0.0.1:1/schema.json"}}},
        {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"properties": {"a": {"$ref": "#/$defs/none"}}},
        {"$schema": "http://127.0.0.1:1/draft"},
        {"required": [1]},
    ],
)
def test_a_schema_that_cannot_be_used(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        Arguments(schema)


def test_a_pattern_may_look_ahead() -> None:
    known = Arguments({"properties": {"a": {"type": "string", "pattern": "^(?=.*[0-9]).+$"}}})
    assert known.wrong({"a": "room 7"}) == ""
    assert known.wrong({"a": "room"})


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(?!x)(a+)+$", r"^(a+)+\1$", r"^(a|a)*?\1b$"])
def test_a_pattern_cannot_hang(pattern: str) -> None:
    known = Arguments({"properties": {"a": {"type": "string", "pattern": pattern}}})
    begun = time.monotonic()
    assert known.wrong({"a": "a" * 2_000 + "!"})
    assert time.monotonic() - begun < 1.0
