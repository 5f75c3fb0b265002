"""How events reach their receivers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable

import pytest
from thunderphone.webhooks import verify_signature

from tests.events.conftest import Office, Sent, new_courier
from thunderbox.errors import OutgoingError
from thunderbox.events import outbox
from thunderbox.outgoing import signing
from thunderbox.store import (
    calls,
    organization_webhooks,
    webhook_deliveries,
    webhook_endpoints,
)
from thunderbox.store.turns import NewTurn

A, B = "https://a.example/hook?shop=1", "https://b.example/hook"
MINUTE, HOUR = 60_000, 3_600_000


async def _happen(office: Office, call_id: int | None = None, *, recorded: bool = False) -> int:
    """A call ends."""
    if call_id is None:
        call_id = await office.call()
    async with office.db.transaction() as tx:
        if recorded:
            await calls.set_recording(tx, call_id, "x.mp3", 0)
        await outbox.call_ended(tx, call_id)
    return call_id


def _verified(sent: Sent, secret: str, now_s: float) -> bool:
    return verify_signature(
        sent.headers[signing.V2],
        secret=secret,
        method="POST",
        path=sent.target,
        body=sent.body,
        now=now_s,
    )


def _v1(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def test_an_event_arrives_at_once_and_signed(office: Office):
    endpoint = await office.endpoint(A)
    call_id = await _happen(office)
    delivery = await office.tried(1)
    (sent,) = office.receivers.sent
    assert _verified(sent, endpoint.secret, office.clock.ms / 1000)
    assert not _verified(sent, "whsec_other", office.clock.ms / 1000)
    assert sent.headers[signing.V1] == _v1(endpoint.secret, sent.body)
    assert sent.headers["Content-Type"] == "application/json" and sent.seconds == 30
    assert (delivery.status, delivery.http_status, delivery.next_attempt_at) == (
        "delivered",
        200,
        None,
    )
    assert sent.event["type"] == "telephony.complete"
    assert sent.event["data"]["call_id"] == call_id
    assert sent.event["event_id"] == delivery.event_id


async def test_the_bytes_are_sorted_and_without_spaces(office: Office):
    await office.endpoint(A)
    call_id = await office.call(voice="Zoë", variables={"b": "ü", "a": 1.5})
    await _happen(office, call_id, recorded=True)
    await office.tried(1)
    (sent,) = office.receivers.sent
    again = json.dumps(sent.event, sort_keys=True, separators=(",", ":")).encode()
    assert sent.body == again


async def test_a_recording_is_a_link_that_works_when_it_is_sent(office: Office):
    await office.endpoint(A)
    call_id = await _happen(office, recorded=True)
    await office.tried(1)
    url = office.receivers.sent[0].event["data"]["recording_url"]
    assert url == f"https://box.example/v1/recordings/{call_id}.mp3?signature=x"


async def test_while_a_secret_is_rotated_both_sign(office: Office):
    endpoint = await office.endpoint(A)
    async with office.db.transaction() as tx:
        rotated = await webhook_endpoints.rotate(tx, endpoint.id, "whsec_new", HOUR)
    await _happen(office)
    await office.tried(1)
    (sent,) = office.receivers.sent
    for secret in (endpoint.secret, rotated.secret):
        assert _verified(sent, secret, office.clock.ms / 1000)
    assert sent.headers[signing.V1] == _v1(endpoint.secret, sent.body)
    office.clock.ms += 2 * HOUR
    await _happen(office)
    await office.until(lambda found: all(one.attempt_count for one in found))
    late = office.receivers.sent[-1]
    assert _verified(late, rotated.secret, office.clock.ms / 1000)
    assert not _verified(late, endpoint.secret, office.clock.ms / 1000)
    assert late.headers[signing.V1] == _v1(rotated.secret, late.body)


async def test_the_single_webhook_is_signed_with_its_own_secret(office: Office):
    async with office.db.transaction() as tx:
        single = await organization_webhooks.put(tx, office.org_id, B)
    await _happen(office)
    delivery = await office.tried(1)
    (sent,) = office.receivers.sent
    assert sent.event["type"] == "call.complete" and delivery.endpoint_id is None
    assert _verified(sent, single.secret, office.clock.ms / 1000)


async def test_what_fails_is_tried_again_with_a_fresh_signature(office: Office):
    endpoint = await office.endpoint(A)
    office.receivers.replies[A] = 503
    await _happen(office)
    failed = await office.tried(1)
    assert (failed.status, failed.http_status, failed.failure_category) == (
        "retrying",
        503,
        "http_error",
    )
    assert failed.error == "It answered with the status 503."
    assert failed.next_attempt_at == office.clock.ms + 30_000
    await office.later(29_999, endpoint)
    await asyncio.sleep(0.02)
    assert len(office.receivers.sent) == 1
    office.receivers.replies[A] = 204
    await office.later(1, endpoint)
    assert (await office.tried(2)).status == "delivered"
    first, second = office.receivers.sent
    assert first.body == second.body
    assert first.headers[signing.V2] != second.headers[signing.V2]
    tries = await webhook_deliveries.attempts(office.db, failed.id)
    assert [(one.number, one.http_status, one.failure_category) for one in tries] == [
        (1, 503, "http_error"),
        (2, 204, None),
    ]


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("timeout", "timeout"),
        ("dns", "dns"),
        ("tls", "tls"),
        ("connection", "connection"),
        ("not_allowed", "other"),
        ("answer", "other"),
    ],
)
async def test_the_log_says_why_nothing_arrived(office: Office, reason: str, category: str):
    await office.endpoint(A)
    office.receivers.replies[A] = OutgoingError("It is down.", reason=reason)  # type: ignore[arg-type]
    await _happen(office)
    failed = await office.tried(1)
    assert (failed.failure_category, failed.error) == (category, "It is down.")
    assert failed.http_status is None


async def test_what_nobody_thought_of_is_tried_again_too(office: Office):
    endpoint = await office.endpoint(A)

    async def broken(_: Sent) -> int:
        raise ZeroDivisionError

    office.receivers.replies[A] = broken
    await _happen(office)
    failed = await office.tried(1)
    assert (failed.status, failed.failure_category) == ("retrying", "other")
    assert failed.error == "The box could not send it; its log says why."
    office.receivers.replies[A] = 200
    await office.later(30_000, endpoint)
    assert (await office.tried(2)).status == "delivered"


async def test_a_redirect_is_a_failure(office: Office):
    await office.endpoint(A)
    office.receivers.replies[A] = 302
    await _happen(office)
    assert (await office.tried(1)).failure_category == "http_error"


async def test_after_a_day_it_is_given_up_and_the_endpoint_is_failing(office: Office):
    endpoint = await office.endpoint(A)
    office.receivers.replies[A] = 500
    await _happen(office)
    begun, tries = office.clock.ms, 1
    while (delivery := await office.tried(tries)).status == "retrying":
        stored = await webhook_endpoints.by_id(office.db, endpoint.id)
        assert stored is not None and stored.status == "active"
        assert delivery.next_attempt_at is not None
        await office.later(delivery.next_attempt_at - office.clock.ms, endpoint)
        tries += 1
    assert delivery.status == "failed" and office.clock.ms == begun + 24 * HOUR
    assert tries == 31
    stored = await webhook_endpoints.by_id(office.db, endpoint.id)
    assert stored is not None and stored.status == "failing"


async def test_a_failing_endpoint_still_gets_events_and_heals(office: Office):
    endpoint = await office.endpoint(A, status="failing")
    await _happen(office)
    assert (await office.tried(1)).status == "delivered"
    stored = await webhook_endpoints.by_id(office.db, endpoint.id)
    assert stored is not None and stored.status == "active"


async def test_a_disabled_endpoint_gets_nothing_until_it_is_active_again(office: Office):
    endpoint = await office.endpoint(A)
    office.receivers.replies[A] = 500
    await _happen(office)
    await office.tried(1)
    office.receivers.replies[A] = 200
    new = webhook_endpoints.NewWebhookEndpoint(label="x", url=A, status="disabled")
    async with office.db.transaction() as tx:
        stored = await webhook_endpoints.update(tx, endpoint, new)
    await office.later(HOUR, endpoint)
    await asyncio.sleep(0.02)
    assert len(office.receivers.sent) == 1
    new.status = "active"
    async with office.db.transaction() as tx:
        await webhook_endpoints.update(tx, stored, new)
    assert (await office.tried(2)).status == "delivered"


async def test_a_slow_receiver_delays_nobody_else(office: Office):
    held = asyncio.Event()

    async def slow(_: Sent) -> int:
        await held.wait()
        return 200

    await office.endpoint(A)
    await office.endpoint(B)
    office.receivers.replies[A] = slow
    for _ in range(20):
        await _happen(office)
    await office.until(
        lambda found: sum(one.url == B for one in found if one.status == "delivered") == 20
    )
    assert len(office.receivers.to(A)) == 4, "a few at a time"
    held.set()
    await office.until(lambda found: all(one.status == "delivered" for one in found))


async def test_a_receiver_that_is_down_is_asked_one_event_at_a_time(office: Office):
    endpoint = await office.endpoint(A)
    office.receivers.replies[A] = OutgoingError("It is down.", reason="timeout")
    for _ in range(3):
        await _happen(office)
    await office.until(lambda found: all(one.attempt_count == 1 for one in found))
    office.receivers.most_open = 0
    await office.later(MINUTE, endpoint)
    await office.until(lambda found: all(one.attempt_count == 2 for one in found))
    assert office.receivers.most_open == 1


async def test_a_receiver_that_takes_long_is_asked_one_event_at_a_time(office: Office):
    async def late(_: Sent) -> int:
        office.clock.ms += 5000
        return 200

    await office.endpoint(A)
    office.receivers.replies[A] = late
    await _happen(office)
    await office.tried(1)
    office.receivers.most_open = 0
    for _ in range(5):
        await _happen(office)
    await office.until(lambda found: all(one.status == "delivered" for one in found))
    assert office.receivers.most_open == 1


async def test_events_of_a_call_arrive_in_order(office: Office):
    await office.endpoint(A, events=["telephony.turn"])
    call_ids = [await office.call() for _ in range(3)]
    waits: list[Callable[[], Awaitable[None]]] = []

    async def uneven(_: Sent) -> int:
        waits.append(lambda: asyncio.sleep(0))
        for _ in range(len(waits) % 5):
            await waits[-1]()
        return 200

    office.receivers.replies[A] = uneven
    async with office.db.transaction() as tx:
        for at in range(10):
            for call_id in call_ids:
                turn = NewTurn(role="user", content=str(at), start_ms=at, end_ms=at)
                await outbox.turn_ended(tx, call_id, at + 1, turn)
    await office.until(lambda found: all(one.status == "delivered" for one in found))
    for call_id in call_ids:
        said = [
            sent.event["data"]["content"]
            for sent in office.receivers.sent
            if sent.call_id == call_id
        ]
        assert said == [str(at) for at in range(10)]


async def test_what_was_not_delivered_is_after_a_restart(office: Office):
    await office.endpoint(A)
    never = asyncio.Event()

    async def silent(_: Sent) -> int:
        await never.wait()
        return 200

    office.receivers.replies[A] = silent
    await _happen(office)
    async with asyncio.timeout(10):
        while not office.receivers.sent:
            await asyncio.sleep(0.002)
    await office.courier.close()
    assert (await office.one()).attempt_count == 0
    office.receivers.replies[A] = 200
    courier = new_courier(office.db, office.receivers, office.clock)
    await courier.start()
    try:
        assert (await office.tried(1)).status == "delivered"
    finally:
        await courier.close()
    first, second = office.receivers.sent
    assert first.event["event_id"] == second.event["event_id"]


async def test_a_delivery_is_made_again_when_somebody_asks(office: Office):
    await office.endpoint(A)
    await _happen(office)
    delivery = await office.tried(1)
    async with office.db.transaction() as tx:
        await webhook_deliveries.replay(tx, delivery.id, office.clock.ms)
    again = await office.tried(2)
    assert again.status == "delivered"
    first, second = office.receivers.sent
    assert first.body == second.body


async def test_what_failed_since_a_time_is_made_again(office: Office):
    endpoint = await office.endpoint(A)
    office.receivers.replies[A] = 500
    await _happen(office)
    await office.tried(1)
    office.clock.ms += 24 * HOUR
    office.courier.wake([endpoint.id])
    failed = await office.tried(2)
    assert failed.status == "failed"
    office.receivers.replies[A] = 200
    async with office.db.transaction() as tx:
        replay = webhook_deliveries.replay_failed
        late = failed.created_at + 1
        assert await replay(tx, office.org_id, late, None, office.clock.ms) == 0
        assert await replay(tx, office.org_id, 0, "other", office.clock.ms) == 0
        assert await replay(tx, office.org_id, 0, endpoint.id, office.clock.ms) == 1
    assert (await office.tried(3)).status == "delivered"


async def test_a_test_says_what_came_of_it(office: Office):
    endpoint = await office.endpoint(A)
    tested = await office.courier.send_test(endpoint)
    (sent,) = office.receivers.sent
    assert (tested.status, tested.attempt.http_status) == ("delivered", 200)
    assert sent.event == {
        "created_at": sent.event["created_at"],
        "data": {},
        "event_id": tested.event_id,
        "type": "webhook.test",
    }
    assert _verified(sent, endpoint.secret, office.clock.ms / 1000)


async def test_a_test_that_fails_is_repeated_once_and_changes_no_status(office: Office):
    endpoint = await office.endpoint(A)
    office.receivers.replies[A] = 500
    tested = await office.courier.send_test(endpoint, "call.graded")
    assert (tested.status, tested.event_type) == ("retrying", "call.graded")
    await office.later(MINUTE, endpoint)
    delivery = await office.tried(2)
    assert (delivery.status, delivery.event_type) == ("failed", "call.graded")
    stored = await webhook_endpoints.by_id(office.db, endpoint.id)
    assert stored is not None and stored.failing_since is None


async def test_what_is_too_old_is_forgotten(office: Office):
    await office.endpoint(A)
    await _happen(office)
    old = await office.tried(1)
    await office.courier.forget(3)
    assert await office.log() == [old]
    office.clock.ms += 3 * 24 * HOUR
    await office.courier.forget(3)
    assert await office.log() == []
    assert await webhook_deliveries.attempts(office.db, old.id) == []
    assert await office.db.fetch_all("SELECT 1 FROM webhook_events") == []
