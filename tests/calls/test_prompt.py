"""The date and the time that an agent is told."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from tests.calls.conftest import Box
from tests.calls.test_switchboard import answered, finish, invitation
from thunderbox.calls.prompt import is_timezone, machine_timezone, with_time
from thunderbox.calls.switchboard import Switchboard
from thunderbox.store import organizations
from thunderbox.voice.loopback import Loopback

AFTERNOON = datetime(2026, 11, 20, 14, 5, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "timezone", "line"),
    [
        (AFTERNOON, "UTC", "Today is Friday, November 20, 2026. It is 2:05 PM."),
        (AFTERNOON, "America/New_York", "Today is Friday, November 20, 2026. It is 9:05 AM."),
        (AFTERNOON, "Pacific/Auckland", "Today is Saturday, November 21, 2026. It is 3:05 AM."),
        (
            datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
            "UTC",
            "Today is Friday, January 1, 2027. It is 12:00 AM.",
        ),
        (
            datetime(2027, 1, 1, 12, 30, tzinfo=UTC),
            "UTC",
            "Today is Friday, January 1, 2027. It is 12:30 PM.",
        ),
    ],
)
def test_it_is_the_time_of_the_zone(now: datetime, timezone: str, line: str) -> None:
    told = with_time("Be brief.\n", int(now.timestamp() * 1000), timezone)
    assert told == f"Be brief.\n\n{line}"


def test_without_a_zone_it_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        told = with_time("Be brief.", int(AFTERNOON.timestamp() * 1000), "")
        assert told.endswith("It is 11:05 PM.")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/Berlin", True),
        ("UTC", True),
        ("", True),
        ("Berlin", False),
        ("Europe", False),
        ("../UTC", False),
        ("a\x00b", False),
    ],
)
def test_which_names_are_time_zones(name: str, known: bool) -> None:
    assert is_timezone(name) is known


def test_a_machine_with_an_odd_time_zone_has_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "nowhere")
    assert machine_timezone() == "UTC"
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert machine_timezone() == "Asia/Tokyo"


async def test_an_agent_is_told_the_time_where_its_organization_is(box: Box) -> None:
    async with box.db.transaction() as tx:
        await organizations.update(tx, 1, {"timezone": "Asia/Tokyo"})
    line = Loopback("t")
    ringing = asyncio.create_task(Switchboard(box.surroundings).ring(line.near, invitation("100")))
    await answered(line)
    await finish(line, ringing)
    told = with_time("", box.clock.now_ms(), "Asia/Tokyo").strip()
    assert box.asked[0][0]["content"].endswith(told)
