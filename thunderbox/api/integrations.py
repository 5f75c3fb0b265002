"""/v1/integrations: tools that several agents share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, patch, post, put
from litestar.params import JSONBody

from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.integration_fields import IntegrationWrite, created, patched
from thunderbox.api.integration_views import (
    IntegrationTransferView,
    IntegrationVersionPage,
    IntegrationView,
    version_view,
    view,
)
from thunderbox.api.parameters import PathText, VersionLimit
from thunderbox.api.request import ApiRequest
from thunderbox.api.transfers import TransferWrite, check_target
from thunderbox.errors import InvalidError, NotFoundError
from thunderbox.store import integrations
from thunderbox.store.database import Source
from thunderbox.store.integrations import Integration, NewIntegration


class IntegrationsController(Controller):
    """List, read, write, delete and transfer integrations."""

    path = "/v1/integrations"
    guards = (require_key,)
    tags = ("Integrations",)

    @get(summary="List integrations, newest first")
    async def list_integrations(self, request: ApiRequest) -> list[IntegrationView]:
        """Every integration of the organization."""
        return [view(found) for found in await integrations.page(request.db, request.org_id)]

    @post(dto=Body[IntegrationWrite], return_dto=None, summary="Create an integration")
    async def create_integration(
        self, request: ApiRequest, data: JSONBody[IntegrationWrite]
    ) -> IntegrationView:
        """Add an integration and its first version; agents carry it by `integration_ids`."""
        new = created(msgspec.structs.asdict(data))
        async with request.db.transaction() as tx:
            return view(await integrations.insert(tx, request.org_id, new, request.author))

    @get("/{integration_id:str}", summary="Read an integration")
    async def read_integration(
        self, request: ApiRequest, integration_id: PathText
    ) -> IntegrationView:
        """One integration."""
        return view(await find(request.db, request.org_id, integration_id))

    @put(
        "/{integration_id:str}",
        dto=Body[IntegrationWrite],
        return_dto=None,
        summary="Replace an integration",
    )
    async def replace_integration(
        self, request: ApiRequest, integration_id: PathText, data: JSONBody[IntegrationWrite]
    ) -> IntegrationView:
        """Replace what was written before, and record a version."""
        async with request.db.transaction() as tx:
            old = await find(tx, request.org_id, integration_id)
            new = created(msgspec.structs.asdict(data))
            return view(await integrations.update(tx, old, new, request.author))

    @patch(
        "/{integration_id:str}",
        dto=Given[IntegrationWrite],
        return_dto=None,
        summary="Change an integration",
    )
    async def change_integration(
        self, request: ApiRequest, integration_id: PathText, data: JSONBody[dict[str, Any]]
    ) -> IntegrationView:
        """Change the fields that are sent, and record a version."""
        async with request.db.transaction() as tx:
            old = await find(tx, request.org_id, integration_id)
            new = patched(old, data)
            return view(await integrations.update(tx, old, new, request.author))

    @delete("/{integration_id:str}", summary="Delete an integration")
    async def delete_integration(self, request: ApiRequest, integration_id: PathText) -> None:
        """Delete an integration; agents that carry it lose it."""
        async with request.db.transaction() as tx:
            if not await integrations.delete(tx, request.org_id, uuid_of(integration_id)):
                raise _absent(integration_id)

    @get("/{integration_id:str}/versions", summary="List an integration's versions, newest first")
    async def list_integration_versions(
        self, request: ApiRequest, integration_id: PathText, limit: VersionLimit = 20
    ) -> IntegrationVersionPage:
        """The newest versions, and how many there are altogether."""
        known = await find(request.db, request.org_id, integration_id)
        count, found = await integrations.versions(request.db, known.id, limit)
        return IntegrationVersionPage(count=count, results=[version_view(v) for v in found])

    @post(
        "/{integration_id:str}/transfer",
        dto=Body[TransferWrite],
        return_dto=None,
        summary="Copy or move an integration to another organization",
        errors=(403,),
        also=(200,),
    )
    async def transfer_integration(
        self, request: ApiRequest, integration_id: PathText, data: JSONBody[TransferWrite]
    ) -> Response[IntegrationTransferView]:
        """A new integration there, headers included; `move` deletes the one here."""
        moves = data.mode == "move"
        async with request.db.transaction() as tx:
            old = await find(tx, request.org_id, integration_id)
            await check_target(tx, request, data.target_org_id, moves=moves)
            values = {name: getattr(old, name) for name in NewIntegration.__struct_fields__}
            new = NewIntegration(**values | ({"display_name": data.name} if data.name else {}))
            made = await integrations.insert(tx, data.target_org_id, new, request.author)
            if moves:
                await integrations.delete(tx, request.org_id, old.id)
        answer = IntegrationTransferView(
            mode=data.mode,
            source_org_id=request.org_id,
            target_org_id=data.target_org_id,
            integration=view(made),
        )
        return Response(answer, status_code=200 if moves else 201)


async def find(db: Source, org_id: int, integration_id: str) -> Integration:
    """An integration of an organization. Raises NotFoundError."""
    integration = await integrations.get(db, org_id, uuid_of(integration_id))
    if integration is None:
        raise _absent(integration_id)
    return integration


async def linked(db: Source, org_id: int, ids: list[str]) -> list[str]:
    """The ids that an agent is to carry, each once. Raises InvalidError for one not there."""
    wanted = list(dict.fromkeys(uuid_of(integration_id) for integration_id in ids))
    found = {known.id for known in await integrations.of_ids(db, org_id, wanted)}
    wrong = [f'"{given}"' for given in ids if uuid_of(given) not in found]
    if wrong:
        raise InvalidError(
            {
                "integration_ids": [
                    f"There is no integration {', '.join(wrong)} in this organization; "
                    "GET /v1/integrations lists those there are."
                ]
            }
        )
    return wanted


def uuid_of(text: str) -> str:
    """The id as it is stored; what is no UUID is no integration's id either."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _absent(integration_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no integration {integration_id}; GET /v1/integrations lists those there are."
    )
