"""Calls whose number has a webhook: who speaks, what is kept, and what happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.calls.conftest import Box
from tests.calls.test_billing import set_balance
from tests.calls.test_switchboard import answered, finish, invitation, step
from tests.fakes.receiver import Receiver, receiving
from thunderbox.calls.switchboard import Switchboard
from thunderbox.store import calls, organization_webhooks, turns, webhook_endpoints
from thunderbox.store.calls import Call
from thunderbox.store.webhook_endpoints import NewWebhookEndpoint
from thunderbox.voice.leg import EndCause
from thunderbox.voice.loopback import Loopback

CONFIG: dict[str, Any] = {
    "prompt": "You are a concierge for {{name}}.",
    "voice": "fake",
    "product": "storm-base",
    "variables": {"name": "Jane"},
}
SECRET = "whsec_of_the_endpoint"


@pytest.fixture
async def server(box: Box) -> AsyncIterator[Receiver]:
    """A server that is asked about every call."""
    async with receiving() as running:
        new = NewWebhookEndpoint(label="crm", url=running.url, events=["telephony.incoming"])
        async with box.db.transaction() as tx:
            await webhook_endpoints.insert(tx, 1, new, SECRET)
        yield running


async def unassign(box: Box) -> None:
    """The number has no agent."""
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE phone_numbers SET inbound_agent_id = NULL")


def ring(box: Box, line: Loopback) -> tuple[Switchboard, asyncio.Task[None]]:
    """Somebody calls the box's number."""
    switchboard = Switchboard(box.surroundings)
    return switchboard, asyncio.create_task(switchboard.ring(line.near, invitation("100")))


async def newest(box: Box) -> Call:
    """The newest call."""
    found = await calls.latest(box.db)
    assert found is not None
    return found


def told(box: Box) -> str:
    """What the language model was told last."""
    return str(box.asked[-1][0]["content"])


async def test_a_configured_call_speaks_keeps_and_charges_the_answers_configuration(
    box: Box, server: Receiver
) -> None:
    server.says(CONFIG)
    line = Loopback("t")
    _, ringing = ring(box, line)
    await answered(line)
    await step(line, 50)
    box.clock.ms += 55_000
    await finish(line, ringing)
    assert told(box).startswith("You are a concierge for Jane.")
    call = await newest(box)
    assert server.heard[0].event["data"] == {
        "call_id": call.id,
        "from_number": "200",
        "to_number": "+15550100",
    }
    assert (call.status, call.end_reason) == ("completed", "caller_hangup")
    assert (call.agent_id, call.prompt, call.voice) == (None, CONFIG["prompt"], "fake")
    assert (call.product, call.variables) == ("storm-base", {"name": "Jane"})
    assert (call.phone_number_id, call.billing_total_cents) == (1, 14)
    assert [turn.content for turn in await turns.of_call(box.db, call.id)] == ["Hello."]


async def test_an_answer_without_configuration_leaves_the_call_to_the_numbers_agent(
    box: Box, server: Receiver
) -> None:
    line = Loopback("t")
    _, ringing = ring(box, line)
    await answered(line)
    box.clock.ms += 55_000
    await finish(line, ringing)
    call = await newest(box)
    assert (call.agent_id, call.product, call.billing_total_cents) == (1, "spark", 8)
    assert told(box).startswith(call.prompt[:40])
    assert len(server.heard) == 1


async def test_a_number_without_an_agent_is_answered_by_the_configuration(
    box: Box, server: Receiver
) -> None:
    await unassign(box)
    server.says(CONFIG)
    line = Loopback("t")
    _, ringing = ring(box, line)
    await answered(line)
    await finish(line, ringing)
    assert (await newest(box)).status == "completed"


async def test_a_number_without_agent_and_configuration_is_480_and_leaves_a_failed_call(
    box: Box, server: Receiver
) -> None:
    await unassign(box)
    line = Loopback("t")
    switchboard, ringing = ring(box, line)
    await asyncio.wait_for(ringing, 10)
    assert line.near.refusal == (480, "No agent is assigned to this number")
    call = await newest(box)
    assert (call.status, call.end_reason, call.sip_status) == ("failed", "no_agent", 480)
    assert (call.agent_id, call.prompt, call.billing_total_cents) == (None, "", 0)
    assert switchboard.running == 0


async def test_it_is_not_answered_while_it_is_asked(box: Box, server: Receiver) -> None:
    server.gate.clear()
    line = Loopback("t")
    _, ringing = ring(box, line)
    await asyncio.wait_for(server.asked.wait(), 10)
    assert not line.near.answered
    assert (await newest(box)).status == "in_progress"
    server.gate.set()
    await answered(line)
    await finish(line, ringing)


async def test_the_numbers_agent_is_read_while_it_is_asked(box: Box, server: Receiver) -> None:
    server.gate.clear()
    line = Loopback("t")
    _, ringing = ring(box, line)
    async with asyncio.timeout(10):
        while not box.read_ahead:
            await asyncio.sleep(0.001)
    server.gate.set()
    await answered(line)
    await finish(line, ringing)
    assert box.read_ahead[0] == box.asked[0][:1]


async def test_a_caller_who_hangs_up_meanwhile_is_a_cancelled_call(
    box: Box, server: Receiver
) -> None:
    server.gate.clear()
    line = Loopback("t")
    switchboard, ringing = ring(box, line)
    await asyncio.wait_for(server.asked.wait(), 10)
    await line.far.hang_up()
    await asyncio.wait_for(ringing, 10)
    await asyncio.wait_for(server.left.wait(), 10)
    call = await newest(box)
    assert (call.status, call.answered_at) == ("failed", None)
    assert call.end_reason in (EndCause.CANCELLED.value, EndCause.CALLER_HANGUP.value)
    assert switchboard.running == 0


async def test_a_box_that_goes_down_meanwhile_refuses_the_call(box: Box, server: Receiver) -> None:
    server.gate.clear()
    line = Loopback("t")
    switchboard, ringing = ring(box, line)
    await asyncio.wait_for(server.asked.wait(), 10)
    closing = asyncio.create_task(switchboard.close(10.0))
    await asyncio.sleep(0)
    server.gate.set()
    await asyncio.wait_for(asyncio.gather(closing, ringing), 10)
    assert line.near.refusal == (503, "This box is shutting down")
    call = await newest(box)
    assert (call.status, call.end_reason) == ("failed", "shutdown")


async def test_nobody_is_asked_about_a_call_that_nobody_pays(box: Box, server: Receiver) -> None:
    await set_balance(box, 0)
    line = Loopback("t")
    _, ringing = ring(box, line)
    await asyncio.wait_for(ringing, 10)
    assert line.near.refusal is not None
    assert line.near.refusal[0] == 402
    assert server.heard == []


async def test_four_at_once_get_a_configuration_each(box: Box, server: Receiver) -> None:
    server.says(CONFIG)
    server.gate.clear()
    lines = [Loopback(f"t{at}") for at in range(4)]
    switchboard = Switchboard(box.surroundings)
    ringing = [
        asyncio.create_task(switchboard.ring(line.near, invitation("100"))) for line in lines
    ]
    async with asyncio.timeout(10):
        while len(server.heard) < 4:
            await asyncio.sleep(0.001)
    server.gate.set()
    for line in lines:
        await answered(line)
    for line, task in zip(lines, ringing, strict=True):
        await finish(line, task)
    ids = sorted(heard.event["data"]["call_id"] for heard in server.heard)
    assert ids == [1, 2, 3, 4]
    for call_id in ids:
        call = await calls.get(box.db, 1, call_id)
        assert call is not None
        assert (call.product, call.status) == ("storm-base", "completed")


async def test_endpoint_and_single_url_are_both_asked(box: Box, server: Receiver) -> None:
    server.says(CONFIG)
    async with receiving() as single:
        single.says(CONFIG | {"product": "bolt"})
        async with box.db.transaction() as tx:
            await organization_webhooks.put(tx, 1, single.url)
        line = Loopback("t")
        _, ringing = ring(box, line)
        await answered(line)
        await finish(line, ringing)
        await asyncio.wait_for(single.asked.wait(), 10)
        assert single.heard[0].event["type"] == "call.incoming"
        assert single.heard[0].event["data"] == server.heard[0].event["data"]
    assert (await newest(box)).product == "storm-base"
