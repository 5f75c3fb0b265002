"""/v1/billing: balance, top-ups, auto-reload, transactions and receipts."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from thunderphone.generated.models.balance_transaction import BalanceTransaction
from thunderphone.generated.models.billing_account import BillingAccount
from thunderphone.generated.models.billing_payment_method_list import BillingPaymentMethodList

from tests.api.conftest import Tenant, make_call
from thunderbox.calls.billing import Billing
from thunderbox.calls.closing import Closing
from thunderbox.calls.ports import SystemClock
from thunderbox.settings import Settings
from thunderbox.store import calls, ledger
from thunderbox.store.database import Database
from thunderbox.store.ledger import NewEntry

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}
START = 100_000
RELOAD = {
    "auto_reload_enabled": True,
    "auto_reload_minimum_cents": 500,
    "auto_reload_amount_cents": 2_000,
}


async def charged_call(db: Database, org_id: int, seconds: int = 61) -> int:
    """A call that has ended and was charged."""
    call_id = await make_call(db, org_id)
    closing = Closing(Billing(db, Settings(), SystemClock()), graded=False)
    async with db.transaction() as tx:
        await calls.set_answered(tx, call_id, 1_777_000_000_000)
        await closing.close(
            tx,
            call_id,
            status="completed",
            end_reason="agent_end",
            sip_status=None,
            ended_at=1_777_000_000_000 + seconds * 1_000,
        )
    return call_id


async def spend(db: Database, org_id: int, cents: int) -> None:
    async with db.transaction() as tx:
        new = NewEntry(kind="adjustment", amount_cents=-cents, description="Test")
        await ledger.append(tx, org_id, new)


async def test_a_new_account_has_the_starting_credit(client):
    body = (await client.get("/v1/billing")).json()
    assert (body["balance_cents"], body["balance_usd"], body["currency"]) == (
        START,
        "1000.00",
        "usd",
    )
    assert (body["has_payment_method"], body["auto_reload_status"]) == (True, "off")
    assert (body["last_top_up"], body["has_ever_topped_up"]) == (None, False)
    BillingAccount.from_dict(body)


async def test_a_top_up_counts_at_once(client):
    answer = await client.post("/v1/billing/top-up", json={"amount_cents": 2_550})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["status"], body["client_secret"]) == ("succeeded", None)
    account = (await client.get("/v1/billing")).json()
    assert (account["balance_cents"], account["balance_usd"]) == (START + 2_550, "1025.50")
    assert account["last_manual_topup_intent_id"] == body["payment_intent_id"]
    assert (account["last_top_up"]["amount_cents"], account["last_top_up"]["kind"]) == (
        2_550,
        "manual",
    )
    assert account["has_ever_topped_up"]


async def test_a_repeated_top_up_counts_once(client):
    body = {"amount_cents": 100, "idempotency_key": "once"}
    answers = await asyncio.gather(
        *(client.post("/v1/billing/top-up", json=body) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["payment_intent_id"] for answer in answers}) == 1
    assert (await client.get("/v1/billing")).json()["balance_cents"] == START + 100
    other = await client.post("/v1/billing/top-up", json=body | {"amount_cents": 101})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount_cents"),
        ({"amount_cents": 0}, "amount_cents"),
        ({"amount_cents": -5}, "amount_cents"),
        ({"amount_cents": 1.5}, "amount_cents"),
        ({"amount_cents": "5"}, "amount_cents"),
        ({"amount_cents": 10**12}, "amount_cents"),
        ({"amount_cents": 5, "payment_method_id": 7}, "payment_method_id"),
        ({"amount_cents": 5, "idempotency_key": ""}, "idempotency_key"),
    ],
)
async def test_a_wrong_top_up_names_its_field(client, body: dict, field: str):
    answer = await client.post("/v1/billing/top-up", json=body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert (await client.get("/v1/billing")).json()["balance_cents"] == START


async def test_the_auto_reload_is_set_up_and_reloads(client, db: Database, tenant: Tenant):
    body = (await client.patch("/v1/billing", json=RELOAD)).json()
    assert (body["auto_reload_enabled"], body["auto_reload_status"]) == (True, "ok")
    await spend(db, tenant.org_id, START - 400)
    limited = RELOAD | {"auto_reload_monthly_limit_cents": 3_000}
    body = (await client.patch("/v1/billing", json=limited)).json()
    assert body["balance_cents"] == 2_400
    assert body["auto_reload_month_spend_cents"] == 2_000
    assert body["last_auto_reload"]["amount_cents"] == 2_000
    assert body["last_top_up"]["kind"] == "auto"
    assert body["auto_reload_status"] == "capped"
    BillingAccount.from_dict(body)
    body = (await client.patch("/v1/billing", json={"auto_reload_enabled": False})).json()
    assert (body["auto_reload_status"], body["auto_reload_amount_cents"]) == ("off", 2_000)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"auto_reload_enabled": True, "auto_reload_minimum_cents": 1}, "auto_reload_amount_cents"),
        ({"auto_reload_enabled": True, "auto_reload_amount_cents": 1}, "auto_reload_minimum_cents"),
        (RELOAD | {"auto_reload_amount_cents": 0}, "auto_reload_amount_cents"),
        (RELOAD | {"auto_reload_minimum_cents": -1}, "auto_reload_minimum_cents"),
        (RELOAD | {"auto_reload_enabled": "yes"}, "auto_reload_enabled"),
        ({"auto_reload_monthly_limit_cents": -1}, "auto_reload_monthly_limit_cents"),
    ],
)
async def test_a_wrong_auto_reload_names_its_field(client, body: dict, field: str):
    answer = await client.patch("/v1/billing", json=body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not (await client.get("/v1/billing")).json()["auto_reload_enabled"]


async def test_the_auto_reload_needs_a_payment_method(client):
    listed = (await client.get("/v1/billing/payment-methods")).json()
    BillingPaymentMethodList.from_dict(listed)
    method = listed["payment_methods"][0]["id"]
    await client.patch("/v1/billing", json=RELOAD)
    assert (await client.delete(f"/v1/billing/payment-methods/{method}")).status_code == 204
    account = (await client.get("/v1/billing")).json()
    assert (account["has_payment_method"], account["auto_reload_enabled"]) == (False, False)
    assert (await client.get("/v1/billing/payment-methods")).json() == {"payment_methods": []}
    answer = await client.patch("/v1/billing", json=RELOAD)
    assert (answer.status_code, answer.json()["code"]) == (422, "payment_method_required")
    assert (await client.delete(f"/v1/billing/payment-methods/{method}")).status_code == 404
    intent = await client.post("/v1/billing/setup-intent")
    assert (intent.status_code, intent.json()["status"]) == (201, "succeeded")
    assert (await client.patch("/v1/billing", json=RELOAD)).status_code == 200


async def test_the_default_payment_method_is_the_only_one(client):
    method = (await client.get("/v1/billing/payment-methods")).json()["payment_methods"][0]["id"]
    path = "/v1/billing/default-payment-method"
    answer = await client.post(path, json={"payment_method_id": method})
    assert (answer.status_code, answer.json()["has_payment_method"]) == (200, True)
    for body in ({"payment_method_id": "pm_other"}, {}):
        answer = await client.post(path, json=body)
        assert (answer.status_code, list(answer.json())) == (400, ["payment_method_id"])


async def test_transactions_are_the_ledger(client, db: Database, tenant: Tenant):
    call_id = await charged_call(db, tenant.org_id)
    await client.post("/v1/billing/top-up", json={"amount_cents": 500})
    page = (await client.get("/v1/billing/transactions")).json()
    assert (page["total"], page["limit"], page["offset"]) == (3, 50, 0)
    top_up, usage, credit = page["results"]
    assert (usage["kind"], usage["amount_cents"], usage["amount_usd"]) == (
        "call_usage",
        -16,
        "-0.16",
    )
    assert (usage["call_id"], usage["has_receipt"]) == (call_id, False)
    assert usage["metadata"]["billable_minutes"] == 2
    assert (credit["kind"], credit["amount_cents"]) == ("adjustment", START)
    assert (top_up["kind"], top_up["has_receipt"]) == ("manual_topup", True)
    account = (await client.get("/v1/billing")).json()
    assert account["balance_cents"] == sum(t["amount_cents"] for t in page["results"])
    assert account["current_month_usage_spend_cents"] == 16
    second = (await client.get("/v1/billing/transactions?limit=1&offset=1")).json()
    assert (second["total"], second["results"]) == (3, [usage])


async def test_the_sdk_gets_transactions_as_a_list(client, db: Database, tenant: Tenant):
    await charged_call(db, tenant.org_id)
    body = (await client.get("/v1/billing/transactions", headers=SDK)).json()
    assert [BalanceTransaction.from_dict(row).amount_cents for row in body] == [-16, START]


async def test_a_charged_call_says_what_it_cost(client, db: Database, tenant: Tenant):
    call = (await client.get(f"/v1/calls/{await charged_call(db, tenant.org_id)}")).json()
    assert (call["billable_minutes"], call["billing_total_cents"]) == (2, 16)
    assert call["billed_at"].endswith("Z")


async def test_a_receipt_is_a_page_without_a_key(client, anonymous, tenant: Tenant):
    await client.post("/v1/billing/top-up", json={"amount_cents": 1_234})
    entry = (await client.get("/v1/billing/transactions")).json()["results"][0]
    link = (await client.get(f"/v1/billing/transactions/{entry['id']}/receipt")).json()
    answer = await anonymous.get(link["receipt_url"], headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "12.34 USD" in answer.text
    assert "Acme" in answer.text
    forged = link["receipt_url"].replace(f"-{entry['id']}.html", f"-{entry['id'] + 1}.html")
    assert (await anonymous.get(forged)).status_code == 403
    url = httpx.URL(link["receipt_url"])
    late = url.copy_set_param("expires", "1")
    assert (await anonymous.get(late)).status_code == 403


async def test_what_is_no_payment_has_no_receipt(client, db: Database, tenant: Tenant):
    await charged_call(db, tenant.org_id)
    for entry in (await client.get("/v1/billing/transactions")).json()["results"]:
        path = f"/v1/billing/transactions/{entry['id']}/receipt"
        assert (await client.get(path)).status_code == 404


async def test_money_of_others_is_not_there(client, other: Tenant):
    await client.post("/v1/billing/top-up", json={"amount_cents": 1_234})
    entry = (await client.get("/v1/billing/transactions")).json()["results"][0]
    path = f"/v1/billing/transactions/{entry['id']}/receipt"
    assert (await client.get(path, headers=other.headers)).status_code == 404
    theirs = (await client.get("/v1/billing", headers=other.headers)).json()
    assert theirs["balance_cents"] == START
    page = (await client.get("/v1/billing/transactions", headers=other.headers)).json()
    assert page["total"] == 1
