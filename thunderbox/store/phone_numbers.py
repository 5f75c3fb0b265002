"""Phone numbers: which agent answers, which one calls. Released ones stay, unseen."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from thunderbox.errors import StoreError
from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional

FIRST_DEMO, LAST_DEMO = 15550100000, 15559999999


class NewPhoneNumber(Struct, kw_only=True):
    """What a writer decides about a number."""

    number: str
    source: Literal["demo", "voip"] = "demo"
    status: Literal["provisioning", "active", "failed", "released"] = "active"
    inbound_agent_id: int | None = None
    outbound_agent_id: int | None = None
    voip_verification_status: Literal["unverified", "verified", "failed"] = "unverified"
    label: str = ""
    idempotency_key: str | None = None


class PhoneNumber(NewPhoneNumber, kw_only=True):
    """A number; E.164."""

    id: int
    org_id: int
    voip_connection_id: int | None
    voip_last_verified_at: int | None
    webhook_url: str | None
    webhook_signing_secret: str | None
    created_at: int
    updated_at: int


async def insert(tx: Transaction, org_id: int, new: NewPhoneNumber) -> PhoneNumber:
    """Add a number. Raises DuplicateError when it is in use."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO phone_numbers (org_id, number, source, status, inbound_agent_id, "
        "outbound_agent_id, voip_verification_status, label, idempotency_key, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            org_id,
            new.number,
            new.source,
            new.status,
            new.inbound_agent_id,
            new.outbound_agent_id,
            new.voip_verification_status,
            new.label,
            new.idempotency_key,
            now,
            now,
        ),
    )
    assert row is not None
    return read(PhoneNumber, row)


async def get(db: Source, org_id: int, number_id: int) -> PhoneNumber | None:
    """One number that is not released."""
    row = await db.fetch_one(
        "SELECT * FROM phone_numbers WHERE id = ? AND org_id = ? AND status <> 'released'",
        (number_id, org_id),
    )
    return read_optional(PhoneNumber, row)


async def by_number(db: Source, number: str) -> PhoneNumber | None:
    """The active number that an inbound call is for, whoever owns it."""
    # The words `<> 'released'` let SQLite use the index that holds no released numbers.
    row = await db.fetch_one(
        "SELECT * FROM phone_numbers "
        "WHERE number = ? AND status <> 'released' AND status = 'active'",
        (number,),
    )
    return read_optional(PhoneNumber, row)


async def by_idempotency_key(db: Source, org_id: int, key: str) -> PhoneNumber | None:
    """The number that a request with this key has been given."""
    row = await db.fetch_one(
        "SELECT * FROM phone_numbers "
        "WHERE org_id = ? AND idempotency_key = ? AND status <> 'released'",
        (org_id, key),
    )
    return read_optional(PhoneNumber, row)


async def page(db: Source, org_id: int) -> list[PhoneNumber]:
    """Every number of an organization that is not released, newest first."""
    rows = await db.fetch_all(
        "SELECT * FROM phone_numbers WHERE org_id = ? AND status <> 'released' "
        "ORDER BY created_at DESC, id DESC",
        (org_id,),
    )
    return read_all(PhoneNumber, rows)


async def count_demo(db: Source, org_id: int) -> int:
    """How many demo numbers an organization holds."""
    row = await db.fetch_one(
        "SELECT count(*) FROM phone_numbers "
        "WHERE org_id = ? AND source = 'demo' AND status <> 'released'",
        (org_id,),
    )
    assert row is not None
    return int(row[0])


async def free_demo(tx: Transaction) -> str:
    """A number of the fictional +1 555 range that nobody holds."""
    row = await tx.fetch_one(
        "SELECT max(CAST(substr(number, 2) AS INTEGER)) FROM phone_numbers "
        "WHERE source = 'demo' AND number GLOB '+1555[0-9][0-9][0-9][0-9][0-9][0-9][0-9]'",
    )
    assert row is not None
    following = FIRST_DEMO if row[0] is None else int(row[0]) + 1
    if following > LAST_DEMO:
        raise StoreError("Every demo number has been given out; import numbers of your own.")
    return f"+{following}"


async def update(
    tx: Transaction,
    old: PhoneNumber,
    *,
    inbound_agent_id: int | None,
    outbound_agent_id: int | None,
    label: str,
) -> PhoneNumber:
    """Assign agents and describe a number that was read in this transaction."""
    row = await tx.fetch_one(
        "UPDATE phone_numbers SET inbound_agent_id = ?, outbound_agent_id = ?, label = ?, "
        "updated_at = ? WHERE id = ? RETURNING *",
        (
            inbound_agent_id,
            outbound_agent_id,
            label,
            max(now_ms(), old.updated_at + 1),
            old.id,
        ),
    )
    assert row is not None
    return read(PhoneNumber, row)


async def release(tx: Transaction, org_id: int, number_id: int) -> bool:
    """Give a number back; False when there is none."""
    row = await tx.fetch_one(
        "UPDATE phone_numbers SET status = 'released', inbound_agent_id = NULL, "
        "outbound_agent_id = NULL, updated_at = ? "
        "WHERE id = ? AND org_id = ? AND status <> 'released' RETURNING id",
        (now_ms(), number_id, org_id),
    )
    return row is not None
