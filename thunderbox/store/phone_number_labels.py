"""Labels: what an organization calls the numbers that it talks with."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all


class PhoneNumberLabel(Struct, frozen=True):
    """A label; `phone_number` is E.164."""

    id: int
    org_id: int
    phone_number: str
    label: str
    created_at: int
    updated_at: int


async def put(tx: Transaction, org_id: int, phone_number: str, label: str) -> PhoneNumberLabel:
    """Label a number, or give it another label."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO phone_number_labels (org_id, phone_number, label, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (org_id, phone_number) DO UPDATE "
        "SET label = excluded.label, updated_at = max(excluded.updated_at, updated_at + 1) "
        "RETURNING *",
        (org_id, phone_number, label, now, now),
    )
    assert row is not None
    return read(PhoneNumberLabel, row)


async def page(db: Source, org_id: int) -> list[PhoneNumberLabel]:
    """Every label of an organization, by number."""
    rows = await db.fetch_all(
        "SELECT * FROM phone_number_labels WHERE org_id = ? ORDER BY phone_number", (org_id,)
    )
    return read_all(PhoneNumberLabel, rows)


async def of_numbers(db: Source, org_id: int, numbers: Collection[str]) -> dict[str, str]:
    """The labels of some numbers, by number."""
    if not numbers:
        return {}
    rows = await db.fetch_all(
        "SELECT phone_number, label FROM phone_number_labels "  # noqa: S608 - question marks only
        f"WHERE org_id = ? AND phone_number IN ({', '.join('?' * len(numbers))})",
        (org_id, *numbers),
    )
    return {row["phone_number"]: row["label"] for row in rows}


async def delete(tx: Transaction, org_id: int, label_id: int) -> bool:
    """Take a label away; False when there is none."""
    row = await tx.fetch_one(
        "DELETE FROM phone_number_labels WHERE id = ? AND org_id = ? RETURNING id",
        (label_id, org_id),
    )
    return row is not None
