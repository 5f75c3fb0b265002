"""VoIP connections: accounts at providers and trunks; their credentials are sealed."""

from __future__ import annotations

import uuid
from typing import Any, Literal

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json

Provider = Literal["manual", "signalwire", "telnyx", "twilio", "vonage"]
Outcome = Literal["pass", "fail"]
KEPT_EVIDENCE = 100
"""Pieces of evidence that an organization keeps; older ones are forgotten."""


class NewVoipConnection(Struct, kw_only=True):
    """What a writer decides about a connection."""

    name: str
    inferred_name: bool
    provider: Provider
    setup_method: str
    credentials: str
    """Sealed."""
    sip_config: dict[str, Any]
    """Without secrets."""
    test_result: dict[str, Any] = msgspec.field(default_factory=dict)
    last_tested_at: int | None = None


class VoipConnection(NewVoipConnection, kw_only=True):
    """A connection."""

    id: int
    org_id: int
    created_at: int
    updated_at: int


class Evidence(Struct, kw_only=True):
    """What trying a connection or a number has shown."""

    id: str
    org_id: int
    provider: Provider
    config_fingerprint: str
    inbound_status: Outcome
    outbound_status: Outcome
    evidence: dict[str, Any]
    created_at: int


async def insert(tx: Transaction, org_id: int, new: NewVoipConnection) -> VoipConnection:
    """Add a connection."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO voip_connections (org_id, name, inferred_name, provider, setup_method, "
        "credentials, sip_config, test_result, last_tested_at, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (org_id, *_values(new), now, now),
    )
    assert row is not None
    return read(VoipConnection, row)


async def update(tx: Transaction, old: VoipConnection, new: NewVoipConnection) -> VoipConnection:
    """Replace a connection that was read in this transaction."""
    row = await tx.fetch_one(
        "UPDATE voip_connections SET name = ?, inferred_name = ?, provider = ?, "
        "setup_method = ?, credentials = ?, sip_config = ?, test_result = ?, "
        "last_tested_at = ?, updated_at = ? WHERE id = ? RETURNING *",
        (*_values(new), max(now_ms(), old.updated_at + 1), old.id),
    )
    assert row is not None
    return read(VoipConnection, row)


async def get(db: Source, org_id: int, connection_id: int) -> VoipConnection | None:
    """One connection."""
    row = await db.fetch_one(
        "SELECT * FROM voip_connections WHERE id = ? AND org_id = ?", (connection_id, org_id)
    )
    return read_optional(VoipConnection, row)


async def page(db: Source, org_id: int) -> list[VoipConnection]:
    """Every connection of an organization, newest first."""
    rows = await db.fetch_all(
        "SELECT * FROM voip_connections WHERE org_id = ? ORDER BY created_at DESC, id DESC",
        (org_id,),
    )
    return read_all(VoipConnection, rows)


async def every(db: Source) -> list[VoipConnection]:
    """The connections of all organizations, oldest first."""
    return read_all(
        VoipConnection, await db.fetch_all("SELECT * FROM voip_connections ORDER BY id")
    )


async def delete(tx: Transaction, org_id: int, connection_id: int) -> bool:
    """Delete a connection and release its numbers; False when there is none."""
    row = await tx.fetch_one(
        "DELETE FROM voip_connections WHERE id = ? AND org_id = ? RETURNING id",
        (connection_id, org_id),
    )
    if row is None:
        return False
    await tx.execute(
        "UPDATE phone_numbers SET status = 'released', inbound_agent_id = NULL, "
        "outbound_agent_id = NULL, voip_connection_id = NULL, updated_at = ? "
        "WHERE voip_connection_id = ? AND status <> 'released'",
        (now_ms(), connection_id),
    )
    return True


async def counts(db: Source, org_id: int) -> dict[int, tuple[int, int]]:
    """By connection: its numbers, and those of them that are not verified."""
    rows = await db.fetch_all(
        "SELECT voip_connection_id, count(*), "
        "coalesce(sum(voip_verification_status <> 'verified'), 0) FROM phone_numbers "
        "WHERE org_id = ? AND voip_connection_id IS NOT NULL AND status <> 'released' "
        "GROUP BY voip_connection_id",
        (org_id,),
    )
    return {int(row[0]): (int(row[1]), int(row[2])) for row in rows}


async def add_evidence(
    tx: Transaction,
    org_id: int,
    provider: Provider,
    fingerprint: str,
    inbound: Outcome,
    outbound: Outcome,
    evidence: dict[str, Any],
) -> Evidence:
    """Keep what was found, and forget what is old."""
    row = await tx.fetch_one(
        "INSERT INTO voip_evidence (id, org_id, provider, config_fingerprint, inbound_status, "
        "outbound_status, evidence, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            str(uuid.uuid4()),
            org_id,
            provider,
            fingerprint,
            inbound,
            outbound,
            to_json(evidence),
            now_ms(),
        ),
    )
    await tx.execute(
        "DELETE FROM voip_evidence WHERE org_id = ? AND rowid NOT IN (SELECT rowid FROM "
        "voip_evidence WHERE org_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?)",
        (org_id, org_id, KEPT_EVIDENCE),
    )
    assert row is not None
    return read(Evidence, row)


async def evidence(db: Source, org_id: int, evidence_id: str) -> Evidence | None:
    """One piece of evidence."""
    row = await db.fetch_one(
        "SELECT * FROM voip_evidence WHERE id = ? AND org_id = ?", (evidence_id, org_id)
    )
    return read_optional(Evidence, row)


def _values(new: NewVoipConnection) -> tuple[Any, ...]:
    """The columns of NewVoipConnection in their order."""
    return (
        new.name,
        new.inferred_name,
        new.provider,
        new.setup_method,
        new.credentials,
        to_json(new.sip_config),
        to_json(new.test_result),
        new.last_tested_at,
    )
