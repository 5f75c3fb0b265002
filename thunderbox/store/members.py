"""Members: who belongs to an organization, and in which role. Each has exactly one owner."""

from __future__ import annotations

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read_all, read_optional
from thunderbox.store.users import Role

_SELECT = (
    "SELECT members.*, users.email, users.first_name, users.last_name "
    "FROM members JOIN users ON users.id = members.user_id "
)


class Member(Struct, frozen=True):
    """A person in an organization; `id` is that of the membership."""

    id: int
    org_id: int
    user_id: int
    email: str
    first_name: str
    last_name: str
    role: Role
    created_at: int


async def page(db: Source, org_id: int) -> list[Member]:
    """Everybody in an organization, who joined first at first."""
    rows = await db.fetch_all(
        f"{_SELECT} WHERE members.org_id = ? ORDER BY members.created_at, members.id", (org_id,)
    )
    return read_all(Member, rows)


async def get(db: Source, org_id: int, member_id: int) -> Member | None:
    """One membership."""
    row = await db.fetch_one(
        f"{_SELECT} WHERE members.org_id = ? AND members.id = ?", (org_id, member_id)
    )
    return read_optional(Member, row)


async def of_user(db: Source, org_id: int, user_id: int | None) -> Member | None:
    """A person's membership."""
    row = await db.fetch_one(
        f"{_SELECT} WHERE members.org_id = ? AND members.user_id = ?", (org_id, user_id)
    )
    return read_optional(Member, row)


async def set_role(tx: Transaction, member_id: int, role: Role) -> None:
    """Give a member another role. Raises DuplicateError for a second owner."""
    await tx.execute("UPDATE members SET role = ? WHERE id = ?", (role, member_id))


async def transfer_ownership(tx: Transaction, old: Member, new: Member) -> None:
    """Make another member the owner; who owned the organization goes on as admin."""
    await set_role(tx, old.id, "admin")
    await set_role(tx, new.id, "owner")


async def remove(tx: Transaction, member: Member) -> None:
    """End a membership, and the keys that act with its role."""
    await end_keys(tx, member.org_id, member.user_id)
    await tx.execute("DELETE FROM members WHERE id = ?", (member.id,))


async def end_keys(tx: Transaction, org_id: int, user_id: int) -> None:
    """Revoke the keys that act with a person's role in an organization."""
    await tx.execute(
        "UPDATE api_keys SET revoked_at = ? "
        "WHERE org_id = ? AND user_id = ? AND revoked_at IS NULL",
        (now_ms(), org_id, user_id),
    )
