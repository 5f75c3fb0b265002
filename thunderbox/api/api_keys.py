"""/v1/developer/api-keys: the keys of an organization; each is shown once, when it is made."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.auth import require_admin, require_key
from thunderbox.api.bodies import Body
from thunderbox.api.parameters import PathText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.errors import NotFoundError
from thunderbox.store import api_keys
from thunderbox.store.api_keys import ApiKey


class ApiKeyWrite(Struct, kw_only=True):
    """The body of a create."""

    name: Annotated[
        str,
        Meta(
            min_length=1, max_length=120, pattern=r"\S", description="a text of 1 to 120 characters"
        ),
    ] = "Default key"


class ApiKeyView(Struct, kw_only=True):
    """A key as it is listed."""

    id: str
    name: str
    key_prefix: str
    is_active: bool
    created_at: Timestamp
    last_used_at: Timestamp | None
    revoked_at: Timestamp | None
    created_by: str | None


class NewApiKeyView(ApiKeyView, kw_only=True):
    """A key as its maker sees it, once."""

    key: str


class ApiKeysController(Controller):
    """List, make, rotate and revoke keys; for owners and admins."""

    path = "/v1/developer/api-keys"
    guards = (require_key, require_admin)
    tags = ("API keys",)

    @get(summary="List keys, active and revoked, newest first")
    async def list_keys(self, request: ApiRequest) -> list[ApiKeyView]:
        """Every key of the organization, without the key itself."""
        return [_view(key) for key in await api_keys.page(request.db, request.org_id)]

    @post(dto=Body[ApiKeyWrite], return_dto=None, summary="Make a key")
    async def create_key(self, request: ApiRequest, data: JSONBody[ApiKeyWrite]) -> NewApiKeyView:
        """A key that acts with the role of whoever made it; shown this once."""
        secret = api_keys.new_secret()
        async with request.db.transaction() as tx:
            key = await api_keys.insert(
                tx, request.org_id, data.name, secret, request.caller.user_id
            )
        return _new_view(key, secret)

    @post("/{key_id:str}/rotate", summary="Rotate a key")
    async def rotate_key(self, request: ApiRequest, key_id: PathText) -> NewApiKeyView:
        """A new key of the same name, with the role of whoever asks; the old one ends at once."""
        secret = api_keys.new_secret()
        async with request.db.transaction() as tx:
            old = await api_keys.get(tx, request.org_id, _uuid(key_id))
            if old is None or not await api_keys.revoke(tx, request.org_id, old.id):
                raise _absent(key_id)
            key = await api_keys.insert(
                tx, request.org_id, old.name, secret, request.caller.user_id
            )
        return _new_view(key, secret)

    @delete("/{key_id:str}", summary="Revoke a key")
    async def revoke_key(self, request: ApiRequest, key_id: PathText) -> None:
        """End a key for good; a revoked one stays listed."""
        async with request.db.transaction() as tx:
            if not await api_keys.revoke(tx, request.org_id, _uuid(key_id)):
                raise _absent(key_id)


def _absent(key_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no active key {key_id}; GET /v1/developer/api-keys lists all keys."
    )


def _uuid(text: str) -> str:
    """The id as it is stored; what is no UUID is no key's id either."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        name=key.name,
        key_prefix=key.key_prefix,
        is_active=key.revoked_at is None,
        created_at=iso(key.created_at),
        last_used_at=iso_optional(key.last_used_at),
        revoked_at=iso_optional(key.revoked_at),
        created_by=key.created_by,
    )


def _new_view(key: ApiKey, secret: str) -> NewApiKeyView:
    shown = _view(key)
    return NewApiKeyView(
        id=shown.id,
        name=shown.name,
        key_prefix=shown.key_prefix,
        is_active=shown.is_active,
        created_at=shown.created_at,
        last_used_at=shown.last_used_at,
        revoked_at=shown.revoked_at,
        created_by=shown.created_by,
        key=secret,
    )
