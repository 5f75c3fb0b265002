"""Which number a caller dialled."""

from __future__ import annotations

import pytest

from thunderbox.calls.routing import is_sip_uri, resolve

EXTENSIONS = {"100": "+15550100"}


@pytest.mark.parametrize(
    ("called", "number"),
    [
        ("100", "+15550100"),
        ("+15550100", "+15550100"),
        ("15550100", "+15550100"),
        ("0015550100", "+15550100"),
        ("+1 (555) 01-00", "+15550100"),
        ("101", None),
        ("reception", None),
        ("", None),
        ("+0123", None),
        ("+1234567890123456", None),
    ],
)
def test_dialled_digits_become_a_number(called: str, number: str | None) -> None:
    assert resolve(called, EXTENSIONS) == number


@pytest.mark.parametrize(
    ("destination", "expected"),
    [("sip:200@127.0.0.1", True), ("sips:a@b", True), ("+15550100", False), ("", False)],
)
def test_a_sip_uri_is_told_from_a_number(destination: str, expected: bool) -> None:
    assert is_sip_uri(destination) is expected
