"""API keys: only a hash is stored; the key itself is seen once, by whoever made it."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import Literal

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read_all, read_optional

PREFIX_LENGTH = 15
USED_EVERY_MS = 60_000

_SELECT = (
    "SELECT api_keys.*, users.email AS created_by "
    "FROM api_keys LEFT JOIN users ON users.id = api_keys.user_id"
)


class ApiKey(Struct, frozen=True):
    """A key as it is listed; active while `revoked_at` is None."""

    id: str
    org_id: int
    created_by: str | None
    """The e-mail address of the person whose role the key acts with."""
    name: str
    key_prefix: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


class Holder(Struct, frozen=True):
    """What a key, or a person's token, proves: which organization, and with whose role."""

    kind: Literal["api_key", "session", "personal"]
    id: str
    org_id: int
    org_name: str
    user_id: int | None
    """Whose role it acts with."""
    name: str
    key_prefix: str
    last_used_at: int | None
    email: str | None
    role: str | None


def new_secret() -> str:
    """A fresh key: `sk_live_` and 48 hexadecimal digits."""
    return f"sk_live_{secrets.token_hex(24)}"


async def insert(
    tx: Transaction, org_id: int, name: str, secret: str, user_id: int | None = None
) -> ApiKey:
    """Store the hash of a key that acts with the role of `user_id`."""
    key_id = str(uuid.uuid4())
    await tx.execute(
        "INSERT INTO api_keys (id, org_id, user_id, name, key_prefix, key_hash, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key_id, org_id, user_id, name, secret[:PREFIX_LENGTH], _hash(secret), now_ms()),
    )
    key = await get(tx, org_id, key_id)
    assert key is not None
    return key


async def page(db: Source, org_id: int) -> list[ApiKey]:
    """Every key of an organization, active and revoked, newest first."""
    rows = await db.fetch_all(
        f"{_SELECT} WHERE api_keys.org_id = ? "
        "ORDER BY api_keys.created_at DESC, api_keys.rowid DESC",
        (org_id,),
    )
    return read_all(ApiKey, rows)


async def get(db: Source, org_id: int, key_id: str) -> ApiKey | None:
    """One key."""
    row = await db.fetch_one(
        f"{_SELECT} WHERE api_keys.org_id = ? AND api_keys.id = ?", (org_id, key_id)
    )
    return read_optional(ApiKey, row)


async def by_secret(db: Source, secret: str) -> Holder | None:
    """The active key that a client presents.

    Looking a hash up takes no time that tells anything about the key: who can guess parts of a
    SHA-256 hash already holds the key.
    """
    row = await db.fetch_one(
        "SELECT api_keys.*, 'api_key' AS kind, organizations.name AS org_name, users.email, "
        "members.role "
        "FROM api_keys JOIN organizations ON organizations.id = api_keys.org_id "
        "LEFT JOIN users ON users.id = api_keys.user_id "
        "LEFT JOIN members ON members.user_id = api_keys.user_id "
        "AND members.org_id = api_keys.org_id "
        "WHERE api_keys.key_hash = ? AND api_keys.revoked_at IS NULL",
        (_hash(secret),),
    )
    return read_optional(Holder, row)


async def touch(tx: Transaction, key_id: str, at_ms: int) -> None:
    """Remember that a key was used."""
    await tx.execute("UPDATE api_keys SET last_used_at = ? WHERE id = ?", (at_ms, key_id))


async def revoke(tx: Transaction, org_id: int, key_id: str) -> bool:
    """End a key for good; False when there is none, or it has ended already."""
    row = await tx.fetch_one(
        "UPDATE api_keys SET revoked_at = ? "
        "WHERE org_id = ? AND id = ? AND revoked_at IS NULL RETURNING id",
        (now_ms(), org_id, key_id),
    )
    return row is not None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
