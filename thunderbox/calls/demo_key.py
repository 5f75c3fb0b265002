"""The publishable key of the demo page: made when somebody on this machine first opens it."""

from __future__ import annotations

from thunderbox.store import agents, organizations, publishable_keys
from thunderbox.store.database import Database, Source
from thunderbox.store.publishable_keys import NewPublishableKey, PublishableKey

_MARK = "demo"


async def demo_key(db: Database) -> PublishableKey | None:
    """The key, for the oldest agent that web pages may reach; it opens sessions on this machine.

    Returns None when there is no such agent, or when somebody ended or disabled the key: another
    is not made then.
    """
    first = await organizations.first(db)
    if first is None:
        return None
    found = await _made(db, first.id)
    if found is None:
        async with db.transaction() as tx:
            found = await _made(tx, first.id)  # two who ask at once get the same key
            agent_id = await _agent(tx, first.id) if found is None else None
            if agent_id is not None:
                found = await publishable_keys.insert(
                    tx,
                    first.id,
                    NewPublishableKey(
                        name="Demo page of this box",
                        agent_id=agent_id,
                        allowed_domains=["localhost"],
                        embed_config={_MARK: True},
                    ),
                )
    usable = found is not None and found.is_active and found.is_enabled and found.agent_name
    return found if usable else None


async def _made(db: Source, org_id: int) -> PublishableKey | None:
    """The newest key with the mark, whatever became of it."""
    for key in await publishable_keys.page(db, org_id):
        if key.embed_config.get(_MARK) is True:
            return key
    return None


async def _agent(db: Source, org_id: int) -> int | None:
    reachable = [agent.id for agent in await agents.page(db, org_id) if agent.widget_enabled]
    return reachable[-1] if reachable else None
