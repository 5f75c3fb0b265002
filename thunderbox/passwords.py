"""Passwords: hashed with argon2id, one at a time and off the event loop.

A hash takes 64 MiB and about 0.1 s of one processor core: calls that run beside it go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from thunderbox.errors import ThunderBoxError, TooManyError

MIN_LENGTH = 10
MAX_LENGTH = 256
MAX_WAITING = 20
"""Passwords that wait for their turn."""

_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=1$Y9x46uNTR4O+IwDR8gnoCg$"
    "0000000000000000000000000000000000000000000"
)
"""A hash that no password has; comparing with it takes as long as with any other."""


class Passwords:
    """Hashes and checks passwords in turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The text to store. Raises TooManyError."""
        async with self._in_turn():
            return await asyncio.to_thread(_hasher.hash, password)

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Whether a password is the one that was stored; takes as long where none was.

        Raises TooManyError.
        """
        async with self._in_turn():
            return await asyncio.to_thread(_is_right, stored or _NOBODYS, password)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        if self._waiting >= MAX_WAITING:
            raise TooManyError("Too many people sign in at this moment. Try again in 5 s.", 5)
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1


def hash_now(password: str) -> str:
    """The text to store, for programs that have nothing else to do. Raises ThunderBoxError."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ThunderBoxError(f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.")
    return _hasher.hash(password)


def _is_right(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False
