"""What calls cost, when they are charged, and when credit comes back."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import msgspec
import pytest

from tests.calls.conftest import Box
from tests.calls.test_recording import record
from tests.data import new_call
from thunderbox.calls.billing import RELOADS_AT_ONCE, Billing
from thunderbox.calls.recovery import close_interrupted
from thunderbox.errors import ConflictError, PaymentError
from thunderbox.settings import BillingSettings, Settings
from thunderbox.store import billing_accounts, calls, ledger, organizations, turns
from thunderbox.store.ledger import NewEntry

START = 100_000


async def begun(box: Box, **fields: Any) -> int:
    values = {"agent_id": 1, "phone_number_id": 1, "started_at": box.clock.now_ms()}
    async with box.db.transaction() as tx:
        call_id = await calls.insert(tx, new_call(1, **(values | fields)))
        await calls.set_answered(tx, call_id, box.clock.now_ms())
    return call_id


async def end(box: Box, call_id: int, after_ms: int) -> bool:
    async with box.db.transaction() as tx:
        return await box.surroundings.closing.close(
            tx,
            call_id,
            status="completed",
            end_reason="agent_end",
            sip_status=None,
            ended_at=box.clock.now_ms() + after_ms,
        )


async def called(box: Box, call_id: int) -> calls.Call:
    call = await calls.get(box.db, 1, call_id)
    assert call is not None
    return call


async def reload_below(box: Box, minimum: int, amount: int, limit: int | None = None) -> None:
    async with box.db.transaction() as tx:
        await box.billing.open_account(tx, 1)
        values = {
            "auto_reload_enabled": True,
            "auto_reload_minimum_cents": minimum,
            "auto_reload_amount_cents": amount,
            "auto_reload_monthly_limit_cents": limit,
        }
        await billing_accounts.update(tx, 1, values)


async def set_balance(box: Box, cents: int) -> None:
    async with box.db.transaction() as tx:
        await box.billing.open_account(tx, 1)
        left = cents - await ledger.balance(tx, 1)
        new = NewEntry(kind="adjustment", amount_cents=left, description="Test")
        await ledger.append(tx, 1, new)


@pytest.mark.parametrize(
    ("after_ms", "product", "is_test", "minutes", "cents"),
    [
        (1, "spark", False, 1, 8),
        (60_000, "spark", False, 1, 8),
        (60_001, "spark", False, 2, 16),
        (60_001, "spark", True, 2, 32),
        (30_000, "bolt", False, 1, 10),
        (30_000, "storm-base", False, 1, 14),
        (30_000, "storm-base-with-ack", False, 1, 14),
        (30_000, "storm-extra", False, 1, 20),
        (0, "spark", False, 0, 0),
    ],
)
async def test_begun_minutes_cost_what_the_product_says(
    box: Box, after_ms: int, product: str, is_test: bool, minutes: int, cents: int
) -> None:
    call_id = await begun(box, product=product, is_test_call=is_test)
    assert await end(box, call_id, after_ms)
    call = await called(box, call_id)
    assert (call.billable_minutes, call.billing_total_cents) == (minutes, cents)
    assert call.billed_at == box.clock.now_ms()
    if cents:
        assert await ledger.balance(box.db, 1) == START - cents


async def test_a_call_that_nobody_answered_costs_nothing(box: Box) -> None:
    call_id = await begun(box)
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE calls SET answered_at = NULL WHERE id = ?", (call_id,))
    await end(box, call_id, 90_000)
    call = await called(box, call_id)
    assert (call.billable_minutes, call.billing_total_cents) == (0, 0)
    assert (await ledger.page(box.db, 1, 10, 0))[0] == 0


async def test_a_hundred_calls_that_end_at_once_are_charged_a_hundred_times(box: Box) -> None:
    ids = [await begun(box) for _ in range(100)]
    ended = await asyncio.gather(*(end(box, call_id, 1_000) for call_id in ids * 2))
    assert sorted(ended) == [False] * 100 + [True] * 100
    _, entries = await ledger.page(box.db, 1, 200, 0)
    charged = [entry.call_id for entry in entries if entry.kind == "call_usage"]
    assert sorted(c for c in charged if c) == sorted(ids)
    balance = await ledger.balance(box.db, 1)
    assert balance == sum(entry.amount_cents for entry in entries) == START - 800


async def test_a_call_that_cannot_be_charged_does_not_end(box: Box) -> None:
    call_id = await begun(box)
    async with box.db.transaction() as tx:
        await box.billing.open_account(tx, 1)
        entry = NewEntry(kind="call_usage", amount_cents=-8, description="", call_id=call_id)
        await ledger.append(tx, 1, entry)
    with pytest.raises(Exception, match="refused a row"):
        await end(box, call_id, 1_000)
    assert (await called(box, call_id)).status == "in_progress"


async def test_a_box_without_billing_counts_minutes_and_refuses_nobody(box: Box) -> None:
    settings = msgspec.structs.replace(Settings(), billing=BillingSettings(enabled=False))
    billing = Billing(box.db, settings, box.clock)
    await set_balance(box, 0)
    assert await billing.may_call(1)
    call_id = await begun(box)
    closed = calls.Closed(
        id=call_id,
        org_id=1,
        phone_number_id=None,
        answered_at=0,
        ended_at=61_000,
        product="spark",
        is_test_call=False,
    )
    async with box.db.transaction() as tx:
        await billing.charge(tx, closed)
    call = await called(box, call_id)
    assert (call.billable_minutes, call.billing_total_cents) == (2, 0)
    assert await ledger.balance(box.db, 1) == 0


async def test_a_new_organization_begins_with_the_starting_credit_once(box: Box) -> None:
    async with box.db.transaction() as tx:
        org_id = (await organizations.insert(tx, "Second")).id
    seen = await asyncio.gather(*(box.billing.available(org_id) for _ in range(20)))
    assert set(seen) == {START}
    assert (await ledger.page(box.db, org_id, 10, 0))[0] == 1


@pytest.mark.parametrize(("cents", "may"), [(1, True), (0, False), (-5, False)])
async def test_who_has_no_credit_may_not_call(box: Box, cents: int, may: bool) -> None:
    await set_balance(box, cents)
    assert await box.billing.may_call(1) is may
    if not may:
        with pytest.raises(PaymentError, match="Insufficient balance"):
            await box.billing.require_credit(1)


async def test_credit_below_the_minimum_is_reloaded_when_a_call_ends(box: Box) -> None:
    await set_balance(box, 105)
    await reload_below(box, 100, 500)
    await end(box, await begun(box), 1_000)
    assert await ledger.balance(box.db, 1) == 105 - 8 + 500


async def test_reloads_stop_at_the_months_limit_and_go_on_in_the_next(box: Box) -> None:
    await set_balance(box, 0)
    await reload_below(box, 100, 40, limit=100)
    assert await box.billing.available(1) == 80
    assert await box.billing.available(1) == 80
    box.clock.ms += 31 * 86_400_000
    assert await box.billing.available(1) == 120


async def test_a_reload_too_small_for_the_debt_does_not_go_on_for_ever(box: Box) -> None:
    await set_balance(box, -1_000)
    await reload_below(box, 100, 1)
    assert await box.billing.available(1) == -1_000 + RELOADS_AT_ONCE


async def test_without_a_payment_method_nothing_is_reloaded(box: Box) -> None:
    await set_balance(box, 0)
    await reload_below(box, 100, 500)
    async with box.db.transaction() as tx:
        await billing_accounts.update(tx, 1, {"has_payment_method": False})
    assert await box.billing.available(1) == 0


async def test_a_repeated_top_up_is_the_same_one(box: Box) -> None:
    both = await asyncio.gather(*(box.billing.top_up(1, 500, "key") for _ in range(5)))
    assert len({entry.id for entry in both}) == 1
    assert await ledger.balance(box.db, 1) == START + 500
    with pytest.raises(ConflictError):
        await box.billing.top_up(1, 501, "key")


async def test_an_interrupted_call_is_charged_for_what_was_spoken(box: Box) -> None:
    call_id = await begun(box)
    async with box.db.transaction() as tx:
        turn = turns.NewTurn(role="user", content="Hi.", start_ms=100, end_ms=61_000)
        await turns.append(tx, call_id, turn)
    box.clock.ms += 86_400_000
    closing = box.surroundings.closing
    for found in (1, 0):
        assert await close_interrupted(box.db, box.recordings, box.clock, closing) == found
    call = await called(box, call_id)
    assert (call.billable_minutes, call.billing_total_cents) == (2, 16)
    assert await ledger.balance(box.db, 1) == START - 16


async def test_a_cut_recording_does_not_lengthen_the_call(box: Box) -> None:
    path = await record(box.recordings, 4, close=False)
    call_id = await begun(box)
    async with box.db.transaction() as tx:
        await calls.set_recording(tx, call_id, path.name, box.clock.now_ms())
    with path.open("ab") as file:
        file.write(b"half a frame")
    last = box.clock.now_ms() / 1000 + 20
    os.utime(path, (last, last))
    box.clock.ms += 86_400_000
    await close_interrupted(box.db, box.recordings, box.clock, box.surroundings.closing)
    assert (await called(box, call_id)).billable_minutes == 1
