"""Usage: when keys and tokens were last used."""

from __future__ import annotations

import asyncio
import logging

from thunderbox.errors import StoreError
from thunderbox.store import api_keys, tokens
from thunderbox.store.api_keys import USED_EVERY_MS, Holder
from thunderbox.store.database import Database
from thunderbox.store.rows import now_ms
from thunderbox.store.tokens import Bearer

log = logging.getLogger(__name__)

REMEMBERED = 10_000
"""Keys whose last note is remembered; the database says when the others were used."""


class Usage:
    """Remembers when keys were last used: at most once a minute each, and never in the way."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: dict[str, int] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, key: Holder | Bearer) -> None:
        """A key or token was used now."""
        now = now_ms()
        if now - self._noted.get(key.id, key.last_used_at or 0) < USED_EVERY_MS:
            return
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[key.id] = now
        task = asyncio.create_task(self._write(key, now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def drain(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writing)

    async def _write(self, key: Holder | Bearer, at_ms: int) -> None:
        try:
            async with self._db.transaction() as tx:
                if isinstance(key, Holder):
                    await api_keys.touch(tx, key.id, at_ms)
                else:
                    await tokens.touch(tx, key.id, at_ms)
        except StoreError as error:
            log.warning("When a key was last used could not be noted: %s", error)
