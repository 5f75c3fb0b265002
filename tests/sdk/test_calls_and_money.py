"""Calls, their issue reports and the money, through the official client."""

from __future__ import annotations

import pytest
from litestar import Litestar
from thunderphone.generated.api.billing import (
    billing_bulk_update,
    billing_default_payment_method_create,
    billing_list,
    billing_payment_methods_delete,
    billing_payment_methods_list,
    billing_setup_intent_create,
    billing_top_up_create,
    billing_transactions_list,
    billing_transactions_receipt_retrieve,
)
from thunderphone.generated.api.calls import (
    calls_export_list,
    calls_grade,
    calls_grade_list,
    calls_history_list,
    calls_issue_reports,
    calls_issue_reports_list,
    calls_list,
    calls_listen,
    calls_party_numbers_list,
    calls_retrieve,
    calls_transcript_list,
    calls_whisper,
)
from thunderphone.generated.api.issue_reports import (
    issue_reports_bulk_update,
    issue_reports_list,
    issue_reports_partial_update,
)
from thunderphone.generated.models import (
    CallIssueReportCreateRequest,
    CallsGradeBody,
    CallsListenBody,
    CallWhisperRequest,
    DefaultPaymentMethodRequest,
    PatchedAutoReloadRequest,
    PatchedCallIssueReportBulkUpdateRequest,
    PatchedCallIssueReportUpdateRequest,
    TopUpRequest,
)

from tests.api.conftest import Outside, Tenant, make_call
from tests.api.test_billing import charged_call
from tests.fakes.running_call import FakeCall
from tests.sdk.conftest import Official
from thunderbox.store import turns
from thunderbox.store.database import Database
from thunderbox.store.turns import NewTurn


@pytest.fixture
async def call_id(db: Database, tenant: Tenant) -> int:
    call_id = await make_call(db, tenant.org_id, direction="widget")
    async with db.transaction() as tx:
        turn = NewTurn(role="user", content="Hello?", start_ms=0, end_ms=900)
        await turns.append(tx, call_id, turn)
    return call_id


async def test_calls_are_listed_read_and_exported(sdk: Official, call_id: int):
    page = await sdk(calls_list, direction="web")
    assert (page.total, page.results[0].call_id) == (1, call_id)
    assert (await sdk(calls_retrieve, call_id)).direction == "web"
    said = await sdk(calls_transcript_list, call_id, live=True)
    assert said.transcripts[0].content == "Hello?"
    assert len(await sdk(calls_history_list, call_id)) == 1
    export = await sdk(calls_export_list)
    assert (export.total, export.truncated) == (1, False)
    found = await sdk(calls_party_numbers_list)
    assert found.numbers[0]["number"] == "+14155550100"
    assert await sdk.status(calls_retrieve, call_id + 1) == 404


async def test_a_running_call_is_supervised(sdk: Official, call_id: int, outside: Outside):
    outside.running[call_id] = call = FakeCall()
    seat = await sdk(calls_listen, call_id, body=CallsListenBody())
    assert (seat.room_name, seat.token) == (
        outside.rooms.seats[0].ticket.room_name,
        outside.rooms.seats[0].ticket.token,
    )
    assert seat.server_url == sdk.url.replace("http", "ws")
    told = await sdk(calls_whisper, call_id, body=CallWhisperRequest(text="Be brief."))
    assert told.status.value == "sent"
    assert call.whispered == ["Be brief."]


async def test_issues_are_reported_and_taken_up(sdk: Official, call_id: int):
    new = CallIssueReportCreateRequest.from_dict({"title": "Wrong price", "severity": "critical"})
    report = await sdk(calls_issue_reports, call_id, body=new)
    assert len(await sdk(calls_issue_reports_list, call_id)) == 1
    status = PatchedCallIssueReportUpdateRequest.from_dict({"status": "acknowledged"})
    changed = await sdk(issue_reports_partial_update, report.trace_id, body=status)
    assert changed.status == "acknowledged"
    every = PatchedCallIssueReportBulkUpdateRequest.from_dict(
        {"trace_ids": [str(report.trace_id)], "status": "resolved"}
    )
    assert (await sdk(issue_reports_bulk_update, body=every)).updated == 1
    page = await sdk(issue_reports_list)
    assert (page.total, page.results[0].status) == (1, "resolved")


async def test_money_comes_and_goes(sdk: Official, db: Database, tenant: Tenant):
    await charged_call(db, tenant.org_id)
    begun = await sdk(billing_list)
    paid = await sdk(billing_top_up_create, body=TopUpRequest(amount_cents=500))
    assert paid.status == "succeeded"
    account = await sdk(billing_list)
    assert account.balance_cents == begun.balance_cents + 500
    newest = (await sdk(billing_transactions_list))[0]
    assert newest.kind == "manual_topup"
    receipt = await sdk(billing_transactions_receipt_retrieve, newest.id)
    assert receipt.receipt_url.startswith("http")


async def test_the_auto_reload_is_set_up(sdk: Official):
    listed = await sdk(billing_payment_methods_list)
    method = listed.payment_methods[0].id
    chosen = DefaultPaymentMethodRequest(payment_method_id=method)
    assert (await sdk(billing_default_payment_method_create, body=chosen)).has_payment_method
    wanted = PatchedAutoReloadRequest(
        auto_reload_enabled=True, auto_reload_minimum_cents=100, auto_reload_amount_cents=500
    )
    assert (await sdk(billing_bulk_update, body=wanted)).auto_reload_status == "ok"
    await sdk(billing_payment_methods_delete, method)
    assert not (await sdk(billing_list)).has_payment_method
    assert (await sdk(billing_setup_intent_create)).status == "succeeded"


async def test_a_call_is_graded(sdk: Official, app: Litestar, db: Database, tenant: Tenant):
    call_id = await charged_call(db, tenant.org_id)
    app.state.parts.grader.start()
    made = await sdk(calls_grade, call_id, body=CallsGradeBody())
    await app.state.parts.grader.close()
    assert made.call_outcome == "no_conversation"
    assert (await sdk(calls_grade_list, call_id)).id == made.id
