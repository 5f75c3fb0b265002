"""Phone numbers: which agent answers, which one calls. Released ones stay, unseen.

Every write leaves a version that says what changed and by whom.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from thunderbox.errors import StoreError
from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json

FIRST_DEMO, LAST_DEMO = 15550100000, 15559999999


class NewPhoneNumber(Struct, kw_only=True):
    """What a writer decides about a number."""

    number: str
    source: Literal["demo", "voip"] = "demo"
    status: Literal["provisioning", "active", "failed", "released"] = "active"
    inbound_agent_id: int | None = None
    outbound_agent_id: int | None = None
    voip_connection_id: int | None = None
    voip_verification_status: Literal["unverified", "verified", "failed"] = "unverified"
    label: str = ""
    idempotency_key: str | None = None


class PhoneNumber(NewPhoneNumber, kw_only=True):
    """A number; E.164."""

    id: int
    org_id: int
    voip_last_verified_at: int | None
    webhook_url: str | None
    webhook_signing_secret: str | None
    voip_inbound_status: Literal["untested", "passed", "failed"] = "untested"
    voip_inbound_test_method: Literal["loopback", "platform"] | None = None
    voip_inbound_tested_at: int | None = None
    voip_inbound_result: dict[str, Any] = msgspec.field(default_factory=dict)
    """Empty before the first test."""
    created_at: int
    updated_at: int


class PhoneNumberVersion(Struct, kw_only=True, frozen=True):
    """A number as one write left it; `changed_fields` is empty for the first."""

    id: int
    phone_number_id: int
    revision: int
    created_by: str
    created_at: int
    snapshot: dict[str, Any]
    changed_fields: list[str]

    def phone_number(self) -> PhoneNumber:
        """The snapshot as the number that it was."""
        return msgspec.convert(self.snapshot, PhoneNumber)


async def insert(
    tx: Transaction, org_id: int, new: NewPhoneNumber, created_by: str = ""
) -> PhoneNumber:
    """Add a number with its first version. Raises DuplicateError when it is in use."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO phone_numbers (org_id, number, source, status, inbound_agent_id, "
        "outbound_agent_id, voip_connection_id, voip_verification_status, label, "
        "idempotency_key, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            org_id,
            new.number,
            new.source,
            new.status,
            new.inbound_agent_id,
            new.outbound_agent_id,
            new.voip_connection_id,
            new.voip_verification_status,
            new.label,
            new.idempotency_key,
            now,
            now,
        ),
    )
    assert row is not None
    made = read(PhoneNumber, row)
    await _add_version(tx, made, created_by, [])
    return made


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


async def update(tx: Transaction, old: PhoneNumber, changed_by: str, **changes: Any) -> PhoneNumber:
    """Change fields of a number that was read in this transaction, and record a version.

    `changes` are fields of PhoneNumber; a number that changes its organization leaves its
    versions behind.
    """
    new = msgspec.structs.replace(
        old,
        **changes,
        updated_at=max(now_ms(), old.updated_at + 1),
    )
    row = await tx.fetch_one(
        "UPDATE phone_numbers SET org_id = ?, status = ?, inbound_agent_id = ?, "
        "outbound_agent_id = ?, voip_connection_id = ?, voip_verification_status = ?, "
        "voip_last_verified_at = ?, voip_inbound_status = ?, voip_inbound_test_method = ?, "
        "voip_inbound_tested_at = ?, voip_inbound_result = ?, label = ?, webhook_url = ?, "
        "webhook_signing_secret = ?, idempotency_key = ?, updated_at = ? "
        "WHERE id = ? RETURNING *",
        (
            new.org_id,
            new.status,
            new.inbound_agent_id,
            new.outbound_agent_id,
            new.voip_connection_id,
            new.voip_verification_status,
            new.voip_last_verified_at,
            new.voip_inbound_status,
            new.voip_inbound_test_method,
            new.voip_inbound_tested_at,
            to_json(new.voip_inbound_result),
            new.label,
            new.webhook_url,
            new.webhook_signing_secret,
            new.idempotency_key,
            new.updated_at,
            new.id,
        ),
    )
    assert row is not None
    changed = [name for name in changes if getattr(old, name) != getattr(new, name)]
    await _add_version(tx, new, changed_by, changed)
    return read(PhoneNumber, row)


async def versions(
    db: Source, org_id: int, number_id: int, limit: int
) -> tuple[int, list[PhoneNumberVersion]]:
    """How many versions an organization has of a number, and the newest of them."""
    total = await db.fetch_one(
        "SELECT count(*) FROM phone_number_versions WHERE phone_number_id = ? AND org_id = ?",
        (number_id, org_id),
    )
    rows = await db.fetch_all(
        "SELECT * FROM phone_number_versions WHERE phone_number_id = ? AND org_id = ? "
        "ORDER BY revision DESC LIMIT ?",
        (number_id, org_id, limit),
    )
    assert total is not None
    return int(total[0]), read_all(PhoneNumberVersion, rows)


async def of_connection(db: Source, connection_id: int) -> list[PhoneNumber]:
    """The numbers of a connection, by number."""
    rows = await db.fetch_all(
        "SELECT * FROM phone_numbers WHERE voip_connection_id = ? AND status <> 'released' "
        "ORDER BY number",
        (connection_id,),
    )
    return read_all(PhoneNumber, rows)


async def held(db: Source, number: str) -> PhoneNumber | None:
    """The number that is not released, whoever owns it, active or not."""
    row = await db.fetch_one(
        "SELECT * FROM phone_numbers WHERE number = ? AND status <> 'released'", (number,)
    )
    return read_optional(PhoneNumber, row)


async def release(tx: Transaction, org_id: int, number_id: int) -> bool:
    """Give a number back; False when there is none."""
    row = await tx.fetch_one(
        "UPDATE phone_numbers SET status = 'released', inbound_agent_id = NULL, "
        "outbound_agent_id = NULL, voip_connection_id = NULL, updated_at = ? "
        "WHERE id = ? AND org_id = ? AND status <> 'released' RETURNING id",
        (now_ms(), number_id, org_id),
    )
    return row is not None


async def _add_version(tx: Transaction, number: PhoneNumber, by: str, changed: list[str]) -> None:
    await tx.execute(
        "INSERT INTO phone_number_versions (phone_number_id, org_id, revision, created_by, "
        "created_at, snapshot, changed_fields) "
        "VALUES (?, ?, (SELECT coalesce(max(revision), 0) + 1 FROM phone_number_versions "
        "WHERE phone_number_id = ?), ?, ?, ?, ?)",
        (
            number.id,
            number.org_id,
            number.id,
            by,
            number.updated_at,
            to_json(number),
            to_json(changed),
        ),
    )
