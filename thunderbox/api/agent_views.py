"""Agents as answers show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from thunderbox.api.integration_views import IntegrationView
from thunderbox.api.integration_views import view as integration_view
from thunderbox.api.times import Timestamp, iso
from thunderbox.store.agents import Agent, AgentVersion
from thunderbox.store.integrations import Integration


class DestinationView(Struct, kw_only=True):
    """Whom callers may be handed on to; `platform_ok` is nothing that this box would know."""

    name: str
    number: str
    platform_ok: bool | None = None


class AgentView(Struct, kw_only=True):
    """An agent; everything below `updated_at` is what the newer client insists on."""

    id: int
    name: str
    prompt: str
    voice: str
    product: str
    thinking_level: str
    background_track: str | None
    acknowledgement_prompt_mode: str
    acknowledgement_prompt: str
    inbound_speak_order: str
    outbound_speak_order: str
    integrations: list[IntegrationView]
    widget_enabled: bool
    created_at: Timestamp
    updated_at: Timestamp

    primary_language: str
    additional_languages: list[str]
    transfer_destinations: list[DestinationView]
    voicemail_action: str
    voicemail_message: str
    max_call_duration_seconds: int | None
    ring_duration_seconds: int | None
    silence_checkins_enabled: bool
    silence_interval_seconds: int | None
    silence_max_checkins: int | None
    silence_hangup_seconds: int | None
    consent_disabled_reason: str = ""
    draft_additional_languages: list[str] = []
    draft_handoffs: None = None
    draft_max_call_duration_seconds: int | None = None
    draft_ring_duration_seconds: int | None = None
    draft_steps: None = None
    draft_updated_at: Timestamp | None = None
    has_draft: bool = False
    knowledge_bases: list[dict[str, Any]] = []
    knowledge_documents: list[dict[str, Any]] = []
    mcp_servers: list[dict[str, Any]] = []
    reusable_instructions: list[dict[str, Any]] = []
    tool_collision_warnings: list[dict[str, Any]] = []


class AgentTransferView(Struct, kw_only=True):
    """What became of a transfer."""

    mode: str
    source_org_id: int
    target_org_id: int
    agent: AgentView


class VersionView(Struct, kw_only=True):
    """An agent as one write left it."""

    id: int
    revision: int
    created_by: str
    created_at: Timestamp
    snapshot: AgentView
    changed_fields: list[str]


class VersionPage(Struct, kw_only=True):
    """The newest versions, and how many there are altogether."""

    count: int
    results: list[VersionView]


def view(agent: Agent, linked: Sequence[Integration] = ()) -> AgentView:
    """An agent as an answer shows it: without `tools` and `max_hold_seconds`.

    `linked` holds at least the integrations that the agent carries.
    """
    known = {integration.id: integration for integration in linked}
    return AgentView(
        id=agent.id,
        name=agent.name,
        prompt=agent.prompt,
        voice=agent.voice,
        product=agent.product,
        thinking_level=agent.thinking_level,
        background_track=agent.background_track,
        acknowledgement_prompt_mode=agent.acknowledgement_prompt_mode,
        acknowledgement_prompt=agent.acknowledgement_prompt,
        inbound_speak_order=agent.inbound_speak_order,
        outbound_speak_order=agent.outbound_speak_order,
        integrations=[
            integration_view(known[key]) for key in agent.integration_ids if key in known
        ],
        widget_enabled=agent.widget_enabled,
        created_at=iso(agent.created_at),
        updated_at=iso(agent.updated_at),
        primary_language=agent.primary_language,
        additional_languages=agent.additional_languages,
        transfer_destinations=[
            DestinationView(name=other["name"], number=other["number"])
            for other in agent.transfer_destinations
        ],
        voicemail_action=agent.voicemail_action,
        voicemail_message=agent.voicemail_message,
        max_call_duration_seconds=agent.max_call_duration_seconds,
        ring_duration_seconds=agent.ring_duration_seconds,
        silence_checkins_enabled=agent.silence_checkins_enabled,
        silence_interval_seconds=agent.silence_interval_seconds,
        silence_max_checkins=agent.silence_max_checkins,
        silence_hangup_seconds=agent.silence_hangup_seconds,
    )


def version_view(version: AgentVersion) -> VersionView:
    """A version as an answer shows it."""
    return VersionView(
        id=version.id,
        revision=version.revision,
        created_by=version.created_by,
        created_at=iso(version.created_at),
        snapshot=view(version.agent(), version.integrations()),
        changed_fields=version.changed_fields,
    )
