"""The list of behaviours is complete, and the tests that it names are there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import msgspec
import pytest

from tests.behaviours import BEHAVIOURS, TABLE, Behaviour
from tests.voice import test_turn_table as table
from thunderbox.api.agent_fields import AgentWrite
from thunderbox.products import PRODUCTS

TESTS = Path(__file__).parents[1]
NO_BEHAVIOUR = {
    "name",
    "voice",
    "widget_enabled",
    "additional_languages",
    "if_updated_at",
    "updated_at",
}
"""Fields of an agent that change what is said or kept, but not how a call goes."""


@cache
def _tests_in(file: Path) -> dict[str, bool]:
    """The tests of a file, and whether each is one with telephones."""
    source = file.read_text(encoding="utf-8")
    real = "pytestmark = pytest.mark.e2e" in source
    return {
        node.name: real
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _find(name: str) -> bool | None:
    """Whether a named test is one with telephones; None where it is not there."""
    file, _, test = name.partition("::")
    room, _, module = file.rpartition("/")
    path = TESTS / room / f"test_{module}.py"
    return _tests_in(path).get(f"test_{test}") if path.exists() else None


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda one: one.what)
def test_every_behaviour_has_a_test_of_its_rule_and_one_over_sip(behaviour: Behaviour) -> None:
    if behaviour.rule.startswith(TABLE):
        assert behaviour.rule.removeprefix(TABLE) in table.TABLE
    else:
        assert _find(behaviour.rule) is False, behaviour.rule
    assert _find(behaviour.call) is True, behaviour.call


def test_every_field_of_an_agent_that_changes_a_call_is_in_the_list() -> None:
    shown = {field for behaviour in BEHAVIOURS for field in behaviour.fields}
    fields = {field.name for field in msgspec.structs.fields(AgentWrite)}
    assert fields - shown == NO_BEHAVIOUR
    assert shown <= fields


def test_every_product_is_called_over_sip() -> None:
    tiers = (TESTS / "e2e" / "test_tiers.py").read_text(encoding="utf-8")
    assert [product for product in PRODUCTS if f'("{product}", ' not in tiers] == []
