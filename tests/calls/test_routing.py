"""Which number a caller dialled."""

from __future__ import annotations

import pytest

from tests.calls.conftest import Box
from thunderbox.calls.ports import Invitation
from thunderbox.calls.routing import find_line, is_sip_uri, resolve
from thunderbox.store import organizations, phone_numbers
from thunderbox.store.database import Database
from thunderbox.store.phone_numbers import NewPhoneNumber

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


async def voip(db: Database, number: str, connection: int, status: str = "active") -> int:
    """A number over a connection; its id."""
    organization = await organizations.first(db)
    async with db.transaction() as tx:
        new = NewPhoneNumber(
            number=number, source="voip", status=status, voip_connection_id=connection
        )
        return (await phone_numbers.insert(tx, organization.id, new)).id


def through(trunk: int | None, called: str, meant: str = "") -> Invitation:
    """A call that comes through a trunk."""
    return Invitation(called, "+14155550100", "192.0.2.1:5060", trunk, meant)


async def test_a_trunk_that_calls_us_by_our_user_name_means_the_number_of_its_to_header(
    box: Box,
) -> None:
    wanted = await voip(box.db, "+4930111", 5)
    await voip(box.db, "+4930222", 5)
    line = await find_line(box.db, through(5, "box", "+4930111"), {})
    assert line is not None
    assert line.id == wanted


async def test_a_connection_reaches_only_its_own_numbers(box: Box) -> None:
    await voip(box.db, "+4930111", 5)
    await voip(box.db, "+4930222", 6)
    await voip(box.db, "+4930333", 6)
    extensions = {"100": "+4930111"}
    assert await find_line(box.db, through(6, "+4930111"), extensions) is None
    assert await find_line(box.db, through(6, "100"), extensions) is None
    for trunk in (None, 0):
        line = await find_line(box.db, through(trunk, "+4930111"), extensions)
        assert line is not None


async def test_the_only_number_of_a_connection_is_meant_whatever_was_dialled(box: Box) -> None:
    only = await voip(box.db, "+4930111", 5)
    await voip(box.db, "+4930222", 5, "provisioning")
    line = await find_line(box.db, through(5, "box", "box"), {})
    assert line is not None
    assert line.id == only
    await voip(box.db, "+4930333", 5)
    assert await find_line(box.db, through(5, "box", "box"), {}) is None


async def test_a_call_that_came_straight_is_not_matched_by_its_to_header(box: Box) -> None:
    await voip(box.db, "+4930111", 5)
    assert await find_line(box.db, through(None, "box", "+4930111"), {}) is None
    assert await find_line(box.db, through(0, "box", "+4930111"), {}) is not None
