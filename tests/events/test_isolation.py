"""Receivers do not wait for each other, however many of them are slow."""

from __future__ import annotations

import asyncio

import pytest

from tests.events.conftest import Office, Sent
from thunderbox.errors import OutgoingError
from thunderbox.events import courier, outbox

QUICK = "https://quick.example/hook"
DOWN = OutgoingError("It did not answer within 30 s.", reason="timeout")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for few at a time, so that few receivers take it all."""
    monkeypatch.setattr(courier, "QUICK_AT_ONCE", 4)
    monkeypatch.setattr(courier, "SLOW_AT_ONCE", 2)


async def _happen(office: Office) -> None:
    call_id = await office.call()
    async with office.db.transaction() as tx:
        await outbox.call_ended(tx, call_id)


async def test_many_that_hang_leave_room_for_those_that_answer(office: Office):
    urls = [f"https://hangs{number}.example/hook" for number in range(10)]
    endpoints = [await office.endpoint(url) for url in urls]
    office.receivers.replies |= dict.fromkeys(urls, DOWN)
    await _happen(office)
    await office.until(lambda found: all(one.attempt_count == 1 for one in found))
    held = asyncio.Event()

    async def hang(_: Sent) -> int:
        await held.wait()
        return 200

    office.receivers.replies |= dict.fromkeys(urls, hang)
    await office.later(30_000, *endpoints)
    async with asyncio.timeout(10):
        while office.receivers.open < 2:
            await asyncio.sleep(0.002)
    office.receivers.most_open = 0
    await office.endpoint(QUICK)
    await _happen(office)
    await office.until(
        lambda found: any(one.url == QUICK and one.status == "delivered" for one in found)
    )
    assert office.receivers.most_open == 3, "two of those that hang, and the quick one"
    held.set()
    await office.until(lambda found: all(one.status == "delivered" for one in found))
