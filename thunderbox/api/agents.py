"""/v1/agents: the configurations that drive calls."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, delete, get, patch, post, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api import dialect, times
from thunderbox.api.agent_fields import AgentWrite, Name, created, patched, replaced
from thunderbox.api.agent_views import (
    AgentTransferView,
    AgentView,
    VersionPage,
    version_view,
    view,
)
from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.fields import refusal
from thunderbox.api.integrations import linked as checked_links
from thunderbox.api.parameters import PathId, VersionLimit
from thunderbox.api.request import ApiRequest
from thunderbox.api.transfers import TransferWrite, check_target
from thunderbox.errors import ConflictError, InvalidError, NotFoundError
from thunderbox.store import agents, integrations
from thunderbox.store.agents import Agent, NewAgent
from thunderbox.store.database import Source
from thunderbox.store.integrations import Integration

COPIED = (
    "prompt",
    "voice",
    "product",
    "thinking_level",
    "background_track",
    "acknowledgement_prompt_mode",
    "acknowledgement_prompt",
    "widget_enabled",
    "integration_ids",
    "primary_language",
    "additional_languages",
    "transfer_destinations",
    "voicemail_action",
    "voicemail_message",
    "max_call_duration_seconds",
    "ring_duration_seconds",
    "silence_checkins_enabled",
    "silence_interval_seconds",
    "silence_max_checkins",
    "silence_hangup_seconds",
)
"""What a duplicate has of its original: neither speak orders nor hold time nor inline tools."""


class Expectation(Struct, kw_only=True):
    """The body of deploy and discard-draft."""

    if_updated_at: str | None = None
    updated_at: str | None = None


class DuplicateWrite(Struct, kw_only=True):
    """The body of a duplicate."""

    name: Name | None = None


class AgentsController(Controller):
    """List, read, write, copy and delete agents; every write is live at once."""

    path = "/v1/agents"
    guards = (require_key,)
    tags = ("Agents",)

    @get(summary="List agents, newest first")
    async def list_agents(self, request: ApiRequest) -> list[AgentView]:
        """Every agent of the organization."""
        found = await agents.page(request.db, request.org_id)
        linked = await _linked(request.db, request.org_id, *found)
        return [view(agent, linked) for agent in found]

    @post(dto=Body[AgentWrite], return_dto=None, summary="Create an agent")
    async def create_agent(self, request: ApiRequest, data: JSONBody[AgentWrite]) -> AgentView:
        """Add an agent and its first version."""
        new = created(msgspec.structs.asdict(data), request.parts.voices())
        async with request.db.transaction() as tx:
            new.integration_ids = await checked_links(tx, request.org_id, new.integration_ids)
            return await _shown(tx, await agents.insert(tx, request.org_id, new, request.author))

    @get("/{agent_id:int}", summary="Read an agent")
    async def read_agent(self, request: ApiRequest, agent_id: PathId) -> AgentView:
        """One agent."""
        return await _shown(request.db, await _find(request.db, request.org_id, agent_id))

    @put(
        "/{agent_id:int}",
        dto=Body[AgentWrite],
        return_dto=None,
        summary="Replace an agent",
        errors=(409,),
    )
    async def replace_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[AgentWrite]
    ) -> AgentView:
        """Replace what was written before, and record a version."""
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, agent_id)
            _expect(request, old, msgspec.structs.asdict(data))
            new = replaced(old, data, request.parts.voices())
            new.integration_ids = await checked_links(tx, request.org_id, new.integration_ids)
            return await _shown(tx, await agents.update(tx, old, new, request.author))

    @patch(
        "/{agent_id:int}",
        dto=Given[AgentWrite],
        return_dto=None,
        summary="Change an agent",
        errors=(409,),
    )
    async def change_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[dict[str, Any]]
    ) -> AgentView:
        """Change the fields that are sent, and record a version."""
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, agent_id)
            _expect(request, old, data)
            new = patched(old, data, request.parts.voices())
            if "integration_ids" in data:
                new.integration_ids = await checked_links(tx, request.org_id, new.integration_ids)
            return await _shown(tx, await agents.update(tx, old, new, request.author))

    @delete("/{agent_id:int}", summary="Delete an agent")
    async def delete_agent(self, request: ApiRequest, agent_id: PathId) -> None:
        """Delete an agent; phone numbers that point at it are left unassigned."""
        async with request.db.transaction() as tx:
            if not await agents.delete(tx, request.org_id, agent_id):
                raise _absent(agent_id)

    @post(
        "/{agent_id:int}/duplicate",
        dto=Body[DuplicateWrite],
        return_dto=None,
        summary="Duplicate an agent",
    )
    async def duplicate_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[DuplicateWrite]
    ) -> AgentView:
        """A new agent with the same core; speak orders, hold time and tools are its own."""
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, agent_id)
            name = data.name or f"{old.name[: 255 - len(' (copy)')]} (copy)"
            new = NewAgent(name=name, **{field: getattr(old, field) for field in COPIED})
            return await _shown(tx, await agents.insert(tx, request.org_id, new, request.author))

    @post(
        "/{agent_id:int}/transfer",
        dto=Body[TransferWrite],
        return_dto=None,
        summary="Copy or move an agent to another organization",
        errors=(403,),
        also=(200,),
    )
    async def transfer_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[TransferWrite]
    ) -> Response[AgentTransferView]:
        """A new agent there, without integrations; `move` deletes the one here."""
        moves = data.mode == "move"
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, agent_id)
            await check_target(tx, request, data.target_org_id, moves=moves)
            values = {field: getattr(old, field) for field in NewAgent.__struct_fields__}
            new = NewAgent(**values | {"integration_ids": [], "name": data.name or old.name})
            made = await agents.insert(tx, data.target_org_id, new, request.author)
            if moves:
                await agents.delete(tx, request.org_id, agent_id)
        answer = AgentTransferView(
            mode=data.mode,
            source_org_id=request.org_id,
            target_org_id=data.target_org_id,
            agent=view(made),
        )
        return Response(answer, status_code=200 if moves else 201)

    @get("/{agent_id:int}/versions", summary="List an agent's versions, newest first")
    async def list_versions(
        self, request: ApiRequest, agent_id: PathId, limit: VersionLimit = 20
    ) -> VersionPage:
        """The newest versions, and how many there are altogether."""
        await _find(request.db, request.org_id, agent_id)
        count, found = await agents.versions(request.db, agent_id, limit)
        return VersionPage(count=count, results=[version_view(version) for version in found])

    @post(
        ["/{agent_id:int}/deploy", "/{agent_id:int}/discard-draft"],
        dto=Body[Expectation],
        return_dto=None,
        status_code=200,
        summary="Nothing to do: writes are live at once",
        errors=(409,),
    )
    async def deploy_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[Expectation]
    ) -> AgentView:
        """The agent as it is; for clients that know drafts."""
        agent = await _find(request.db, request.org_id, agent_id)
        _expect(request, agent, msgspec.structs.asdict(data))
        return await _shown(request.db, agent)


async def _find(db: Source, org_id: int, agent_id: int) -> Agent:
    agent = await agents.get(db, org_id, agent_id)
    if agent is None:
        raise _absent(agent_id)
    return agent


async def _shown(db: Source, agent: Agent) -> AgentView:
    return view(agent, await _linked(db, agent.org_id, agent))


async def _linked(db: Source, org_id: int, *found: Agent) -> list[Integration]:
    """The integrations that these agents carry."""
    ids = dict.fromkeys(key for agent in found for key in agent.integration_ids)
    return await integrations.of_ids(db, org_id, list(ids))


def _absent(agent_id: int) -> NotFoundError:
    return NotFoundError(f"There is no agent {agent_id}; GET /v1/agents lists those there are.")


def _expect(request: ApiRequest, agent: Agent, given: dict[str, Any]) -> None:
    """Refuse a write that was made for an older state. Raises ConflictError, InvalidError."""
    expected = dialect.expected_update(dialect.is_sdk(request), given)
    if expected is None:
        return
    try:
        same = times.is_instant_of(expected, agent.updated_at)
    except ValueError:
        hint = Annotated[str, Meta(description="a time such as 2026-04-20T18:24:10.113Z")]
        raise InvalidError({"if_updated_at": [refusal("if_updated_at", expected, hint)]}) from None
    if not same:
        raise ConflictError(
            f"Agent {agent.id} was changed at {times.iso(agent.updated_at)}, after you read it. "
            "Read it again and repeat your change."
        )
