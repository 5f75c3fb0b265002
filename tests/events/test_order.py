"""The order of events of a call, where a try fails."""

from __future__ import annotations

import asyncio

from tests.events.conftest import Office, Reply, Sent, new_courier
from thunderbox.errors import OutgoingError
from thunderbox.events import outbox
from thunderbox.store.turns import NewTurn

A, B = "https://a.example/hook", "https://b.example/hook"
AGAIN_MS = 30_000


async def _say(office: Office, call_id: int, *words: str) -> None:
    """Events of a call, in one transaction."""
    async with office.db.transaction() as tx:
        for word in words:
            turn = NewTurn(role="user", content=word, start_ms=0, end_ms=0)
            await outbox.turn_ended(tx, call_id, 1, turn)


def _heard(office: Office, url: str = A, call_id: int | None = None) -> list[str]:
    """What a receiver was sent, of one call or of all."""
    return [
        sent.event["data"]["content"]
        for sent in office.receivers.to(url)
        if call_id in (None, sent.call_id)
    ]


def _refuses(*words: str) -> Reply:
    async def reply(sent: Sent) -> int:
        return 500 if sent.event["data"]["content"] in words else 200

    return reply


async def _delivered(office: Office, count: int) -> None:
    await office.until(lambda found: sum(one.status == "delivered" for one in found) == count)


async def test_what_happens_after_a_failure_waits_for_the_second_try(office: Office):
    endpoint = await office.endpoint(A, events=["telephony.turn"])
    office.receivers.replies[A] = _refuses("one")
    call_id = await office.call()
    await _say(office, call_id, "one", "two")
    await office.until(lambda found: max(one.attempt_count for one in found) == 1)
    await _say(office, call_id, "three")
    await asyncio.sleep(0.02)
    assert _heard(office) == ["one"]
    office.receivers.replies[A] = 200
    await office.later(AGAIN_MS, endpoint)
    await _delivered(office, 3)
    assert _heard(office) == ["one", "one", "two", "three"]


async def test_an_event_that_fails_twice_holds_up_the_others_no_longer(office: Office):
    endpoint = await office.endpoint(A, events=["telephony.turn"])
    office.receivers.replies[A] = _refuses("one")
    await _say(office, await office.call(), "one", "two", "three")
    await office.until(lambda found: max(one.attempt_count for one in found) == 1)
    await office.later(AGAIN_MS, endpoint)
    await _delivered(office, 2)
    assert _heard(office) == ["one", "one", "two", "three"]


async def test_other_calls_and_other_receivers_do_not_wait(office: Office):
    await office.endpoint(A, events=["telephony.turn"])
    await office.endpoint(B, events=["telephony.turn"])
    office.receivers.replies[A] = _refuses("one")
    first, second = await office.call(), await office.call()
    await _say(office, first, "one", *["more"] * 100)
    await _say(office, second, "other")
    await _delivered(office, 103)
    assert _heard(office, A, first) == ["one"]
    assert _heard(office, A, second) == ["other"]
    assert len(_heard(office, B)) == 102


async def test_a_call_with_much_to_say_holds_up_no_other(office: Office):
    held = asyncio.Event()
    await office.endpoint(A, events=["telephony.turn"])
    first, second = await office.call(), await office.call()

    async def slow(sent: Sent) -> int:
        if sent.call_id == first:
            await held.wait()
        return 200

    office.receivers.replies[A] = slow
    await _say(office, first, *["more"] * 150)
    await _say(office, second, "other")
    await _delivered(office, 1)
    assert _heard(office, A, second) == ["other"] and len(_heard(office, A, first)) == 1
    held.set()
    await _delivered(office, 151)


async def test_the_order_outlives_a_restart(office: Office):
    endpoint = await office.endpoint(A, events=["telephony.turn"])
    office.receivers.replies[A] = _refuses("one")
    call_id = await office.call()
    await _say(office, call_id, "one", "two")
    await office.until(lambda found: max(one.attempt_count for one in found) == 1)
    await office.courier.close()
    office.receivers.replies[A] = 200
    courier = new_courier(office.db, office.receivers, office.clock)
    await courier.start()
    try:
        await asyncio.sleep(0.02)
        assert _heard(office) == ["one"]
        office.clock.ms += AGAIN_MS
        courier.wake([endpoint.id])
        await _delivered(office, 2)
    finally:
        await courier.close()
    assert _heard(office) == ["one", "one", "two"]


async def test_where_the_second_try_comes_late_nothing_waits_for_it(office: Office):
    await office.courier.close()
    courier = new_courier(office.db, office.receivers, office.clock, first_wait_s=120)
    await courier.start()
    try:
        await office.endpoint(A, events=["telephony.turn"])
        office.receivers.replies[A] = _refuses("one")
        await _say(office, await office.call(), "one", "two")
        await _delivered(office, 1)
    finally:
        await courier.close()
    assert _heard(office) == ["one", "two"]


async def test_a_receiver_that_was_away_hears_each_call_in_order(office: Office):
    endpoint = await office.endpoint(A, events=["telephony.turn"])
    office.receivers.replies[A] = OutgoingError("It is down.", reason="connection")
    calls = [await office.call() for _ in range(5)]
    for word in ("one", "two", "three"):
        for call_id in calls:
            await _say(office, call_id, word)
    await office.until(lambda found: sum(one.attempt_count for one in found) == 5)
    office.receivers.replies[A] = 200
    await office.later(AGAIN_MS, endpoint)
    await _delivered(office, 15)
    for call_id in calls:
        assert _heard(office, A, call_id) == ["one", "one", "two", "three"]
