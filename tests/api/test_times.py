"""Times."""

from __future__ import annotations

import pytest

from thunderbox.api import times

MS = 1_776_709_450_113  # 2026-04-20T18:24:10.113Z


def test_times_have_milliseconds_and_z():
    assert times.iso(MS) == "2026-04-20T18:24:10.113Z"
    assert times.iso(0) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-04-20T18:24:10.113Z", True),
        ("2026-04-20T18:24:10.113000+00:00", True),
        ("2026-04-20T20:24:10.113+02:00", True),
        ("2026-04-20T20:24:10.113 02:00", True),
        ("2026-04-20T18:24:10.113", True),
        ("2026-04-20T18:24:10.113001+00:00", False),
        ("2026-04-20T18:24:10.112Z", False),
        ("2026-04-20T18:24:10Z", False),
    ],
)
def test_instants_are_compared_however_they_are_written(text, same):
    assert times.is_instant_of(text, MS) is same


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("1970-01-02", 86_400_000, 2 * 86_400_000 - 1),
        ("1970-01-01T00:00:01Z", 1000, 1000),
        ("1970-01-01T00:00:00.0005Z", 1, 0),
        ("1969-12-31T23:59:59Z", -1000, -1000),
    ],
)
def test_bounds(text, lower, upper):
    assert (times.lower_bound(text), times.upper_bound(text)) == (lower, upper)
