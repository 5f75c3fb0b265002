"""Publishable keys: public by design, locked to the sites that may show them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json
from thunderbox.store.webhook_endpoints import new_secret
from thunderbox.store.webhook_events import CHANGES, KEY

PREFIX_LENGTH = 12

_SELECT = (
    "SELECT publishable_keys.*, coalesce(agents.name, '') AS agent_name FROM publishable_keys "
    "LEFT JOIN agents ON agents.id = publishable_keys.agent_id WHERE publishable_keys."
)


class NewPublishableKey(Struct, kw_only=True):
    """What a writer decides about a key."""

    name: str = ""
    mode: str = "agent"
    """`agent`, or `webhook`: `webhook_url` says which agent a visitor gets, and hears the rest."""
    agent_id: int | None = None
    webhook_url: str | None = None
    allowed_domains: list[str] = msgspec.field(default_factory=list)
    embed_config: dict[str, Any] = msgspec.field(default_factory=dict)
    is_enabled: bool = True


class PublishableKey(NewPublishableKey, kw_only=True):
    """A key; inactive ones stay listed. `agent_name` is empty where there is no agent."""

    id: int
    org_id: int
    key: str
    webhook_secret: str
    is_active: bool
    created_at: int
    updated_at: int
    agent_name: str


async def insert(tx: Transaction, org_id: int, new: NewPublishableKey) -> PublishableKey:
    """Add a key."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO publishable_keys (org_id, name, mode, agent_id, webhook_url, "
        "allowed_domains, embed_config, is_enabled, key, webhook_secret, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (org_id, *_values(new), _new_key(), new_secret(), now, now),
    )
    assert row is not None
    return await _stored(tx, row["id"])


async def get(db: Source, org_id: int, key_id: int) -> PublishableKey | None:
    """One key."""
    row = await db.fetch_one(f"{_SELECT}id = ? AND publishable_keys.org_id = ?", (key_id, org_id))
    return read_optional(PublishableKey, row)


async def by_id(db: Source, key_id: int) -> PublishableKey | None:
    """One key, whoever owns it."""
    return read_optional(PublishableKey, await db.fetch_one(f"{_SELECT}id = ?", (key_id,)))


async def by_key(db: Source, value: str) -> PublishableKey | None:
    """The key with this value, active or not."""
    return read_optional(PublishableKey, await db.fetch_one(f"{_SELECT}key = ?", (value,)))


async def name_any(db: Source, entries: Sequence[str]) -> bool:
    """Whether a key that opens sessions has one of these entries among its allowed_domains."""
    row = await db.fetch_one(
        "SELECT 1 FROM publishable_keys, json_each(publishable_keys.allowed_domains) AS domain "
        "WHERE is_active AND is_enabled AND domain.value IN (SELECT value FROM json_each(?)) "
        "LIMIT 1",
        (to_json(list(entries)),),
    )
    return row is not None


async def page(db: Source, org_id: int) -> list[PublishableKey]:
    """Every key of an organization, active and inactive, newest first."""
    rows = await db.fetch_all(
        f"{_SELECT}org_id = ? ORDER BY publishable_keys.created_at DESC, publishable_keys.id DESC",
        (org_id,),
    )
    return read_all(PublishableKey, rows)


async def update(tx: Transaction, key_id: int, new: NewPublishableKey) -> PublishableKey:
    """Replace what a writer decides."""
    await tx.execute(
        "UPDATE publishable_keys SET name = ?, mode = ?, agent_id = ?, webhook_url = ?, "
        "allowed_domains = ?, embed_config = ?, is_enabled = ?, "
        "updated_at = max(?, updated_at + 1) WHERE id = ?",
        (*_values(new), now_ms(), key_id),
    )
    tx.notify(CHANGES, [f"{KEY}{key_id}"])
    return await _stored(tx, key_id)


async def rotate(tx: Transaction, key_id: int) -> PublishableKey:
    """Give a key another value; the old one opens nothing any more."""
    await tx.execute(
        "UPDATE publishable_keys SET key = ?, updated_at = max(?, updated_at + 1) WHERE id = ?",
        (_new_key(), now_ms(), key_id),
    )
    return await _stored(tx, key_id)


async def move(tx: Transaction, key_id: int, org_id: int, name: str) -> PublishableKey:
    """Give a key to another organization; its value stays, its agent stays behind."""
    await tx.execute(
        "UPDATE publishable_keys SET org_id = ?, name = ?, agent_id = NULL, webhook_secret = ?, "
        "updated_at = max(?, updated_at + 1) WHERE id = ?",
        (org_id, name, new_secret(), now_ms(), key_id),
    )
    tx.notify(CHANGES, [f"{KEY}{key_id}"])
    return await _stored(tx, key_id)


async def deactivate(tx: Transaction, key_id: int) -> None:
    """End a key for good."""
    await tx.execute(
        "UPDATE publishable_keys SET is_active = 0, updated_at = max(?, updated_at + 1) "
        "WHERE id = ?",
        (now_ms(), key_id),
    )


async def _stored(tx: Transaction, key_id: int) -> PublishableKey:
    row = await tx.fetch_one(f"{_SELECT}id = ?", (key_id,))
    assert row is not None
    return read(PublishableKey, row)


def _new_key() -> str:
    return f"pk_live_{secrets.token_hex(24)}"


def _values(new: NewPublishableKey) -> tuple[Any, ...]:
    """The columns of NewPublishableKey in their order."""
    return (
        new.name,
        new.mode,
        new.agent_id,
        new.webhook_url,
        to_json(new.allowed_domains),
        to_json(new.embed_config),
        new.is_enabled,
    )
