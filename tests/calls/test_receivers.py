"""Who is asked about a call, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.calls.conftest import Box
from thunderbox.calls import receivers
from thunderbox.store import (
    organization_webhooks,
    phone_numbers,
    publishable_keys,
    webhook_endpoints,
)
from thunderbox.store.phone_numbers import PhoneNumber
from thunderbox.store.publishable_keys import NewPublishableKey
from thunderbox.store.webhook_endpoints import NewWebhookEndpoint

NOW = 1_795_176_000_000
SINGLE = "https://single.example/hook"


async def line(box: Box, **changes: Any) -> PhoneNumber:
    """The box's number, changed."""
    async with box.db.transaction() as tx:
        found = await phone_numbers.get(tx, 1, 1)
        assert found is not None
        return await phone_numbers.update(tx, found, "", **changes)


async def endpoint(box: Box, label: str, *events: str, **values: Any) -> None:
    """Another endpoint, at https://<label>.example."""
    new = NewWebhookEndpoint(label=label, url=f"https://{label}.example", events=list(events))
    for name, value in values.items():
        setattr(new, name, value)
    async with box.db.transaction() as tx:
        await webhook_endpoints.insert(tx, 1, new, f"whsec_{label}")


async def single(box: Box) -> None:
    """The organization's single URL."""
    async with box.db.transaction() as tx:
        await organization_webhooks.put(tx, 1, SINGLE)


async def asked(box: Box, **changes: Any) -> list[tuple[str, str]]:
    """The URLs and the names of the event."""
    found = await receivers.of_number(box.db, await line(box, **changes), NOW)
    return [(receiver.url, receiver.event) for receiver in found]


async def test_nobody_is_asked_where_nobody_wants_to_know(box: Box) -> None:
    await endpoint(box, "crm", "telephony.complete")
    async with box.db.transaction() as tx:
        await organization_webhooks.put(tx, 1, "")
    assert await asked(box) == []


async def test_endpoints_are_asked_before_the_single_url_and_the_oldest_first(box: Box) -> None:
    await single(box)
    await endpoint(box, "first", "telephony.incoming", "call.graded")
    await endpoint(box, "second")
    assert await asked(box) == [
        ("https://first.example", "telephony.incoming"),
        ("https://second.example", "telephony.incoming"),
        (SINGLE, "call.incoming"),
    ]


@pytest.mark.parametrize(
    ("values", "heard"),
    [
        ({}, True),
        ({"events": []}, True),
        ({"events": ["web.incoming"]}, False),
        ({"agent_id": 1}, True),
        ({"agent_id": 2}, False),
        ({"status": "failing"}, True),
        ({"status": "disabled"}, False),
    ],
)
async def test_an_endpoint_is_asked_for_what_it_wants(
    box: Box, values: dict[str, Any], heard: bool
) -> None:
    await endpoint(box, "crm", **{"events": ["telephony.incoming"]} | values)
    assert bool(await asked(box)) is heard


async def test_an_endpoint_of_an_agent_does_not_hear_of_numbers_without_one(box: Box) -> None:
    await endpoint(box, "crm", agent_id=1)
    assert await asked(box, inbound_agent_id=None) == []


async def test_a_numbers_own_webhook_is_asked_alone(box: Box) -> None:
    await single(box)
    await endpoint(box, "crm")
    own = {"webhook_url": "https://own.example", "webhook_signing_secret": "whsec_own"}
    assert await asked(box, **own) == [("https://own.example", "call.incoming")]
    [receiver] = await receivers.of_number(box.db, await line(box), NOW)
    assert receiver.secrets == ("whsec_own",)


async def test_others_organizations_are_not_asked(box: Box) -> None:
    await endpoint(box, "crm")
    assert await receivers.of_organization(box.db, 2, "inbound", None, NOW) == []


async def test_sessions_in_a_browser_have_a_name_of_their_own(box: Box) -> None:
    await single(box)
    await endpoint(box, "crm")
    found = await receivers.of_organization(box.db, 1, "widget", None, NOW)
    assert [receiver.event for receiver in found] == ["web.incoming", "call.incoming"]


@pytest.mark.parametrize(
    ("mode", "url", "count"),
    [("webhook", "https://shop.example/visitors", 1), ("agent", "https://shop.example", 0)],
)
async def test_only_the_webhook_of_a_key_is_asked_about_its_sessions(
    box: Box, mode: str, url: str, count: int
) -> None:
    async with box.db.transaction() as tx:
        new = NewPublishableKey(mode=mode, webhook_url=url, allowed_domains=["shop.example"])
        key = await publishable_keys.insert(tx, 1, new)
    found = receivers.of_key(key)
    wanted = (url, "call.incoming", (key.webhook_secret,), f"key:{key.id}", None)
    assert [(one.url, one.event, one.secrets, one.key, one.endpoint_id) for one in found] == (
        [wanted] * count
    )


async def test_both_secrets_are_known_while_they_change(box: Box) -> None:
    await endpoint(box, "crm")
    [old] = await webhook_endpoints.page(box.db, 1)
    async with box.db.transaction() as tx:
        new = await webhook_endpoints.rotate(tx, old.id, "whsec_new", 60_000)
    until = new.previous_secret_until
    assert until is not None
    found = await receivers.of_organization(box.db, 1, "inbound", None, until - 1)
    assert found[0].secrets == ("whsec_new", "whsec_crm")
    found = await receivers.of_organization(box.db, 1, "inbound", None, until)
    assert found[0].secrets == ("whsec_new",)
