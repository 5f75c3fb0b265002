"""The request as controllers see it: who asks, in which dialect, and the parts to answer with."""

from __future__ import annotations

from litestar import Request
from litestar.datastructures import State

from thunderbox.api.identities import Identity
from thunderbox.api.limits import Limits
from thunderbox.api.parts import Parts
from thunderbox.store.api_keys import Holder
from thunderbox.store.database import Database
from thunderbox.store.tokens import Bearer


class ApiRequest(Request[Identity, Holder, State]):
    """A request; who asks is known only behind the guards of auth.py."""

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
    def limits(self) -> Limits:
        """How often somebody may ask."""
        limits: Limits = self.app.state.limits
        return limits

    @property
    def identity(self) -> Identity:
        """Who asks: a key with its organization, or a person; behind every guard."""
        return self.user

    @property
    def person(self) -> Bearer:
        """The person who asks; behind require_person."""
        assert isinstance(self.user, Bearer)
        return self.user

    @property
    def caller(self) -> Holder:
        """Who asks, in one organization; behind require_key."""
        return self.auth

    @property
    def org_id(self) -> int:
        """The organization that the caller acts in; behind require_key."""
        return self.auth.org_id

    @property
    def address(self) -> str:
        """`http(s)://host[:port]` under which the client reaches this box, without a slash at the
        end: api.public_url, or what it has asked."""
        public = self.parts.settings.api.public_url.rstrip("/")
        return public or f"{self.url.scheme}://{self.url.netloc}"

    @property
    def author(self) -> str:
        """The caller's e-mail address, or the beginning of a key that belongs to nobody."""
        return self.auth.email or self.auth.key_prefix

    async def body(self) -> bytes:
        """The body; an empty one means an object without fields."""
        return await super().body() or b"{}"
