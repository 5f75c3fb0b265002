"""What the outside asks of calls, and what it is told: calls, sessions in web pages, readiness."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.calls.ports import Ticket
from thunderbox.store.publishable_keys import PublishableKey


class PlaceCall(Struct, kw_only=True, frozen=True):
    """Place a call from one of an organization's numbers; at most one of agent_id and config."""

    org_id: int
    from_number: str
    """E.164."""
    to_number: str
    """E.164, or a SIP URI."""
    agent_id: int | None = None
    """None, with no config either: the outbound agent of `from_number`."""
    config: dict[str, Any] | None = None
    """An agent for this call alone, in the form of an agent's write fields."""
    max_hold_seconds: int | None = None
    primary_language: str | None = None
    """None: the agent's own."""
    variables: dict[str, Any] = msgspec.field(default_factory=dict)
    idempotency_key: str | None = None


class PlacedCall(Struct, kw_only=True, frozen=True):
    """A call that was placed, or had been placed before with the same idempotency key."""

    call_id: int
    status: str = "initiated"
    idempotent_replay: bool = False


class OpenMic(Struct, kw_only=True, frozen=True):
    """Let somebody whom the organization's own program knows talk to an agent in a browser."""

    org_id: int
    agent_id: int


class OpenWidget(Struct, kw_only=True, frozen=True):
    """Let the visitor of a web page talk to the agent of a publishable key."""

    key: PublishableKey
    """Active and enabled, and asked from a page that it lets in."""
    origin: str
    """Of the page; empty where the request came from a program on this machine."""
    variables: dict[str, Any] = msgspec.field(default_factory=dict)
    context: str = ""
    """What the page says of its visitor."""
    primary_language: str | None = None
    """None, as for the voice: the agent's own."""
    voice: str | None = None


class WebSession(Struct, kw_only=True, frozen=True):
    """A session that waits for its visitor."""

    call_id: int
    ticket: Ticket
    agent_name: str


class PartState(Struct, kw_only=True, frozen=True):
    """How one part of the box is: the database, SIP, an engine, a trunk."""

    ok: bool
    detail: str = ""
    """A sentence for a person; empty when there is nothing to say."""
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


class Readiness(Struct, kw_only=True, frozen=True):
    """Whether the box can take calls."""

    ok: bool
    parts: dict[str, PartState]
