"""Every operation of the client that is in scope has an address.

test_running_box.py drives every operation that is offered.
"""

from __future__ import annotations

import re

import pytest
from litestar import Litestar

from tests.sdk.scope import GROUPS, IN_SCOPE, OFFERED, address


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


def test_no_operation_is_named_twice():
    assert len(GROUPS) == sum(len(names.split()) for names in IN_SCOPE.values())
