"""Ledger: an organization's money, entry by entry, in cents; its sum is the balance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json

EntryKind = Literal["manual_topup", "auto_reload", "call_usage", "adjustment"]


class NewEntry(Struct, kw_only=True):
    """What is to be written; credits are positive, charges negative."""

    kind: EntryKind
    amount_cents: int
    description: str
    call_id: int | None = None
    phone_number_id: int | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    idempotency_key: str | None = None


class Entry(NewEntry, kw_only=True):
    """An entry with its place in the ledger, from 1, and the balance after it."""

    id: int
    org_id: int
    seq: int
    balance_cents: int
    created_at: int


async def append(tx: Transaction, org_id: int, new: NewEntry, at_ms: int | None = None) -> Entry:
    """Write an entry. Raises DuplicateError for a second charge of a call, or a used key."""
    last = await _last(tx, org_id)
    row = await tx.fetch_one(
        "INSERT INTO ledger (org_id, seq, kind, amount_cents, balance_cents, call_id, "
        "phone_number_id, description, metadata, idempotency_key, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            org_id,
            1 if last is None else last.seq + 1,
            new.kind,
            new.amount_cents,
            new.amount_cents + (0 if last is None else last.balance_cents),
            new.call_id,
            new.phone_number_id,
            new.description,
            to_json(new.metadata),
            new.idempotency_key,
            now_ms() if at_ms is None else at_ms,
        ),
    )
    assert row is not None
    return read(Entry, row)


async def balance(db: Source, org_id: int) -> int:
    """The sum of all entries, in cents."""
    last = await _last(db, org_id)
    return 0 if last is None else last.balance_cents


async def page(db: Source, org_id: int, limit: int, offset: int) -> tuple[int, list[Entry]]:
    """How many entries there are, and one page of them, newest first."""
    last = await _last(db, org_id)
    if last is None:
        return 0, []
    # Places have no gaps, so a page is found without counting.
    rows = await db.fetch_all(
        "SELECT * FROM ledger WHERE org_id = ? AND seq <= ? ORDER BY seq DESC LIMIT ?",
        (org_id, last.seq - offset, limit),
    )
    return last.seq, read_all(Entry, rows)


async def get(db: Source, org_id: int, entry_id: int) -> Entry | None:
    """One entry."""
    row = await db.fetch_one("SELECT * FROM ledger WHERE id = ? AND org_id = ?", (entry_id, org_id))
    return read_optional(Entry, row)


async def by_idempotency_key(db: Source, org_id: int, key: str) -> Entry | None:
    """The entry that a request with this key has written."""
    row = await db.fetch_one(
        "SELECT * FROM ledger WHERE org_id = ? AND idempotency_key = ?", (org_id, key)
    )
    return read_optional(Entry, row)


async def newest(db: Source, org_id: int, kinds: Sequence[EntryKind]) -> Entry | None:
    """The last entry of any of these kinds."""
    found = []
    for kind in kinds:
        row = await db.fetch_one(
            "SELECT * FROM ledger WHERE org_id = ? AND kind = ? "
            "ORDER BY created_at DESC, id DESC LIMIT 1",
            (org_id, kind),
        )
        if row is not None:
            found.append(read(Entry, row))
    return max(found, key=lambda entry: entry.seq, default=None)


async def total_since(db: Source, org_id: int, kind: EntryKind, since_ms: int) -> int:
    """The sum of one kind from a moment on, in cents."""
    row = await db.fetch_one(
        "SELECT coalesce(sum(amount_cents), 0) FROM ledger "
        "WHERE org_id = ? AND kind = ? AND created_at >= ?",
        (org_id, kind, since_ms),
    )
    assert row is not None
    return int(row[0])


async def _last(db: Source, org_id: int) -> Entry | None:
    row = await db.fetch_one(
        "SELECT * FROM ledger WHERE org_id = ? ORDER BY seq DESC LIMIT 1", (org_id,)
    )
    return read_optional(Entry, row)
