"""What clients may write about webhooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from thunderbox.api.fields import Id, shown
from thunderbox.api.webhook_urls import MAX_LENGTH, wrong
from thunderbox.errors import InvalidError
from thunderbox.events.catalogue import SUBSCRIPTIONS, Subscription
from thunderbox.store import agents
from thunderbox.store.database import Source
from thunderbox.store.webhook_endpoints import NewWebhookEndpoint, WebhookEndpoint

MAX_OVERLAP_HOURS = 168
OVERLAP_HOURS = 24

Label = Annotated[
    str,
    Meta(min_length=1, max_length=120, pattern=r"\S", description="a text of 1 to 120 characters"),
]
Url = Annotated[
    str, Meta(max_length=MAX_LENGTH, description="https://..., or http://... where it is allowed")
]
Events = Annotated[
    list[str],
    Meta(max_length=100, description="a list of events: " + ", ".join(SUBSCRIPTIONS)),
]


class WebhookEndpointWrite(Struct, kw_only=True):
    """The body of a create; a PATCH takes any subset. Without `events` it is told of all."""

    label: Label
    url: Url
    events: Events = []
    agent_id: Id | None = None
    status: Literal["active", "disabled", "failing"] = "active"


class RotationWrite(Struct, kw_only=True):
    """How long the old secret signs beside the new one."""

    overlap_hours: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_OVERLAP_HOURS,
            description=f"a whole number of hours from 0 to {MAX_OVERLAP_HOURS}",
        ),
    ] = OVERLAP_HOURS


class TestWrite(Struct, kw_only=True):
    """Which event to send as a test."""

    event_type: Subscription | Literal["webhook.test"] = "webhook.test"


class OrganizationWebhookWrite(Struct, kw_only=True):
    """The single URL of an organization; an empty one takes it away."""

    url: Url


async def created(
    db: Source, org_id: int, given: dict[str, Any], *, plain: bool
) -> NewWebhookEndpoint:
    """A new endpoint of checked fields; `plain` allows http anywhere. Raises InvalidError."""
    new = NewWebhookEndpoint(**given)
    if new.status == "failing":  # nothing has failed yet
        new.status = "active"
    return await _ruled(db, org_id, new, given, plain)


async def patched(
    db: Source, old: WebhookEndpoint, given: dict[str, Any], *, plain: bool
) -> NewWebhookEndpoint:
    """The endpoint as a PATCH leaves it. Raises InvalidError."""
    values = {name: getattr(old, name) for name in NewWebhookEndpoint.__struct_fields__}
    new = NewWebhookEndpoint(**values | given)
    if new.status == "failing":  # what only the box can say changes nothing
        new.status = old.status
    return await _ruled(db, old.org_id, new, given, plain)


async def _ruled(
    db: Source, org_id: int, new: NewWebhookEndpoint, given: dict[str, Any], plain: bool
) -> NewWebhookEndpoint:
    """Apply the rules to what was sent."""
    found: dict[str, list[str]] = {}
    if "url" in given and (sentence := wrong("url", new.url, plain=plain)):
        found["url"] = [sentence]
    unknown = [name for name in new.events if name not in SUBSCRIPTIONS]
    if "events" in given and unknown:
        found["events"] = [
            f"events has {', '.join(map(shown, unknown))}, but must have events such as "
            f"{', '.join(SUBSCRIPTIONS)}."
        ]
    new.events = list(dict.fromkeys(new.events))
    if "agent_id" in given and new.agent_id is not None:
        agent = await agents.get(db, org_id, new.agent_id)
        if agent is None:
            found["agent_id"] = [f"There is no agent {new.agent_id} in this organization."]
    if found:
        raise InvalidError(found)
    return msgspec.structs.replace(new, label=new.label.strip())


def checked_url(url: str, *, plain: bool) -> str:
    """The single URL of an organization. Raises InvalidError."""
    url = url.strip()
    if url and (sentence := wrong("url", url, plain=plain)):
        raise InvalidError({"url": [sentence]})
    return url
