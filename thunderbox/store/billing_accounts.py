"""Billing accounts: how an organization pays, and when its credit is reloaded by itself."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_optional


class Account(Struct, frozen=True):
    """One organization's account; amounts in cents."""

    org_id: int
    has_payment_method: bool
    auto_reload_enabled: bool
    auto_reload_minimum_cents: int
    auto_reload_amount_cents: int
    auto_reload_monthly_limit_cents: int | None


CHANGEABLE = frozenset(Account.__struct_fields__) - {"org_id"}


async def get(db: Source, org_id: int) -> Account | None:
    """An organization's account, once it is open."""
    row = await db.fetch_one("SELECT * FROM billing_accounts WHERE org_id = ?", (org_id,))
    return read_optional(Account, row)


async def insert(tx: Transaction, org_id: int) -> Account:
    """Open an account. Raises DuplicateError when it is open."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO billing_accounts (org_id, created_at, updated_at) VALUES (?, ?, ?) "
        "RETURNING *",
        (org_id, now, now),
    )
    assert row is not None
    return read(Account, row)


async def update(tx: Transaction, org_id: int, values: dict[str, Any]) -> Account:
    """Change some of an open account's fields."""
    assert values.keys() <= CHANGEABLE
    columns = "".join(f"{name} = ?, " for name in values)
    row = await tx.fetch_one(
        f"UPDATE billing_accounts SET {columns}updated_at = ? "  # noqa: S608 - names of our own
        "WHERE org_id = ? RETURNING *",
        (*values.values(), now_ms(), org_id),
    )
    assert row is not None
    return read(Account, row)
