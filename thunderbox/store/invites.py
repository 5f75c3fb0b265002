"""Invites: links that let somebody into an organization, once and for a week."""

from __future__ import annotations

import uuid
from typing import Literal

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional

LIFETIME_MS = 7 * 24 * 3600 * 1000

InvitedRole = Literal["admin", "member"]
Stored = Literal["pending", "accepted", "declined", "revoked"]
Status = Literal["pending", "accepted", "declined", "revoked", "expired"]


class Invite(Struct, frozen=True):
    """An invite; `token` is what its link carries."""

    id: int
    org_id: int
    email: str
    role: InvitedRole
    status: Stored
    token: str
    invited_by_email: str
    access_requested_by: str | None
    created_at: int
    expires_at: int

    def status_at(self, at_ms: int) -> Status:
        """What has become of it: a pending invite expires."""
        return "expired" if self.status == "pending" and self.expires_at <= at_ms else self.status


async def insert(
    tx: Transaction, org_id: int, email: str, role: InvitedRole, invited_by_email: str
) -> Invite:
    """Invite somebody; an earlier invite of theirs is revoked, and what they asked for answered."""
    now = now_ms()
    await tx.execute(
        "UPDATE invites SET status = 'revoked' "
        "WHERE org_id = ? AND email = ? AND status = 'pending'",
        (org_id, email),
    )
    await tx.execute(
        "UPDATE invites SET access_requested_by = NULL "
        "WHERE org_id = ? AND lower(access_requested_by) = lower(?)",
        (org_id, email),
    )
    row = await tx.fetch_one(
        "INSERT INTO invites (org_id, email, role, token, invited_by_email, created_at, "
        "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (org_id, email, role, str(uuid.uuid4()), invited_by_email, now, now + LIFETIME_MS),
    )
    assert row is not None
    return read(Invite, row)


async def page(db: Source, org_id: int, at_ms: int) -> list[Invite]:
    """Invites that can be accepted, and those whose holder asks for access; newest first."""
    rows = await db.fetch_all(
        "SELECT * FROM invites WHERE org_id = ? AND ((status = 'pending' AND expires_at > ?) "
        "OR access_requested_by IS NOT NULL) ORDER BY created_at DESC, id DESC",
        (org_id, at_ms),
    )
    return read_all(Invite, rows)


async def by_token(db: Source, token: str) -> Invite | None:
    """The invite of a link."""
    return read_optional(
        Invite, await db.fetch_one("SELECT * FROM invites WHERE token = ?", (token,))
    )


async def finish(tx: Transaction, invite: Invite, status: Stored) -> None:
    """Say what has become of an invite that was read in this transaction."""
    await tx.execute(
        "UPDATE invites SET status = ?, access_requested_by = NULL WHERE id = ?",
        (status, invite.id),
    )


async def revoke(tx: Transaction, org_id: int, invite_id: int) -> bool:
    """Take back what `page` lists; False when it holds no such invite."""
    row = await tx.fetch_one(
        "UPDATE invites SET access_requested_by = NULL, "
        "status = CASE status WHEN 'pending' THEN 'revoked' ELSE status END "
        "WHERE org_id = ? AND id = ? "
        "AND ((status = 'pending' AND expires_at > ?) OR access_requested_by IS NOT NULL) "
        "RETURNING id",
        (org_id, invite_id, now_ms()),
    )
    return row is not None


async def request_access(tx: Transaction, invite: Invite, email: str) -> None:
    """Note who would like to be let in."""
    await tx.execute("UPDATE invites SET access_requested_by = ? WHERE id = ?", (email, invite.id))
