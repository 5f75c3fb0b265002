"""The table of operations is complete: it has every route, and the tests that it names exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from litestar import Litestar

from tests.api.operations import CONTRACT, NOT_OFFERED_YET, OWN

TESTS = Path(__file__).parents[1]
CONTRACT_OPERATIONS = 116
"""So many operations has the published API."""


def normal(operation: str) -> str:
    """An operation whatever its parameters are called."""
    return re.sub(r"{[^}]+}", "{}", operation)


@pytest.fixture(scope="module")
def offered(routes: Litestar) -> set[str]:
    """Each method and path of the application."""
    return {
        f"{method} {normal(route.path)}"
        for route in routes.routes
        if not route.path.startswith("/v1/openapi.json")
        for method in route.methods - {"OPTIONS", "HEAD"}
    }


def test_every_route_is_in_the_table(offered: set[str]):
    known = {normal(operation) for operation in {**CONTRACT, **OWN}}
    assert offered - known == set(), "add them to tests/api/operations.py, with the test of each"
    assert known - offered == set(), "the table names what no route answers"


def test_every_operation_of_the_contract_is_a_route_or_named_as_missing(offered: set[str]):
    missing = {normal(operation) for operation in NOT_OFFERED_YET}
    assert missing & offered == set(), "it is offered now: move it to CONTRACT"
    assert len(CONTRACT) + len(NOT_OFFERED_YET) == CONTRACT_OPERATIONS


@cache
def functions(file: Path) -> frozenset[str]:
    """The names of a module's tests."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in tree.body if isinstance(one, kinds))


@pytest.mark.parametrize("operation", [*CONTRACT, *OWN])
def test_its_test_exists(operation: str):
    file, _, name = {**CONTRACT, **OWN}[operation].partition("::")
    assert name.startswith("test_")
    assert (TESTS / file).is_file(), f"{operation}: there is no tests/{file}"
    assert name in functions(TESTS / file), f"{operation}: tests/{file} has no {name}"
