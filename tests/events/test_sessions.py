"""Who hears of sessions in web pages: endpoints, the single webhook, and that of a key."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.events.conftest import Office
from thunderbox.events import outbox
from thunderbox.outgoing import signing
from thunderbox.store import (
    calls,
    issue_reports,
    organization_webhooks,
    organizations,
    publishable_keys,
    webhook_deliveries,
)
from thunderbox.store.issue_reports import NewIssueReport
from thunderbox.store.publishable_keys import NewPublishableKey, PublishableKey
from thunderbox.store.turns import NewTurn

LEGACY = "https://legacy.example/all"
OWN = "https://shop.example/visitors"


async def _key(office: Office, **changes: Any) -> PublishableKey:
    values = {"mode": "webhook", "webhook_url": OWN, "allowed_domains": ["shop.example"]}
    async with office.db.transaction() as tx:
        await organization_webhooks.put(tx, office.org_id, LEGACY)
        new = NewPublishableKey(**values | changes)
        return await publishable_keys.insert(tx, office.org_id, new)


async def _session(office: Office, key: PublishableKey | None, **fields: Any) -> int:
    return await office.call(
        direction="mic" if key is None else "widget",
        publishable_key_id=None if key is None else key.id,
        from_number="",
        to_number="web",
        **fields,
    )


async def _begin(office: Office, call_id: int) -> None:
    async with office.db.transaction() as tx:
        await outbox.session_began(tx, call_id)


async def _end(office: Office, call_id: int) -> None:
    async with office.db.transaction() as tx:
        await calls.finish(
            tx,
            call_id,
            status="completed",
            end_reason="caller_hangup",
            sip_status=None,
            ended_at=1_777_000_032_400,
        )
        await outbox.call_ended(tx, call_id)


async def _told(office: Office) -> set[tuple[str, str]]:
    """The receivers, without their ids, and what they know the event as."""
    found = await office.log()
    return {(delivery.receiver.partition(":")[0], delivery.event_type) for delivery in found}


async def test_who_opens_a_session_is_told_without_being_asked(office: Office):
    endpoint = await office.endpoint(events=["web.incoming"])
    async with office.db.transaction() as tx:
        await organization_webhooks.put(tx, office.org_id, LEGACY)
    call_id = await _session(office, None, variables={"name": "Jane"})
    await _begin(office, call_id)
    assert await _told(office) == {(endpoint.id, "web.incoming"), ("legacy", "call.incoming")}
    event_id = (await office.log())[0].event_id
    assert json.loads(await webhook_deliveries.data_of(office.db, event_id)) == {
        "call_id": call_id,
        "from_number": "web",
        "to_number": "web",
        "direction": "mic",
        "publishable_key_id": None,
        "variables": {"name": "Jane"},
    }


async def test_a_keys_own_webhook_takes_the_place_of_the_single_one(office: Office):
    endpoint = await office.endpoint(events=["web.complete"])
    await _end(office, await _session(office, await _key(office)))
    assert await _told(office) == {(endpoint.id, "web.complete"), ("key", "call.complete")}


async def test_a_keys_own_webhook_was_asked_and_is_not_told_of_the_beginning(office: Office):
    endpoint = await office.endpoint(events=["web.incoming"])
    await _begin(office, await _session(office, await _key(office)))
    assert await _told(office) == {(endpoint.id, "web.incoming")}


@pytest.mark.parametrize(
    "changes", [{"mode": "agent"}, {"mode": "agent", "webhook_url": None}], ids=str
)
async def test_a_key_with_an_agent_leaves_it_to_the_single_webhook(
    office: Office, changes: dict[str, Any]
):
    await _end(office, await _session(office, await _key(office, **changes)))
    assert await _told(office) == {("legacy", "call.complete")}


async def test_a_key_that_has_moved_hears_nothing_of_the_old_organization(office: Office):
    key = await _key(office)
    call_id = await _session(office, key)
    async with office.db.transaction() as tx:
        other = await organizations.insert(tx, "Other")
        await publishable_keys.move(tx, key.id, other.id, "moved")
    await _end(office, call_id)
    assert await _told(office) == {("legacy", "call.complete")}


async def test_turns_and_issues_of_a_session(office: Office):
    endpoint = await office.endpoint(events=["web.turn", "issue.reported"])
    call_id = await _session(office, await _key(office))
    turn = NewTurn(role="user", content="Hi", start_ms=100, end_ms=900)
    async with office.db.transaction() as tx:
        await outbox.turn_ended(tx, call_id, 1, turn)
    assert await _told(office) == {(endpoint.id, "web.turn")}
    async with office.db.transaction() as tx:
        call = await calls.by_id(tx, call_id)
        assert call is not None
        new = NewIssueReport(title="Wrong price")
        await outbox.reported(tx, await issue_reports.insert(tx, call, new))
    assert ("key", "issue.reported") in await _told(office)


async def test_a_keys_webhook_is_signed_with_its_own_secret(office: Office):
    key = await _key(office)
    await _end(office, await _session(office, key))
    await office.until(lambda found: found[0].status == "delivered")
    (sent,) = office.receivers.to(OWN)
    assert sent.headers[signing.V1] == _hex(key.webhook_secret, sent.body)


def _hex(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def test_what_waits_for_a_keys_webhook_goes_to_its_new_url(office: Office):
    key = await _key(office)
    office.receivers.replies[OWN] = 500
    await _end(office, await _session(office, key))
    await office.tried(1)
    new = NewPublishableKey(mode="webhook", webhook_url=f"{OWN}/2", allowed_domains=["a.example"])
    async with office.db.transaction() as tx:
        await publishable_keys.update(tx, key.id, new)
    office.clock.ms += 60_000
    office.courier.wake([f"key:{key.id}"])
    await office.until(lambda found: found[0].status == "delivered")
    assert len(office.receivers.to(f"{OWN}/2")) == 1
