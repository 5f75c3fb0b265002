"""Of the groups of operations that are named here, a test drives each through the client."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

GROUPS = (
    "authentication",
    "billing",
    "healthz",
    "integrations",
    "invites",
    "leave",
    "members",
    "orgs",
    "phone_number_labels",
    "phone_numbers",
    "publishable_key",
    "simulations",
    "test_call_batches",
    "test_calls",
    "webhook",
)
"""Groups of the client of which the box has every operation."""


def operations(group: str) -> list[str]:
    package = import_module(f"thunderphone.generated.api.{group}")
    return [found.name for found in pkgutil.iter_modules(package.__path__)]


@pytest.mark.parametrize(
    ("group", "operation"), [(group, name) for group in GROUPS for name in operations(group)]
)
def test_a_test_drives_it(group: str, operation: str):
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert f"({operation}" in text, f"no test calls {operation} of {group}"
