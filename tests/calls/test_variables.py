"""Placeholders of an agent and the values that a call brings."""

from __future__ import annotations

import pytest

from thunderbox.calls.variables import filled, unresolved


@pytest.mark.parametrize(
    ("text", "variables", "result"),
    [
        ("Call {{name}}.", {"name": "Jane"}, "Call Jane."),
        ("Call {{ name }} at {{at}}.", {"name": "Jane", "at": 5}, "Call Jane at 5."),
        ("{{a.b}} {{a.c.d}}", {"a": {"b": "x", "c": {"d": True}}}, "x true"),
        ("{{a.b}}", {"a.b": "whole", "a": {"b": "part"}}, "whole"),
        ("{{list}}", {"list": [1, "é"]}, '[1,"é"]'),
        ("Hi {{nobody}}!", {}, "Hi !"),
        ("Hi {{none}}!", {"none": None}, "Hi !"),
        ("{name} {{}} {{1}} {{ a b }}", {"name": "x"}, "{name} {{}} {{1}} {{ a b }}"),
        ("{{name}}", {"name": "{{other}}", "other": "x"}, "{{other}}"),
    ],
)
def test_placeholders_become_values(text, variables, result):
    assert filled(text, variables) == result


def test_what_has_no_value_is_named_once_in_order():
    text = "{{b}} {{a}} {{b}} {{known}} {{empty}} {{x.y}}"
    assert unresolved(text, {"known": 0, "empty": ""}) == ["b", "a", "x.y"]
