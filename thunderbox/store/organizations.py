"""Organizations: the tenants that own everything else."""

from __future__ import annotations

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_optional


class Organization(Struct, frozen=True):
    """A tenant."""

    id: int
    name: str
    created_at: int
    updated_at: int


async def insert(tx: Transaction, name: str) -> Organization:
    """Add an organization."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO organizations (name, created_at, updated_at) VALUES (?, ?, ?) RETURNING *",
        (name, now, now),
    )
    assert row is not None
    return read(Organization, row)


async def get(db: Source, org_id: int) -> Organization | None:
    """One organization."""
    row = await db.fetch_one("SELECT * FROM organizations WHERE id = ?", (org_id,))
    return read_optional(Organization, row)


async def first(db: Source) -> Organization | None:
    """The organization that the first start made."""
    row = await db.fetch_one("SELECT * FROM organizations ORDER BY id LIMIT 1")
    return read_optional(Organization, row)


async def count(db: Source) -> int:
    """How many there are; none means that this box was never started."""
    row = await db.fetch_one("SELECT count(*) FROM organizations")
    assert row is not None
    return int(row[0])
