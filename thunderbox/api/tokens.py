"""/v1/auth/tokens: personal tokens, with which a person's own scripts act for them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.auth import require_person
from thunderbox.api.bodies import Body
from thunderbox.api.parameters import PathText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.errors import NotFoundError
from thunderbox.store import tokens
from thunderbox.store.rows import now_ms
from thunderbox.store.tokens import Token

DAY_MS = 24 * 3600 * 1000


class TokenWrite(Struct, kw_only=True):
    """The body of a create."""

    name: Annotated[
        str,
        Meta(
            min_length=1, max_length=120, pattern=r"\S", description="a text of 1 to 120 characters"
        ),
    ] = "Personal token"
    expires_days: (
        Annotated[int, Meta(ge=1, le=3650, description="a whole number from 1 to 3650")] | None
    ) = None


class TokenView(Struct, kw_only=True):
    """A token as it is listed."""

    id: str
    name: str
    token_prefix: str
    created_at: Timestamp
    expires_at: Timestamp | None
    last_used_at: Timestamp | None


class NewTokenView(TokenView, kw_only=True):
    """A token as its maker sees it, once."""

    token: str


class TokensController(Controller):
    """List, make and end your own personal tokens."""

    path = "/v1/auth/tokens"
    guards = (require_person,)
    tags = ("Sign-in",)

    @get(summary="List your personal tokens, newest first")
    async def list_tokens(self, request: ApiRequest) -> list[TokenView]:
        """Those that work, without the token itself."""
        found = await tokens.page(request.db, request.person.user_id, "personal")
        return [_view(token) for token in found]

    @post(dto=Body[TokenWrite], return_dto=None, summary="Make a personal token")
    async def create_token(self, request: ApiRequest, data: JSONBody[TokenWrite]) -> NewTokenView:
        """A token that acts for you in all your organizations; shown this once."""
        secret = tokens.new_secret("personal")
        expires_at = now_ms() + data.expires_days * DAY_MS if data.expires_days else None
        async with request.db.transaction() as tx:
            made = await tokens.insert(
                tx, request.person.user_id, "personal", data.name, secret, expires_at
            )
        shown = _view(made)
        return NewTokenView(
            id=shown.id,
            name=shown.name,
            token_prefix=shown.token_prefix,
            created_at=shown.created_at,
            expires_at=shown.expires_at,
            last_used_at=shown.last_used_at,
            token=secret,
        )

    @delete("/{token_id:str}", summary="End a personal token")
    async def delete_token(self, request: ApiRequest, token_id: PathText) -> None:
        """End a token for good."""
        async with request.db.transaction() as tx:
            if not await tokens.delete(tx, request.person.user_id, _uuid(token_id)):
                raise NotFoundError(
                    f"You have no token {token_id}; GET /v1/auth/tokens lists yours."
                )


def _uuid(text: str) -> str:
    """The id as it is stored; what is no UUID is no token's id either."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _view(token: Token) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        token_prefix=token.token_prefix,
        created_at=iso(token.created_at),
        expires_at=iso_optional(token.expires_at),
        last_used_at=iso_optional(token.last_used_at),
    )
