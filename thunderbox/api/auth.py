"""Who asks: `Authorization: Bearer sk_live_…` (or `Token`), looked up by its hash."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from thunderbox.api.parts import Parts
from thunderbox.errors import ForbiddenError, StoreError, UnauthorizedError
from thunderbox.store import api_keys
from thunderbox.store.api_keys import USED_EVERY_MS, Holder
from thunderbox.store.database import Database
from thunderbox.store.rows import now_ms

log = logging.getLogger(__name__)

HOW = "Send the header `Authorization: Bearer sk_live_…` with a key of this box."


class Usage:
    """Remembers when keys were last used: at most once a minute each, and never in the way."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: dict[str, int] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, key: Holder) -> None:
        """A key was used now."""
        now = now_ms()
        if now - self._noted.get(key.id, key.last_used_at or 0) < USED_EVERY_MS:
            return
        self._noted[key.id] = now
        task = asyncio.create_task(self._write(key.id, now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def drain(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writing)

    async def _write(self, key_id: str, at_ms: int) -> None:
        try:
            async with self._db.transaction() as tx:
                await api_keys.touch(tx, key_id, at_ms)
        except StoreError as error:
            log.warning("When a key was last used could not be noted: %s", error)


async def require_key(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard: let only holders of a valid key pass. Raises UnauthorizedError."""
    connection.scope["auth"] = await holder(connection)


async def require_admin(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard, after require_key: let only owners and admins pass. Raises ForbiddenError."""
    if connection.auth.role == "member":
        raise ForbiddenError(
            "This key acts with the role member, but only owners and admins may manage keys."
        )


async def holder(connection: ASGIConnection[Any, Any, Any, Any]) -> Holder:
    """The holder of the key that a request carries. Raises UnauthorizedError."""
    scheme, _, secret = connection.headers.get("authorization", "").strip().partition(" ")
    secret = secret.strip()
    if not scheme:
        raise UnauthorizedError(f"This request carries no key. {HOW}")
    if scheme.lower() not in ("bearer", "token") or not secret:
        raise UnauthorizedError(f"The Authorization header is not understood. {HOW}")
    if secret.startswith("pk_live_"):
        raise UnauthorizedError(
            "A publishable key (pk_live_…) only opens widget sessions; the REST API needs a "
            f"secret key. {HOW}"
        )
    state = connection.app.state
    parts: Parts = state.parts
    found = await api_keys.by_secret(parts.db, secret)
    if found is None:
        raise UnauthorizedError(f"This key is unknown or was revoked. {HOW}")
    usage: Usage = state.usage
    usage.note(found)
    return found
