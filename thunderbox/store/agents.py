"""Agents and their versions: every write leaves a snapshot that says what changed and by whom."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.store import integrations
from thunderbox.store.database import Source, Transaction
from thunderbox.store.integrations import Integration
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json


class NewAgent(Struct, kw_only=True):
    """What a writer decides about an agent."""

    name: str
    prompt: str
    voice: str
    product: str = "spark"
    thinking_level: str = "base"
    background_track: str | None = None
    acknowledgement_prompt_mode: str = "auto"
    acknowledgement_prompt: str = ""
    inbound_speak_order: str = "agent_first"
    outbound_speak_order: str = "caller_first"
    max_hold_seconds: int | None = None
    tools: list[dict[str, Any]] = msgspec.field(default_factory=list)
    widget_enabled: bool = True
    primary_language: str = "en-US"
    additional_languages: list[str] = msgspec.field(default_factory=list)
    transfer_destinations: list[dict[str, str]] = msgspec.field(default_factory=list)
    """Objects with `name` and `number`, which may be a SIP URI."""
    voicemail_action: str = "prompt"
    voicemail_message: str = ""
    integration_ids: list[str] = msgspec.field(default_factory=list)
    max_call_duration_seconds: int | None = None
    """None, as for the next four: as the settings of the box have it."""
    ring_duration_seconds: int | None = None
    silence_interval_seconds: int | None = None
    silence_max_checkins: int | None = None
    silence_hangup_seconds: int | None = None
    silence_checkins_enabled: bool = True


class Agent(NewAgent, kw_only=True):
    """An agent; `updated_at` is different after every write."""

    id: int
    org_id: int
    created_at: int
    updated_at: int


class AgentVersion(Struct, kw_only=True, frozen=True):
    """An agent as one write left it; `changed_fields` is empty for the first."""

    id: int
    agent_id: int
    revision: int
    created_by: str
    created_at: int
    snapshot: dict[str, Any]
    changed_fields: list[str]

    def agent(self) -> Agent:
        """The snapshot as the agent that it was."""
        return msgspec.convert(self.snapshot, Agent)

    def integrations(self) -> list[Integration]:
        """The integrations that it carried, as they were."""
        return msgspec.convert(self.snapshot.get("integrations", []), list[Integration])


async def insert(tx: Transaction, org_id: int, new: NewAgent, created_by: str) -> Agent:
    """Add an agent with its first version; `created_by` is an e-mail address."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO agents (org_id, name, prompt, voice, product, thinking_level, "
        "background_track, acknowledgement_prompt_mode, acknowledgement_prompt, "
        "inbound_speak_order, outbound_speak_order, max_hold_seconds, tools, widget_enabled, "
        "primary_language, additional_languages, transfer_destinations, voicemail_action, "
        "voicemail_message, integration_ids, max_call_duration_seconds, ring_duration_seconds, "
        "silence_interval_seconds, silence_max_checkins, silence_hangup_seconds, "
        "silence_checkins_enabled, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (org_id, *_values(new), now, now),
    )
    assert row is not None
    agent = read(Agent, row)
    await _add_version(tx, agent, created_by, [])
    return agent


async def get(db: Source, org_id: int, agent_id: int) -> Agent | None:
    """One agent."""
    row = await db.fetch_one("SELECT * FROM agents WHERE id = ? AND org_id = ?", (agent_id, org_id))
    return read_optional(Agent, row)


async def page(db: Source, org_id: int) -> list[Agent]:
    """Every agent of an organization, newest first."""
    rows = await db.fetch_all(
        "SELECT * FROM agents WHERE org_id = ? ORDER BY created_at DESC, id DESC", (org_id,)
    )
    return read_all(Agent, rows)


async def update(tx: Transaction, old: Agent, new: NewAgent, changed_by: str) -> Agent:
    """Replace an agent that was read in this transaction, and record a version."""
    row = await tx.fetch_one(
        "UPDATE agents SET name = ?, prompt = ?, voice = ?, product = ?, thinking_level = ?, "
        "background_track = ?, acknowledgement_prompt_mode = ?, acknowledgement_prompt = ?, "
        "inbound_speak_order = ?, outbound_speak_order = ?, max_hold_seconds = ?, tools = ?, "
        "widget_enabled = ?, primary_language = ?, additional_languages = ?, "
        "transfer_destinations = ?, voicemail_action = ?, voicemail_message = ?, "
        "integration_ids = ?, max_call_duration_seconds = ?, ring_duration_seconds = ?, "
        "silence_interval_seconds = ?, silence_max_checkins = ?, silence_hangup_seconds = ?, "
        "silence_checkins_enabled = ?, updated_at = ? "
        "WHERE id = ? RETURNING *",
        # Two writes within a millisecond must still differ for `if_updated_at`.
        (*_values(new), max(now_ms(), old.updated_at + 1), old.id),
    )
    assert row is not None
    agent = read(Agent, row)
    changed = [
        name for name in NewAgent.__struct_fields__ if getattr(old, name) != getattr(agent, name)
    ]
    await _add_version(tx, agent, changed_by, changed)
    return agent


async def delete(tx: Transaction, org_id: int, agent_id: int) -> bool:
    """Delete an agent with its versions; numbers that point at it are left unassigned."""
    now = now_ms()
    row = await tx.fetch_one(
        "SELECT id FROM agents WHERE id = ? AND org_id = ?", (agent_id, org_id)
    )
    if row is None:
        return False
    await tx.execute(
        "UPDATE phone_numbers SET inbound_agent_id = NULL, updated_at = ? "
        "WHERE inbound_agent_id = ?",
        (now, agent_id),
    )
    await tx.execute(
        "UPDATE phone_numbers SET outbound_agent_id = NULL, updated_at = ? "
        "WHERE outbound_agent_id = ?",
        (now, agent_id),
    )
    await tx.execute("DELETE FROM agents WHERE id = ?", (agent_id,))
    return True


async def versions(db: Source, agent_id: int, limit: int) -> tuple[int, list[AgentVersion]]:
    """How many versions there are, and the newest of them."""
    total = await db.fetch_one(
        "SELECT count(*) FROM agent_versions WHERE agent_id = ?", (agent_id,)
    )
    rows = await db.fetch_all(
        "SELECT * FROM agent_versions WHERE agent_id = ? ORDER BY revision DESC LIMIT ?",
        (agent_id, limit),
    )
    assert total is not None
    return int(total[0]), read_all(AgentVersion, rows)


async def _add_version(tx: Transaction, agent: Agent, by: str, changed: list[str]) -> None:
    linked = await integrations.of_ids(tx, agent.org_id, agent.integration_ids)
    snapshot = msgspec.structs.asdict(agent) | {"integrations": linked}
    await tx.execute(
        "INSERT INTO agent_versions "
        "(agent_id, revision, created_by, created_at, snapshot, changed_fields) "
        "VALUES (?, (SELECT coalesce(max(revision), 0) + 1 FROM agent_versions "
        "WHERE agent_id = ?), ?, ?, ?, ?)",
        (agent.id, agent.id, by, agent.updated_at, to_json(snapshot), to_json(changed)),
    )


def _values(new: NewAgent) -> tuple[Any, ...]:
    """The columns of NewAgent in their order."""
    return (
        new.name,
        new.prompt,
        new.voice,
        new.product,
        new.thinking_level,
        new.background_track,
        new.acknowledgement_prompt_mode,
        new.acknowledgement_prompt,
        new.inbound_speak_order,
        new.outbound_speak_order,
        new.max_hold_seconds,
        to_json(new.tools),
        new.widget_enabled,
        new.primary_language,
        to_json(new.additional_languages),
        to_json(new.transfer_destinations),
        new.voicemail_action,
        new.voicemail_message,
        to_json(new.integration_ids),
        new.max_call_duration_seconds,
        new.ring_duration_seconds,
        new.silence_interval_seconds,
        new.silence_max_checkins,
        new.silence_hangup_seconds,
        new.silence_checkins_enabled,
    )
