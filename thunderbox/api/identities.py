"""Identities: whose keys and tokens they are, looked up once while the database stays as it is.

A key that is revoked is refused from the next request on, whoever revoked it: what is remembered
counts until the next commit, and for LIFE_S at most, because tokens also expire by themselves.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from msgspec import Struct

from thunderbox.store import api_keys, tokens
from thunderbox.store.api_keys import Holder
from thunderbox.store.database import Database
from thunderbox.store.rows import now_ms
from thunderbox.store.tokens import Bearer

Identity = Holder | Bearer
"""A key with its organization, or a person's token without one."""

LIFE_S = 1.0
REMEMBERED = 1_000


class _Known(Struct, frozen=True):
    identity: Identity
    version: int
    until: float


class Identities:
    """Finds the holders of secrets; `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[bytes, _Known] = {}

    async def of(self, db: Database, secret: str) -> Identity | None:
        """Whose key or token this is; None for one that is unknown, was ended or has expired."""
        digest = hashlib.sha256(secret.encode()).digest()
        # Before the look-up: what is committed during it must count as a change.
        version, now = db.version(), self._clock()
        known = self._known.get(digest)
        if known is not None and known.version == version and now < known.until:
            return known.identity
        found: Identity | None
        if tokens.is_token(secret):
            found = await tokens.by_secret(db, secret, now_ms())
        else:
            found = await api_keys.by_secret(db, secret)
        if found is None or version is None:
            return found
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[digest] = _Known(found, version, now + LIFE_S)
        return found
