"""The request as controllers see it: who asks, in which dialect, and the parts to answer with."""

from __future__ import annotations

from litestar import Request
from litestar.datastructures import State

from thunderbox.api.parts import Parts
from thunderbox.store.api_keys import Holder
from thunderbox.store.database import Database


class ApiRequest(Request[None, Holder, State]):
    """A request; `caller` and `org_id` only behind the guard of auth.py."""

    __slots__ = ()

    @property
    def parts(self) -> Parts:
        """What the API is made of."""
        parts: Parts = self.app.state.parts
        return parts

    @property
    def db(self) -> Database:
        """The database."""
        return self.parts.db

    @property
    def caller(self) -> Holder:
        """Who asks."""
        return self.auth

    @property
    def org_id(self) -> int:
        """The organization that the caller's key belongs to."""
        return self.auth.org_id

    @property
    def author(self) -> str:
        """The caller's e-mail address, or the beginning of a key that belongs to nobody."""
        return self.auth.email or self.auth.key_prefix

    async def body(self) -> bytes:
        """The body; an empty one means an object without fields."""
        return await super().body() or b"{}"
