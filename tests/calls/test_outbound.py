"""Outbound calls: what may be placed, and how each way to end is recorded."""

from __future__ import annotations

import asyncio

import pytest

from tests.calls.conftest import Box
from tests.calls.test_billing import set_balance
from thunderbox.calls.outbound import Outbound
from thunderbox.calls.ports import Destination
from thunderbox.calls.requests import PlaceCall
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LegError,
    NotFoundError,
    PaymentError,
    RequestError,
)
from thunderbox.store import calls
from thunderbox.voice.leg import EndCause, Ended, Held, Leg
from thunderbox.voice.loopback import Loopback


class FakeDialer:
    """A line on which the far end does as told."""

    def __init__(self, outcome: Ended | LegError | None) -> None:
        self.outcome = outcome
        self.dialled: list[Destination] = []
        self.rings: list[float] = []
        self.line = Loopback("out")

    def can_call(self, trunk: int) -> bool:
        """The trunk of the settings, and connections 1 to 9."""
        return trunk < 10

    async def dial(self, destination: Destination, ring_timeout: float) -> Leg:
        """Ring, and then the outcome."""
        self.dialled.append(destination)
        self.rings.append(ring_timeout)
        if isinstance(self.outcome, LegError):
            raise self.outcome
        if self.outcome is None:
            await self.line.far.answer()
        else:
            self.line.near.events.put_nowait(self.outcome)
        return self.line.near


def outbound(box: Box, outcome: Ended | LegError | None = None) -> tuple[Outbound, FakeDialer]:
    """The desk that places calls, and its line."""
    dialer = FakeDialer(outcome)
    return Outbound(box.surroundings, Switchboard(box.surroundings), dialer), dialer


def request(**changes: object) -> PlaceCall:
    """A call to a phone in the office."""
    fields: dict[str, object] = {
        "org_id": 1,
        "from_number": "+15550100",
        "to_number": "sip:200@127.0.0.1",
    }
    return PlaceCall(**{**fields, **changes})  # type: ignore[arg-type]


async def ended(box: Box) -> calls.Call:
    """The newest call, once it is over."""
    async with asyncio.timeout(10):
        while (call := await calls.latest(box.db)) is None or call.status == "in_progress":
            await asyncio.sleep(0.001)
    return call


async def test_without_credit_nothing_is_dialled(box: Box) -> None:
    await set_balance(box, 0)
    desk, dialer = outbound(box)
    with pytest.raises(PaymentError, match="Insufficient balance"):
        await desk.place(request())
    assert dialer.dialled == []
    assert await calls.latest(box.db) is None


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (EndCause.BUSY, 486),
        (EndCause.NO_ANSWER, 408),
        (EndCause.REFUSED, 603),
        (EndCause.UNREACHABLE, 503),
        (EndCause.REGISTRATION_LOST, 0),
    ],
)
async def test_a_call_nobody_takes_fails_with_its_own_reason(
    box: Box, cause: EndCause, status: int
) -> None:
    desk, _ = outbound(box, Ended(cause, status))
    await desk.place(request())
    call = await ended(box)
    assert (call.status, call.end_reason) == ("failed", cause.value)
    assert call.sip_status == (status or None)


@pytest.mark.parametrize(("seconds", "rings"), [(None, 30.0), (7, 7.0)])
async def test_a_call_rings_for_as_long_as_its_agent_or_the_settings_say(
    box: Box, seconds: int | None, rings: float
) -> None:
    desk, dialer = outbound(box, Ended(EndCause.NO_ANSWER, 408))
    config = {"prompt": "p", "voice": "v", "ring_duration_seconds": seconds}
    await desk.place(request(config=config))
    await ended(box)
    assert dialer.rings == [rings]


async def test_a_line_that_cannot_dial_fails_the_call(box: Box) -> None:
    desk, _ = outbound(box, LegError("No line is free."))
    await desk.place(request())
    assert (await ended(box)).end_reason == "error"


async def test_an_answered_call_is_talked_through(box: Box) -> None:
    desk, dialer = outbound(box)
    placed = await desk.place(request())
    async with asyncio.timeout(10):
        while (await calls.latest(box.db)).answered_at is None:  # type: ignore[union-attr]
            await asyncio.sleep(0.001)
    await dialer.line.far.hang_up()
    call = await ended(box)
    assert (call.id, call.status, call.direction) == (placed.call_id, "completed", "outbound")
    assert dialer.dialled == [Destination(to="sip:200@127.0.0.1", caller="+15550100")]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"from_number": "+15550199"}, NotFoundError),
        ({"org_id": 2}, NotFoundError),
        ({"to_number": "hello"}, InvalidError),
        ({"to_number": "+15551234567"}, ForbiddenError),
        ({"agent_id": 99}, NotFoundError),
        ({"agent_id": 1, "config": {"prompt": "p", "voice": "v"}}, InvalidError),
        ({"config": {"prompt": 1, "voice": "v"}}, InvalidError),
    ],
)
async def test_what_cannot_be_placed_leaves_no_row(
    box: Box, changes: dict[str, object], error: type[RequestError]
) -> None:
    desk, _ = outbound(box)
    with pytest.raises(error):
        await desk.place(request(**changes))
    assert await calls.latest(box.db) is None


async def test_a_number_without_an_agent_asks_for_one(box: Box) -> None:
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE phone_numbers SET outbound_agent_id = NULL")
    desk, _ = outbound(box)
    with pytest.raises(InvalidError, match="has no outbound agent"):
        await desk.place(request())


async def test_the_same_request_with_the_same_key_is_one_call(box: Box) -> None:
    desk, dialer = outbound(box, Ended(EndCause.BUSY, 486))
    first = await desk.place(request(idempotency_key="k"))
    again = await desk.place(request(idempotency_key="k"))
    await ended(box)
    assert (again.call_id, again.idempotent_replay) == (first.call_id, True)
    assert len(dialer.dialled) == 1


async def test_the_same_key_for_another_request_is_a_conflict(box: Box) -> None:
    desk, _ = outbound(box, Ended(EndCause.BUSY, 486))
    await desk.place(request(idempotency_key="k"))
    with pytest.raises(ConflictError, match="new key"):
        await desk.place(request(idempotency_key="k", to_number="sip:201@127.0.0.1"))
    await ended(box)


async def test_a_key_is_free_again_after_a_day(box: Box) -> None:
    desk, _ = outbound(box, Ended(EndCause.BUSY, 486))
    first = await desk.place(request(idempotency_key="k"))
    await ended(box)
    box.clock.ms += 24 * 3600 * 1000 - 1
    assert (await desk.place(request(idempotency_key="k"))).call_id == first.call_id
    box.clock.ms += 1
    second = await desk.place(request(idempotency_key="k", to_number="sip:201@127.0.0.1"))
    assert second.call_id != first.call_id
    await ended(box)


async def test_a_key_stands_in_another_process_too(box: Box) -> None:
    desk, _ = outbound(box, Ended(EndCause.BUSY, 486))
    first = await desk.place(request(idempotency_key="k"))
    await ended(box)
    other, dialer = outbound(box)
    again = await other.place(request(idempotency_key="k"))
    assert (again.call_id, again.idempotent_replay, dialer.dialled) == (first.call_id, True, [])


async def talked(box: Box, line: Loopback) -> calls.Call:
    """Move the line until the call is over; the far end is silent."""
    async with asyncio.timeout(20):
        while (call := await calls.latest(box.db)) is None or call.status == "in_progress":
            line.step()
            await asyncio.sleep(0)
    return call


async def test_a_request_may_say_how_long_its_call_may_be_held(box: Box) -> None:
    desk, dialer = outbound(box)
    await desk.place(request(max_hold_seconds=1))
    dialer.line.near.events.put_nowait(Held())
    assert (await talked(box, dialer.line)).end_reason == "timeout"


async def test_a_call_that_is_handed_on_says_to_whom(box: Box) -> None:
    box.said = 'Bye. <tool_call>{"name": "transfer_call", "arguments": {}}</tool_call>'
    desk, dialer = outbound(box)
    config = {
        "prompt": "Transfer.",
        "voice": "v",
        "outbound_speak_order": "agent_first",
        "transfer_destinations": [{"name": "Sales", "number": "+15550123"}],
    }
    await desk.place(request(config=config))
    call = await talked(box, dialer.line)
    assert (call.status, call.end_reason) == ("completed", "transfer")
    assert (call.transfer_destination, call.transfer_outcome) == ("+15550123", "refer_accepted")


async def test_a_call_with_a_config_carries_it_as_its_snapshot(box: Box) -> None:
    desk, _ = outbound(box, Ended(EndCause.BUSY, 486))
    await desk.place(request(config={"prompt": "Be brief.", "voice": "en-US-James1"}))
    call = await ended(box)
    assert (call.agent_id, call.prompt) == (None, "Be brief.")


async def test_a_call_fills_the_placeholders_of_its_agent(box: Box) -> None:
    desk, dialer = outbound(box)
    config = {"prompt": "Greet {{name}}{{nobody}}.", "voice": "v"}
    config["outbound_speak_order"] = "agent_first"
    await desk.place(request(config=config, variables={"name": "Jane"}, max_hold_seconds=1))
    dialer.line.near.events.put_nowait(Held())
    call = await talked(box, dialer.line)
    assert box.asked[0][0]["content"].startswith("Greet Jane.")
    assert (call.prompt, call.variables) == ("Greet {{name}}{{nobody}}.", {"name": "Jane"})
