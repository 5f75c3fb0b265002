"""Balance, transactions and payment methods as answers show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from thunderbox.api.times import Timestamp, iso
from thunderbox.calls.billing import Billing, reloads
from thunderbox.store import ledger
from thunderbox.store.billing_accounts import Account
from thunderbox.store.database import Source
from thunderbox.store.ledger import Entry
from thunderbox.store.rows import now_ms

DAY_MS = 86_400_000
WEEK_DAYS = 7


class LastTopUp(Struct, kw_only=True):
    """The newest credit; `kind` is `manual` or `auto`."""

    amount_cents: int
    created_at: Timestamp
    kind: str


class LastAutoReload(Struct, kw_only=True):
    """The newest reload."""

    amount_cents: int
    created_at: Timestamp


class AccountView(Struct, kw_only=True):
    """An account; everything below `has_payment_method` is what the newer client insists on."""

    balance_cents: int
    balance_usd: str
    currency: str = "usd"
    auto_reload_enabled: bool
    auto_reload_minimum_cents: int
    auto_reload_amount_cents: int
    auto_reload_monthly_limit_cents: int | None
    has_payment_method: bool

    auto_reload_consecutive_declines: int | None = None
    auto_reload_failed_amount_cents: int | None = None
    auto_reload_failed_at: Timestamp | None = None
    auto_reload_failure_code: str | None = None
    auto_reload_in_progress: bool = False
    auto_reload_last_error: str | None = None
    auto_reload_month_spend_cents: int
    auto_reload_next_retry_at: Timestamp | None = None
    auto_reload_paused: bool = False
    auto_reload_paused_until: Timestamp | None = None
    auto_reload_status: str
    available_cash_cents: int
    average_daily_spend_cents_7d: int | None
    balance_runway_days: int | None
    current_month_usage_spend_cents: int
    has_ever_topped_up: bool
    last_auto_reload: LastAutoReload | None
    last_manual_topup_error: str | None = None
    last_manual_topup_intent_id: str | None
    last_top_up: LastTopUp | None
    monthly_spending_limit_cents: int | None = None
    spending_limit_reached: bool = False
    test_call_budget_cents: int = 0
    test_call_budget_remaining_cents: int = 0


class TransactionView(Struct, kw_only=True):
    """An entry of the ledger; charges are negative."""

    id: int
    kind: str
    amount_cents: int
    amount_usd: str
    call_id: int | None
    created_at: Timestamp
    description: str
    has_receipt: bool
    metadata: dict[str, Any]
    phone_number_id: int | None
    phone_number_value: str | None


class PaymentMethodView(Struct, kw_only=True):
    """The box's own payment method: no card, nothing is charged anywhere."""

    id: str
    brand: str | None = "local"
    exp_month: int | None = None
    exp_year: int | None = None
    is_default: bool = True
    last4: str | None = None


class PaymentMethods(Struct, kw_only=True):
    """The payment methods of an account."""

    payment_methods: list[PaymentMethodView]


def usd(cents: int) -> str:
    """`-0.08` for -8."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def has_receipt(entry: Entry) -> bool:
    """Whether an entry is a payment, which has a receipt."""
    return entry.kind in ("manual_topup", "auto_reload")


def transaction_view(entry: Entry, numbers: Mapping[int, str]) -> TransactionView:
    """An entry; `numbers` are phone numbers by id."""
    return TransactionView(
        id=entry.id,
        kind=entry.kind,
        amount_cents=entry.amount_cents,
        amount_usd=usd(entry.amount_cents),
        call_id=entry.call_id,
        created_at=iso(entry.created_at),
        description=entry.description,
        has_receipt=has_receipt(entry),
        metadata=entry.metadata,
        phone_number_id=entry.phone_number_id,
        phone_number_value=numbers.get(entry.phone_number_id or 0),
    )


async def account_view(db: Source, account: Account, billing: Billing) -> AccountView:
    """An account with its balance and what was spent."""
    org_id = account.org_id
    balance = await ledger.balance(db, org_id)
    week = -await ledger.total_since(db, org_id, "call_usage", now_ms() - WEEK_DAYS * DAY_MS)
    month = -await ledger.total_since(db, org_id, "call_usage", billing.month_began())
    reloaded = await billing.reloaded_this_month(db, org_id)
    manual = await ledger.newest(db, org_id, ("manual_topup",))
    reload = await ledger.newest(db, org_id, ("auto_reload",))
    newest = max((e for e in (manual, reload) if e), key=lambda entry: entry.seq, default=None)
    return AccountView(
        balance_cents=balance,
        balance_usd=usd(balance),
        auto_reload_enabled=account.auto_reload_enabled,
        auto_reload_minimum_cents=account.auto_reload_minimum_cents,
        auto_reload_amount_cents=account.auto_reload_amount_cents,
        auto_reload_monthly_limit_cents=account.auto_reload_monthly_limit_cents,
        has_payment_method=account.has_payment_method,
        auto_reload_month_spend_cents=reloaded,
        auto_reload_status=_status(account, reloaded),
        available_cash_cents=balance,
        average_daily_spend_cents_7d=week // WEEK_DAYS,
        balance_runway_days=max(0, balance) * WEEK_DAYS // week if week else None,
        current_month_usage_spend_cents=month,
        has_ever_topped_up=newest is not None,
        last_auto_reload=None
        if reload is None
        else LastAutoReload(amount_cents=reload.amount_cents, created_at=iso(reload.created_at)),
        last_manual_topup_intent_id=None if manual is None else f"pi_local_{manual.id}",
        last_top_up=None
        if newest is None
        else LastTopUp(
            amount_cents=newest.amount_cents,
            created_at=iso(newest.created_at),
            kind="auto" if newest.kind == "auto_reload" else "manual",
        ),
    )


def _status(account: Account, reloaded: int) -> str:
    if not reloads(account):
        return "off"
    limit = account.auto_reload_monthly_limit_cents
    capped = limit is not None and reloaded + account.auto_reload_amount_cents > limit
    return "capped" if capped else "ok"
