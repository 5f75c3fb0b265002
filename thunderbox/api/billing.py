"""/v1/billing: an organization's credit, what used it up and what filled it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api import dialect, receipts
from thunderbox.api.auth import require_key
from thunderbox.api.billing_views import (
    AccountView,
    PaymentMethods,
    PaymentMethodView,
    TransactionView,
    account_view,
    has_receipt,
    transaction_view,
)
from thunderbox.api.bodies import Body, Given
from thunderbox.api.fields import shown
from thunderbox.api.pagination import DEFAULT_LIMIT, Limit, Offset, Page
from thunderbox.api.parameters import PathId, PathText
from thunderbox.api.request import ApiRequest
from thunderbox.errors import InvalidError, NotFoundError, UnprocessableError
from thunderbox.store import billing_accounts, ledger
from thunderbox.store.billing_accounts import Account
from thunderbox.store.database import Transaction
from thunderbox.store.rows import now_ms

MAX_CENTS = 1_000_000_000

Cents = Annotated[
    int, Meta(ge=0, le=MAX_CENTS, description=f"a whole number of cents from 0 to {MAX_CENTS}")
]
Amount = Annotated[
    int, Meta(ge=1, le=MAX_CENTS, description=f"a whole number of cents from 1 to {MAX_CENTS}")
]
Key = Annotated[
    str, Meta(min_length=1, max_length=128, description="a text of 1 to 128 characters")
]


class AutoReloadWrite(Struct, kw_only=True):
    """The body of a PATCH; only what is sent changes."""

    auto_reload_enabled: bool = False
    auto_reload_minimum_cents: Cents = 0
    auto_reload_amount_cents: Amount = 1
    auto_reload_monthly_limit_cents: Cents | None = None


class TopUpWrite(Struct, kw_only=True):
    """How much credit to add."""

    amount_cents: Amount
    payment_method_id: str | None = None
    idempotency_key: Key | None = None


class PaymentMethodWrite(Struct, kw_only=True):
    """Which payment method to use from now on."""

    payment_method_id: str


class TopUpView(Struct, kw_only=True):
    """Credit that was added; nothing is left for the client to do."""

    client_secret: str | None = None
    payment_intent_id: str
    status: str = "succeeded"


class SetupIntentView(Struct, kw_only=True):
    """A payment method that was added; nothing is left for the client to do."""

    client_secret: str | None = None
    setup_intent_id: str
    status: str = "succeeded"


class ReceiptLink(Struct, kw_only=True):
    """A page to print, which opens without a key until the link expires."""

    receipt_url: str


class BillingController(Controller):
    """Balance, auto-reload, top-ups and transactions."""

    path = "/v1/billing"
    guards = (require_key,)
    tags = ("Billing",)

    @get(summary="Read the balance")
    async def read_account(self, request: ApiRequest) -> AccountView:
        """The balance, how it is reloaded, and what was spent."""
        return await _view(request)

    @patch(
        dto=Given[AutoReloadWrite], return_dto=None, summary="Set up the auto-reload", errors=(422,)
    )
    async def change_account(
        self, request: ApiRequest, data: JSONBody[dict[str, Any]]
    ) -> AccountView:
        """Credit that is low from now on is reloaded by itself."""
        async with request.db.transaction() as tx:
            account = await request.parts.billing.open_account(tx, request.org_id)
            _check_auto_reload(account, data)
            if data:
                await billing_accounts.update(tx, request.org_id, data)
        await request.parts.billing.available(request.org_id)
        return await _view(request)

    @post("/top-up", dto=Body[TopUpWrite], return_dto=None, summary="Add credit", errors=(409,))
    async def top_up(self, request: ApiRequest, data: JSONBody[TopUpWrite]) -> TopUpView:
        """Credit is added at once: a box of your own charges no card."""
        entry = await request.parts.billing.top_up(
            request.org_id, data.amount_cents, data.idempotency_key
        )
        return TopUpView(payment_intent_id=f"pi_local_{entry.id}")

    @post("/setup-intent", summary="Add the payment method")
    async def create_setup_intent(self, request: ApiRequest) -> SetupIntentView:
        """The box's own payment method is there again, if it was removed."""
        await _set_payment_method(request, present=True)
        return SetupIntentView(setup_intent_id=f"seti_local_{request.org_id}_{now_ms()}")

    @post(
        "/default-payment-method",
        dto=Body[PaymentMethodWrite],
        return_dto=None,
        status_code=200,
        summary="Choose the payment method",
    )
    async def choose_payment_method(
        self, request: ApiRequest, data: JSONBody[PaymentMethodWrite]
    ) -> AccountView:
        """There is one: the box's own."""
        known = _payment_method_id(request.org_id)
        if data.payment_method_id != known:
            raise InvalidError(
                {
                    "payment_method_id": [
                        f"payment_method_id is {shown(data.payment_method_id)}, but the only "
                        f'payment method is "{known}".'
                    ]
                }
            )
        await _set_payment_method(request, present=True)
        return await _view(request)

    @get("/payment-methods", summary="List payment methods")
    async def list_payment_methods(self, request: ApiRequest) -> PaymentMethods:
        """The box's own payment method, unless it was removed."""
        account = await _account(request)
        known = PaymentMethodView(id=_payment_method_id(request.org_id))
        return PaymentMethods(payment_methods=[known] if account.has_payment_method else [])

    @delete("/payment-methods/{payment_method_id:str}", summary="Remove the payment method")
    async def delete_payment_method(self, request: ApiRequest, payment_method_id: PathText) -> None:
        """Credit is no longer reloaded by itself."""
        account = await _account(request)
        if payment_method_id != _payment_method_id(request.org_id) or not (
            account.has_payment_method
        ):
            raise NotFoundError(
                "There is no such payment method; GET /v1/billing/payment-methods lists them."
            )
        await _set_payment_method(request, present=False)

    @get("/transactions", summary="List transactions, newest first")
    async def list_transactions(
        self, request: ApiRequest, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
    ) -> Page[TransactionView] | list[TransactionView]:
        """One page of the ledger: charges are negative."""
        await _account(request)
        total, found = await ledger.page(request.db, request.org_id, limit, offset)
        numbers = await receipts.numbers_of(request.db, request.org_id, found)
        results = [transaction_view(entry, numbers) for entry in found]
        page = Page(total=total, limit=limit, offset=offset, results=results)
        return dialect.transactions(dialect.is_sdk(request), page)

    @get("/transactions/{transaction_id:int}/receipt", summary="Get a link to a receipt")
    async def read_receipt(self, request: ApiRequest, transaction_id: PathId) -> ReceiptLink:
        """A link to a page to print; only top-ups and reloads have one."""
        entry = await ledger.get(request.db, request.org_id, transaction_id)
        if entry is None or not has_receipt(entry):
            raise NotFoundError(
                f"There is no receipt of a transaction {transaction_id}; "
                "GET /v1/billing/transactions says which have one (has_receipt)."
            )
        return ReceiptLink(receipt_url=receipts.link(request, entry))


def _check_auto_reload(account: Account, given: dict[str, Any]) -> None:
    """Raises InvalidError, UnprocessableError."""
    if not given.get("auto_reload_enabled", account.auto_reload_enabled):
        return
    if not account.has_payment_method:
        raise UnprocessableError(
            "There is no payment method; POST /v1/billing/setup-intent adds the box's own.",
            code="payment_method_required",
        )
    if not given.get("auto_reload_amount_cents", account.auto_reload_amount_cents):
        raise InvalidError(
            {
                "auto_reload_amount_cents": [
                    "auto_reload_amount_cents is missing; it must be a whole number of cents "
                    f"from 1 to {MAX_CENTS} for a reload."
                ]
            }
        )
    if not account.auto_reload_enabled and "auto_reload_minimum_cents" not in given:
        raise InvalidError(
            {
                "auto_reload_minimum_cents": [
                    "auto_reload_minimum_cents is missing; it must be a whole number of cents "
                    f"from 0 to {MAX_CENTS} when the auto-reload is switched on."
                ]
            }
        )


def _payment_method_id(org_id: int) -> str:
    return f"pm_local_{org_id}"


async def _set_payment_method(request: ApiRequest, *, present: bool) -> None:
    values: dict[str, Any] = {"has_payment_method": present}
    if not present:
        values["auto_reload_enabled"] = False
    async with request.db.transaction() as tx:
        await request.parts.billing.open_account(tx, request.org_id)
        await billing_accounts.update(tx, request.org_id, values)


async def _account(request: ApiRequest) -> Account:
    """The organization's account, opened when it is not."""
    found = await billing_accounts.get(request.db, request.org_id)
    if found is not None:
        return found
    async with request.db.transaction() as tx:
        return await _open(request, tx)


async def _open(request: ApiRequest, tx: Transaction) -> Account:
    return await request.parts.billing.open_account(tx, request.org_id)


async def _view(request: ApiRequest) -> AccountView:
    account = await _account(request)
    return await account_view(request.db, account, request.parts.billing)
