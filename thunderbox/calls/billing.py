"""Billing: what calls cost, who may call, and how credit comes back. Prepaid, in whole cents.

A call is charged in the transaction that ends it, so it is charged once or has not ended. Every
minute that has begun counts; a call that nobody answered costs nothing.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from thunderbox.calls.ports import Clock
from thunderbox.errors import ConflictError, PaymentError
from thunderbox.settings import Settings
from thunderbox.store import billing_accounts, calls, ledger
from thunderbox.store.billing_accounts import Account
from thunderbox.store.calls import Closed
from thunderbox.store.database import Database, Source, Transaction
from thunderbox.store.ledger import Entry, NewEntry

log = logging.getLogger(__name__)

MINUTE_MS = 60_000
TEST_CALLS_COST = 2
"""A test call costs so many times what a call costs."""
RELOADS_AT_ONCE = 10
"""Credit that stays below its minimum after so many reloads waits for the next call."""


class Billing:
    """The accounts of all organizations."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock

    @property
    def enabled(self) -> bool:
        """Whether calls cost anything."""
        return self._settings.billing.enabled

    def cents_per_minute(self, product: str, *, is_test_call: bool) -> int:
        """What a minute of a call costs."""
        if not self.enabled:
            return 0
        cents = self._settings.product(product).cents_per_minute
        return cents * TEST_CALLS_COST if is_test_call else cents

    async def open_account(self, tx: Transaction, org_id: int) -> Account:
        """The account of an organization; a new one begins with the box's starting credit."""
        account = await billing_accounts.get(tx, org_id)
        if account is not None:
            return account
        account = await billing_accounts.insert(tx, org_id)
        if credit := self._settings.billing.starting_credit_cents:
            await self._append(
                tx,
                org_id,
                NewEntry(kind="adjustment", amount_cents=credit, description="Starting credit"),
            )
        return account

    async def charge(self, tx: Transaction, call: Closed) -> None:
        """Charge a call that ends in this transaction."""
        minutes = 0
        if call.answered_at is not None:
            minutes = -(-max(0, call.ended_at - call.answered_at) // MINUTE_MS)
        price = self.cents_per_minute(call.product, is_test_call=call.is_test_call)
        cents = minutes * price
        await calls.set_billed(tx, call.id, minutes, cents, self._clock.now_ms())
        if not cents:
            return
        account = await self.open_account(tx, call.org_id)
        kind = "Test call" if call.is_test_call else "Call"
        await self._append(
            tx,
            call.org_id,
            NewEntry(
                kind="call_usage",
                amount_cents=-cents,
                description=f"{kind} {call.id}: {minutes} min of {call.product}",
                call_id=call.id,
                phone_number_id=call.phone_number_id,
                metadata={
                    "product": call.product,
                    "billable_minutes": minutes,
                    "cents_per_minute": price,
                    "is_test_call": call.is_test_call,
                },
            ),
        )
        await self._reload(tx, account, 0)

    async def available(self, org_id: int, begun_cents: int = 0) -> int:
        """The balance in cents, reloaded when it is low and that is wanted.

        `begun_cents` is what running calls have used up already; it is not taken away.
        """
        account = await billing_accounts.get(self._db, org_id)
        balance = await ledger.balance(self._db, org_id)
        if account is not None and not _is_low(account, balance - begun_cents):
            return balance
        async with self._db.transaction() as tx:
            await self._reload(tx, await self.open_account(tx, org_id), begun_cents)
            return await ledger.balance(tx, org_id)

    async def may_call(self, org_id: int) -> bool:
        """Whether an organization has credit for another call."""
        return not self.enabled or await self.available(org_id) > 0

    async def require_credit(self, org_id: int) -> None:
        """Raises PaymentError when the credit is used up."""
        if not await self.may_call(org_id):
            raise PaymentError("Insufficient balance. POST /v1/billing/top-up adds credit.")

    async def top_up(self, org_id: int, cents: int, idempotency_key: str | None) -> Entry:
        """Add credit at once; the same key and amount again give the same entry.

        Raises ConflictError for a key that was used for another amount.
        """
        async with self._db.transaction() as tx:
            await self.open_account(tx, org_id)
            if idempotency_key is not None:
                earlier = await ledger.by_idempotency_key(tx, org_id, idempotency_key)
                if earlier is not None:
                    if earlier.amount_cents == cents:
                        return earlier
                    raise ConflictError(
                        "This idempotency_key was used for another amount; use a new key.",
                        code="idempotency_key_reused",
                    )
            new = NewEntry(
                kind="manual_topup",
                amount_cents=cents,
                description="Top-up",
                idempotency_key=idempotency_key,
            )
            return await self._append(tx, org_id, new)

    async def credit(self, org_id: int, cents: int, description: str) -> Entry:
        """Add credit that nobody paid for."""
        async with self._db.transaction() as tx:
            await self.open_account(tx, org_id)
            new = NewEntry(kind="adjustment", amount_cents=cents, description=description)
            return await self._append(tx, org_id, new)

    async def reloaded_this_month(self, source: Source, org_id: int) -> int:
        """Cents that were reloaded since the month began (UTC)."""
        return await ledger.total_since(source, org_id, "auto_reload", self.month_began())

    def month_began(self) -> int:
        """The first ms of this month, UTC."""
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return int(month.timestamp()) * 1000

    async def _reload(self, tx: Transaction, account: Account, begun_cents: int) -> None:
        """Add credit until it is no longer low, or the month's limit is reached."""
        balance = await ledger.balance(tx, account.org_id)
        if not _is_low(account, balance - begun_cents):
            return
        reloaded = await self.reloaded_this_month(tx, account.org_id)
        limit, amount = account.auto_reload_monthly_limit_cents, account.auto_reload_amount_cents
        for _ in range(RELOADS_AT_ONCE):
            if not _is_low(account, balance - begun_cents):
                return
            if limit is not None and reloaded + amount > limit:
                log.warning("Organization %s has reached its reload limit", account.org_id)
                return
            new = NewEntry(kind="auto_reload", amount_cents=amount, description="Auto-reload")
            balance = (await self._append(tx, account.org_id, new)).balance_cents
            reloaded += amount

    async def _append(self, tx: Transaction, org_id: int, new: NewEntry) -> Entry:
        return await ledger.append(tx, org_id, new, self._clock.now_ms())


def reloads(account: Account) -> bool:
    """Whether credit is reloaded by itself."""
    return (
        account.auto_reload_enabled
        and account.has_payment_method
        and account.auto_reload_amount_cents > 0
    )


def _is_low(account: Account, cents: int) -> bool:
    return reloads(account) and (cents < account.auto_reload_minimum_cents or cents <= 0)
