"""/v1/agents: the configurations that drive calls."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from thunderbox.api import dialect, times
from thunderbox.api.agent_fields import AgentWrite, created, patched, replaced
from thunderbox.api.agent_views import AgentView, VersionPage, version_view, view
from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.fields import refusal
from thunderbox.api.parameters import PathId
from thunderbox.api.request import ApiRequest
from thunderbox.errors import ConflictError, InvalidError, NotFoundError
from thunderbox.store import agents
from thunderbox.store.agents import Agent
from thunderbox.store.database import Source

VersionLimit = Annotated[
    int, QueryParameter(ge=1, le=100), Meta(description="a whole number from 1 to 100")
]


class Expectation(Struct, kw_only=True):
    """The body of deploy and discard-draft."""

    if_updated_at: str | None = None
    updated_at: str | None = None


class AgentsController(Controller):
    """List, read, write and delete agents; every write is live at once."""

    path = "/v1/agents"
    guards = (require_key,)
    tags = ("Agents",)

    @get(summary="List agents, newest first")
    async def list_agents(self, request: ApiRequest) -> list[AgentView]:
        """Every agent of the organization."""
        return [view(agent) for agent in await agents.page(request.db, request.org_id)]

    @post(dto=Body[AgentWrite], return_dto=None, summary="Create an agent")
    async def create_agent(self, request: ApiRequest, data: JSONBody[AgentWrite]) -> AgentView:
        """Add an agent and its first version."""
        new = created(msgspec.structs.asdict(data), request.parts.voices())
        async with request.db.transaction() as tx:
            return view(await agents.insert(tx, request.org_id, new, request.author))

    @get("/{agent_id:int}", summary="Read an agent")
    async def read_agent(self, request: ApiRequest, agent_id: PathId) -> AgentView:
        """One agent."""
        return view(await _find(request.db, request.org_id, agent_id))

    @put("/{agent_id:int}", dto=Body[AgentWrite], return_dto=None, summary="Replace an agent")
    async def replace_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[AgentWrite]
    ) -> AgentView:
        """Replace what was written before, and record a version."""
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, agent_id)
            _expect(request, old, msgspec.structs.asdict(data))
            new = replaced(old, data, request.parts.voices())
            return view(await agents.update(tx, old, new, request.author))

    @patch("/{agent_id:int}", dto=Given[AgentWrite], return_dto=None, summary="Change an agent")
    async def change_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[dict[str, Any]]
    ) -> AgentView:
        """Change the fields that are sent, and record a version."""
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, agent_id)
            _expect(request, old, data)
            new = patched(old, data, request.parts.voices())
            return view(await agents.update(tx, old, new, request.author))

    @delete("/{agent_id:int}", summary="Delete an agent")
    async def delete_agent(self, request: ApiRequest, agent_id: PathId) -> None:
        """Delete an agent; phone numbers that point at it are left unassigned."""
        async with request.db.transaction() as tx:
            if not await agents.delete(tx, request.org_id, agent_id):
                raise _absent(agent_id)

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
    )
    async def deploy_agent(
        self, request: ApiRequest, agent_id: PathId, data: JSONBody[Expectation]
    ) -> AgentView:
        """The agent as it is; for clients that know drafts."""
        agent = await _find(request.db, request.org_id, agent_id)
        _expect(request, agent, msgspec.structs.asdict(data))
        return view(agent)


async def _find(db: Source, org_id: int, agent_id: int) -> Agent:
    agent = await agents.get(db, org_id, agent_id)
    if agent is None:
        raise _absent(agent_id)
    return agent


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
