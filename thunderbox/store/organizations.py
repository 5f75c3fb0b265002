"""Organizations: the tenants that own everything else."""

from __future__ import annotations

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional


class Organization(Struct, frozen=True):
    """A tenant."""

    id: int
    name: str
    created_at: int
    updated_at: int


class Membership(Organization, frozen=True):
    """A tenant as one of its members sees it."""

    role: str | None


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


async def of_user(db: Source, user_id: int) -> list[Membership]:
    """Every organization that a person belongs to, with their role; newest first."""
    rows = await db.fetch_all(
        "SELECT organizations.*, members.role FROM members "
        "JOIN organizations ON organizations.id = members.org_id "
        "WHERE members.user_id = ? "
        "ORDER BY organizations.created_at DESC, organizations.id DESC",
        (user_id,),
    )
    return read_all(Membership, rows)


async def rename(tx: Transaction, org_id: int, name: str) -> Organization:
    """Give an organization that is there another name."""
    row = await tx.fetch_one(
        "UPDATE organizations SET name = ?, updated_at = max(?, updated_at + 1) "
        "WHERE id = ? RETURNING *",
        (name, now_ms(), org_id),
    )
    assert row is not None
    return read(Organization, row)


async def recording_files(db: Source, org_id: int) -> list[str]:
    """The names of the recordings of an organization's calls."""
    rows = await db.fetch_all(
        "SELECT recording_file FROM calls WHERE org_id = ? AND recording_file IS NOT NULL",
        (org_id,),
    )
    return [str(row["recording_file"]) for row in rows]


async def is_calling(db: Source, org_id: int) -> bool:
    """Whether a call of an organization is in progress."""
    row = await db.fetch_one(
        "SELECT 1 FROM calls WHERE status = 'in_progress' AND org_id = ? LIMIT 1", (org_id,)
    )
    return row is not None


async def delete(tx: Transaction, org_id: int) -> None:
    """Delete an organization with all that it owns; the ledger alone stays."""
    await tx.execute("DELETE FROM organizations WHERE id = ?", (org_id,))


async def first(db: Source) -> Organization | None:
    """The organization that the first start made."""
    row = await db.fetch_one("SELECT * FROM organizations ORDER BY id LIMIT 1")
    return read_optional(Organization, row)


async def count(db: Source) -> int:
    """How many there are; none means that this box was never started."""
    row = await db.fetch_one("SELECT count(*) FROM organizations")
    assert row is not None
    return int(row[0])
