"""Organization webhooks: the single URL of an organization, and its secret.

The secret also signs what is sent to the organization's tools.
"""

from __future__ import annotations

from msgspec import Struct

from thunderbox.store.database import Database, Source, Transaction
from thunderbox.store.rows import now_ms, read, read_optional
from thunderbox.store.webhook_endpoints import new_secret
from thunderbox.store.webhook_events import CHANGES, LEGACY


class OrganizationWebhook(Struct, kw_only=True):
    """An organization's URL, which is empty where none is told of anything. Times in ms."""

    org_id: int
    url: str
    secret: str
    created_at: int
    updated_at: int


async def get(db: Source, org_id: int) -> OrganizationWebhook | None:
    """The URL and the secret; None while nobody has asked for either."""
    row = await db.fetch_one("SELECT * FROM organization_webhooks WHERE org_id = ?", (org_id,))
    return read_optional(OrganizationWebhook, row)


async def put(tx: Transaction, org_id: int, url: str) -> OrganizationWebhook:
    """Set the URL; the secret is made with the first one, and stays."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO organization_webhooks (org_id, url, secret, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (org_id) DO UPDATE SET url = excluded.url, "
        "updated_at = max(excluded.updated_at, updated_at + 1) RETURNING *",
        (org_id, url, new_secret(), now, now),
    )
    assert row is not None
    tx.notify(CHANGES, [f"{LEGACY}{org_id}"])
    return read(OrganizationWebhook, row)


async def signing_secret(db: Database, org_id: int) -> str:
    """The secret of an organization, `whsec_…`; made when it is first needed."""
    known = await get(db, org_id)
    if known is not None:
        return known.secret
    now = now_ms()
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO organization_webhooks (org_id, secret, created_at, updated_at) "
            "VALUES (?, ?, ?, ?) ON CONFLICT (org_id) DO NOTHING",
            (org_id, new_secret(), now, now),
        )
        made = await get(tx, org_id)
    assert made is not None
    return made.secret
