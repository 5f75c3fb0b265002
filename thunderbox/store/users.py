"""Users: the people of a box, and the hashes of their passwords."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional

Role = Literal["owner", "admin", "member"]


class User(Struct, frozen=True):
    """A person."""

    id: int
    email: str
    first_name: str
    last_name: str
    created_at: int


async def insert(
    tx: Transaction,
    email: str,
    first_name: str = "",
    last_name: str = "",
    password_hash: str | None = None,
) -> User:
    """Add a person. Raises DuplicateError when the e-mail address is taken."""
    row = await tx.fetch_one(
        "INSERT INTO users (email, first_name, last_name, password_hash, created_at) "
        "VALUES (?, ?, ?, ?, ?) RETURNING *",
        (email, first_name, last_name, password_hash, now_ms()),
    )
    assert row is not None
    return read(User, row)


async def get(db: Source, user_id: int) -> User | None:
    """One person."""
    return read_optional(User, await db.fetch_one("SELECT * FROM users WHERE id = ?", (user_id,)))


async def by_email(db: Source, email: str) -> User | None:
    """The person with an e-mail address, in upper or lower case."""
    return read_optional(User, await db.fetch_one("SELECT * FROM users WHERE email = ?", (email,)))


async def page(db: Source) -> list[User]:
    """Everybody, the first one first."""
    return read_all(User, await db.fetch_all("SELECT * FROM users ORDER BY id"))


async def password_hash(db: Source, user_id: int) -> str | None:
    """The hash of a person's password; None for who has none and cannot sign in."""
    row = await db.fetch_one("SELECT password_hash FROM users WHERE id = ?", (user_id,))
    return None if row is None else row["password_hash"]


async def set_password(tx: Transaction, user_id: int, password_hash: str) -> None:
    """Give a person another password."""
    await tx.execute("UPDATE users SET password_hash = ? WHERE id = ?", (password_hash, user_id))


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
