"""Which operations of the client are in scope: what is offered has an address, the rest has none.

test_running_box.py drives every operation that is offered.
"""

from __future__ import annotations

import re

import pytest
from litestar import Litestar

from tests.sdk.scope import GROUPS, NOT_OFFERED_YET, OFFERED, address


@pytest.fixture(scope="module")
def addresses(routes: Litestar) -> set[tuple[str, str]]:
    """Each method and path of the box; every parameter is `{}`."""
    return {
        (method, re.sub(r"{[^}]+}", "{}", route.path))
        for route in routes.routes
        for method in route.methods
    }


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_has_an_address(addresses: set[tuple[str, str]], name: str):
    assert address(name) in addresses


@pytest.mark.parametrize("name", sorted(NOT_OFFERED_YET))
def test_what_is_not_offered_has_none(addresses: set[tuple[str, str]], name: str):
    assert address(name) not in addresses, f"{name} is offered now: drive it in test_running_box.py"


def test_no_operation_is_named_twice():
    assert len(GROUPS) == len(OFFERED) + len(NOT_OFFERED_YET)
