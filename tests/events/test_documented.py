"""docs/webhooks.md names every event, as each way of delivery knows it, and its fields."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from thunderbox.events.catalogue import LEGACY_NAMES, PRODUCED, SUBSCRIPTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
EVENTS = PAGE.partition("\n## Events\n")[2].partition("\n## ")[0]
ROWS = dict(re.findall(r"^\| `([a-z._-]+)` \| ([^|]+) \|", EVENTS, re.MULTILINE))


@pytest.mark.parametrize("name", PRODUCED)
def test_every_event_has_a_row(name: str):
    assert name in ROWS
    if name in LEGACY_NAMES:
        assert f"`{LEGACY_NAMES[name]}`" in ROWS[name]


def test_no_event_has_a_row_that_is_not_sent():
    assert ROWS.keys() <= PRODUCED.keys()


def test_what_may_be_named_but_is_not_sent_is_said():
    _, _, rest = PAGE.partition("Endpoints may also name")
    named = set(re.findall(r"`([a-z.-]+\.[a-z_]+)`", rest.partition("\n\n")[0]))
    assert named == set(SUBSCRIPTIONS) - PRODUCED.keys()
