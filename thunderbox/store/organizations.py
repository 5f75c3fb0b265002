"""Organizations: the tenants that own everything else."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json


class Organization(Struct, frozen=True):
    """A tenant."""

    id: int
    name: str
    timezone: str
    """An IANA name; empty: the box's."""
    business_hours: str
    """JSON; what clients keep here is theirs."""
    excluded_numbers: list[str]
    created_at: int
    updated_at: int


CHANGEABLE = frozenset({"name", "timezone", "business_hours", "excluded_numbers"})


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


async def timezone(db: Source, org_id: int) -> str:
    """The time zone of an organization, an IANA name; empty: the box's."""
    row = await db.fetch_one("SELECT timezone FROM organizations WHERE id = ?", (org_id,))
    return "" if row is None else str(row["timezone"])


async def update(tx: Transaction, org_id: int, values: dict[str, Any]) -> Organization:
    """Change some fields of an organization that is there."""
    assert values.keys() <= CHANGEABLE
    columns = "".join(f"{name} = ?, " for name in values)
    given = [value if isinstance(value, str) else to_json(value) for value in values.values()]
    row = await tx.fetch_one(
        f"UPDATE organizations SET {columns}updated_at = max(?, updated_at + 1) "  # noqa: S608 - names of our own
        "WHERE id = ? RETURNING *",
        (*given, now_ms(), org_id),
    )
    assert row is not None
    return read(Organization, row)


async def delete_calls(tx: Transaction, org_id: int, limit: int) -> tuple[int, list[str]]:
    """Delete some of an organization's calls: how many, and the names of their recordings."""
    rows = await tx.fetch_all(
        "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE org_id = ? LIMIT ?) "
        "RETURNING recording_file",
        (org_id, limit),
    )
    return len(rows), [row[0] for row in rows if row[0] is not None]


async def is_calling(db: Source, org_id: int) -> bool:
    """Whether a call of an organization is in progress."""
    row = await db.fetch_one(
        "SELECT 1 FROM calls WHERE status = 'in_progress' AND org_id = ? LIMIT 1", (org_id,)
    )
    return row is not None


async def delete(tx: Transaction, org_id: int) -> None:
    """Delete an organization with all that it owns; the ledger alone stays."""
    await tx.execute("DELETE FROM organizations WHERE id = ?", (org_id,))


async def page(db: Source) -> list[Organization]:
    """Every organization of the box, the first one first."""
    return read_all(Organization, await db.fetch_all("SELECT * FROM organizations ORDER BY id"))


async def first(db: Source) -> Organization | None:
    """The organization that the first start made."""
    row = await db.fetch_one("SELECT * FROM organizations ORDER BY id LIMIT 1")
    return read_optional(Organization, row)


async def count(db: Source) -> int:
    """How many there are; none means that this box was never started."""
    row = await db.fetch_one("SELECT count(*) FROM organizations")
    assert row is not None
    return int(row[0])
