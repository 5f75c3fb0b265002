"""Organization webhooks: the secret that signs what is sent to an organization's tools."""

from __future__ import annotations

import secrets

from thunderbox.store.database import Database, Source
from thunderbox.store.rows import now_ms


async def signing_secret(db: Database, org_id: int) -> str:
    """The secret of an organization, `whsec_…`; made when it is first needed."""
    known = await _secret(db, org_id)
    if known is not None:
        return known
    now = now_ms()
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO organization_webhooks (org_id, secret, created_at, updated_at) "
            "VALUES (?, ?, ?, ?) ON CONFLICT (org_id) DO NOTHING",
            (org_id, f"whsec_{secrets.token_urlsafe(32)[:42]}", now, now),
        )
        made = await _secret(tx, org_id)
    assert made is not None
    return made


async def _secret(db: Source, org_id: int) -> str | None:
    row = await db.fetch_one("SELECT secret FROM organization_webhooks WHERE org_id = ?", (org_id,))
    return None if row is None else str(row["secret"])
