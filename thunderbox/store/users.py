"""Users and their place in organizations: the owner of a box, and who changed what."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_optional

Role = Literal["owner", "admin", "member"]


class User(Struct, frozen=True):
    """A person."""

    id: int
    email: str
    first_name: str
    last_name: str
    created_at: int


async def insert(tx: Transaction, email: str, first_name: str = "", last_name: str = "") -> User:
    """Add a person. Raises DuplicateError when the e-mail address is taken."""
    row = await tx.fetch_one(
        "INSERT INTO users (email, first_name, last_name, created_at) "
        "VALUES (?, ?, ?, ?) RETURNING *",
        (email, first_name, last_name, now_ms()),
    )
    assert row is not None
    return read(User, row)


async def get(db: Source, user_id: int) -> User | None:
    """One person."""
    return read_optional(User, await db.fetch_one("SELECT * FROM users WHERE id = ?", (user_id,)))


async def join(tx: Transaction, org_id: int, user_id: int, role: Role) -> None:
    """Make a person a member. Raises DuplicateError when they are one, or a second owner."""
    await tx.execute(
        "INSERT INTO members (org_id, user_id, role, created_at) VALUES (?, ?, ?, ?)",
        (org_id, user_id, role, now_ms()),
    )


async def owner(db: Source, org_id: int) -> User | None:
    """The owner of an organization."""
    row = await db.fetch_one(
        "SELECT users.* FROM users JOIN members ON members.user_id = users.id "
        "WHERE members.org_id = ? AND members.role = 'owner'",
        (org_id,),
    )
    return read_optional(User, row)


async def role_in(db: Source, org_id: int, user_id: int | None) -> str | None:
    """A person's role in an organization; None for nobody and for who is no member."""
    row = await db.fetch_one(
        "SELECT role FROM members WHERE org_id = ? AND user_id = ?", (org_id, user_id)
    )
    return None if row is None else str(row["role"])
