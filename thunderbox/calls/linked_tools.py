"""Linked tools: an agent's integrations, which run in calls like its inline tools."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from thunderbox.store import integrations
from thunderbox.store.agents import NewAgent
from thunderbox.store.database import Source

SomeAgent = TypeVar("SomeAgent", bound=NewAgent)


async def equipped(db: Source, org_id: int, agent: SomeAgent) -> SomeAgent:
    """The agent with the tools of its integrations after its own, which win by name."""
    if not agent.integration_ids:
        return agent
    linked = await integrations.of_ids(db, org_id, agent.integration_ids)
    tools = [*agent.tools, *(found.tool() for found in linked)]
    return msgspec.structs.replace(agent, tools=tools)
