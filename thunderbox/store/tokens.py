"""Tokens of people: sessions, which sign-in makes, and personal ones; only hashes are stored."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import Literal

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional

Kind = Literal["session", "personal"]
PREFIXES: dict[Kind, str] = {"session": "tbs_", "personal": "tbp_"}
PREFIX_LENGTH = 11


class Token(Struct, frozen=True):
    """A token as it is listed; it works until `expires_at`, which may be None."""

    id: str
    user_id: int
    kind: Kind
    name: str
    token_prefix: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None


class Bearer(Token, frozen=True):
    """What a presented token proves: which person."""

    email: str


def new_secret(kind: Kind) -> str:
    """A fresh token: `tbs_` or `tbp_` and 48 hexadecimal digits."""
    return PREFIXES[kind] + secrets.token_hex(24)


def is_token(secret: str) -> bool:
    """Whether a credential has the form of a token."""
    return secret.startswith(tuple(PREFIXES.values()))


async def insert(
    tx: Transaction,
    user_id: int,
    kind: Kind,
    name: str,
    secret: str,
    expires_at: int | None = None,
) -> Token:
    """Store the hash of a token, and forget this person's expired ones."""
    now = now_ms()
    await tx.execute("DELETE FROM tokens WHERE user_id = ? AND expires_at <= ?", (user_id, now))
    row = await tx.fetch_one(
        "INSERT INTO tokens (id, user_id, kind, name, token_prefix, token_hash, created_at, "
        "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            str(uuid.uuid4()),
            user_id,
            kind,
            name,
            secret[:PREFIX_LENGTH],
            _hash(secret),
            now,
            expires_at,
        ),
    )
    assert row is not None
    return read(Token, row)


async def page(db: Source, user_id: int, kind: Kind) -> list[Token]:
    """A person's tokens that work, newest first."""
    rows = await db.fetch_all(
        "SELECT * FROM tokens WHERE user_id = ? AND kind = ? "
        "AND (expires_at IS NULL OR expires_at > ?) ORDER BY created_at DESC, rowid DESC",
        (user_id, kind, now_ms()),
    )
    return read_all(Token, rows)


async def by_secret(db: Source, secret: str, at_ms: int) -> Bearer | None:
    """The token that a client presents, unless it has expired."""
    row = await db.fetch_one(
        "SELECT tokens.*, users.email FROM tokens JOIN users ON users.id = tokens.user_id "
        "WHERE tokens.token_hash = ? AND (tokens.expires_at IS NULL OR tokens.expires_at > ?)",
        (_hash(secret), at_ms),
    )
    return read_optional(Bearer, row)


async def touch(tx: Transaction, token_id: str, at_ms: int) -> None:
    """Remember that a token was used."""
    await tx.execute("UPDATE tokens SET last_used_at = ? WHERE id = ?", (at_ms, token_id))


async def delete(tx: Transaction, user_id: int, token_id: str) -> bool:
    """End a token; False when the person has no such."""
    row = await tx.fetch_one(
        "DELETE FROM tokens WHERE user_id = ? AND id = ? RETURNING id", (user_id, token_id)
    )
    return row is not None


async def delete_sessions(tx: Transaction, user_id: int, keep: str = "") -> None:
    """Sign a person out everywhere, but for the token `keep`."""
    await tx.execute(
        "DELETE FROM tokens WHERE user_id = ? AND kind = 'session' AND id <> ?", (user_id, keep)
    )


async def delete_all(tx: Transaction, user_id: int) -> None:
    """End every token of a person."""
    await tx.execute("DELETE FROM tokens WHERE user_id = ?", (user_id,))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
