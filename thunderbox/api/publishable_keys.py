"""/v1/publishable-key: keys that web pages may show."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import Struct

from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.parameters import PathId
from thunderbox.api.publishable_key_fields import PublishableKeyWrite, created, patched
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.api.transfers import TransferWrite, check_target
from thunderbox.errors import NotFoundError
from thunderbox.store import publishable_keys, webhook_deliveries
from thunderbox.store.database import Source, Transaction
from thunderbox.store.publishable_keys import PREFIX_LENGTH, NewPublishableKey, PublishableKey
from thunderbox.store.webhook_events import KEY


class PublishableKeyView(Struct, kw_only=True):
    """A key; the three fields at the end are what the newer client looks for."""

    id: int
    name: str
    key: str
    key_prefix: str
    allowed_domains: list[str]
    is_active: bool
    is_enabled: bool
    mode: str
    agent_id: int | None
    webhook_url: str | None
    created_at: Timestamp
    updated_at: Timestamp

    agent_name: str
    webhook_secret: str
    embed_config: dict[str, Any]


class PublishableKeysController(Controller):
    """List, make, change, rotate, transfer and end keys."""

    path = "/v1/publishable-key"
    guards = (require_key,)
    tags = ("Publishable keys",)

    @get(summary="List publishable keys, active and ended, newest first")
    async def list_publishable_keys(self, request: ApiRequest) -> list[PublishableKeyView]:
        """Every key of the organization."""
        return [_view(key) for key in await publishable_keys.page(request.db, request.org_id)]

    @post(dto=Body[PublishableKeyWrite], return_dto=None, summary="Make a publishable key")
    async def create_publishable_key(
        self, request: ApiRequest, data: JSONBody[PublishableKeyWrite]
    ) -> PublishableKeyView:
        """A key for one agent, or for a web hook that names the agent of each visitor."""
        async with request.db.transaction() as tx:
            new = await created(
                tx, request.org_id, msgspec.structs.asdict(data), plain=request.parts.allows_http
            )
            return _view(await publishable_keys.insert(tx, request.org_id, new))

    @get("/{publishable_key_id:int}", summary="Read a publishable key")
    async def read_publishable_key(
        self, request: ApiRequest, publishable_key_id: PathId
    ) -> PublishableKeyView:
        """One key, also an ended one."""
        key = await publishable_keys.get(request.db, request.org_id, publishable_key_id)
        if key is None:
            raise _absent(publishable_key_id)
        return _view(key)

    @patch(
        "/{publishable_key_id:int}",
        dto=Given[PublishableKeyWrite],
        return_dto=None,
        summary="Change a publishable key",
    )
    async def change_publishable_key(
        self, request: ApiRequest, publishable_key_id: PathId, data: JSONBody[dict[str, Any]]
    ) -> PublishableKeyView:
        """Change the fields that are sent."""
        async with request.db.transaction() as tx:
            old = await _active(tx, request.org_id, publishable_key_id)
            new = await patched(tx, old, data, plain=request.parts.allows_http)
            if new.mode != "webhook":
                await _give_up(tx, old, "The publishable key has no webhook any more.")
            return _view(await publishable_keys.update(tx, publishable_key_id, new))

    @delete("/{publishable_key_id:int}", summary="End a publishable key")
    async def delete_publishable_key(self, request: ApiRequest, publishable_key_id: PathId) -> None:
        """End a key for good; it stays listed."""
        async with request.db.transaction() as tx:
            await _active(tx, request.org_id, publishable_key_id)
            await publishable_keys.deactivate(tx, publishable_key_id)

    @post(
        "/{publishable_key_id:int}/rotate",
        status_code=200,
        summary="Give a publishable key a new value",
    )
    async def rotate_publishable_key(
        self, request: ApiRequest, publishable_key_id: PathId
    ) -> PublishableKeyView:
        """Another `key`; the old one opens nothing any more."""
        async with request.db.transaction() as tx:
            await _active(tx, request.org_id, publishable_key_id)
            return _view(await publishable_keys.rotate(tx, publishable_key_id))

    @post(
        "/{publishable_key_id:int}/transfer",
        dto=Body[TransferWrite],
        return_dto=None,
        summary="Copy or move a publishable key to another organization",
        errors=(403,),
        also=(200,),
    )
    async def transfer_publishable_key(
        self, request: ApiRequest, publishable_key_id: PathId, data: JSONBody[TransferWrite]
    ) -> Response[PublishableKeyView]:
        """`copy` makes another key there, `move` takes this one along; neither has an agent."""
        moves = data.mode == "move"
        async with request.db.transaction() as tx:
            old = await _active(tx, request.org_id, publishable_key_id)
            await check_target(tx, request, data.target_org_id, moves=moves)
            name = data.name or old.name
            if moves:
                await _give_up(tx, old, "The publishable key was moved to another organization.")
                made = await publishable_keys.move(tx, publishable_key_id, data.target_org_id, name)
            else:
                values = {
                    field: getattr(old, field) for field in NewPublishableKey.__struct_fields__
                }
                new = NewPublishableKey(**values | {"agent_id": None, "name": name})
                made = await publishable_keys.insert(tx, data.target_org_id, new)
        return Response(_view(made), status_code=200 if moves else 201)


async def _active(db: Source, org_id: int, key_id: int) -> PublishableKey:
    key = await publishable_keys.get(db, org_id, key_id)
    if key is None or not key.is_active:
        raise _absent(key_id)
    return key


async def _give_up(tx: Transaction, key: PublishableKey, why: str) -> None:
    """Send the key's webhook nothing of what it still waits for."""
    await webhook_deliveries.give_up(tx, f"{KEY}{key.id}", why)


def _absent(key_id: int) -> NotFoundError:
    return NotFoundError(
        f"There is no active publishable key {key_id}; GET /v1/publishable-key lists all keys."
    )


def _view(key: PublishableKey) -> PublishableKeyView:
    return PublishableKeyView(
        id=key.id,
        name=key.name,
        key=key.key,
        key_prefix=key.key[:PREFIX_LENGTH],
        allowed_domains=key.allowed_domains,
        is_active=key.is_active,
        is_enabled=key.is_enabled,
        mode=key.mode,
        agent_id=key.agent_id,
        webhook_url=key.webhook_url,
        created_at=iso(key.created_at),
        updated_at=iso(key.updated_at),
        agent_name=key.agent_name,
        webhook_secret=key.webhook_secret,
        embed_config=key.embed_config,
    )
