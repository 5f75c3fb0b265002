"""What clients may write about a publishable key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from thunderbox.api import webhook_urls
from thunderbox.api.fields import Id, shown
from thunderbox.calls import origins
from thunderbox.errors import InvalidError
from thunderbox.store import agents
from thunderbox.store.database import Source
from thunderbox.store.publishable_keys import NewPublishableKey, PublishableKey

MAX_DOMAINS = 100

Domains = Annotated[
    list[str],
    Meta(
        min_length=1,
        max_length=MAX_DOMAINS,
        description='a list of 1 to 100 hosts such as "example.com" or "*.example.com"',
    ),
]


class PublishableKeyWrite(Struct, kw_only=True):
    """The body of a create; a PATCH takes any subset."""

    allowed_domains: Domains
    name: Annotated[str, Meta(max_length=255, description="a text of at most 255 characters")] = ""
    mode: Literal["agent", "webhook"] = "agent"
    agent_id: Id | None = None
    webhook_url: str | None = None
    is_enabled: bool = True
    embed_config: dict[str, Any] = {}


async def created(
    db: Source, org_id: int, given: dict[str, Any], *, plain: bool
) -> NewPublishableKey:
    """A new key of checked fields; `plain` allows http anywhere. Raises InvalidError."""
    return await _ruled(db, org_id, NewPublishableKey(**given), given, plain)


async def patched(
    db: Source, old: PublishableKey, given: dict[str, Any], *, plain: bool
) -> NewPublishableKey:
    """The key as a PATCH leaves it. Raises InvalidError."""
    values = {name: getattr(old, name) for name in NewPublishableKey.__struct_fields__}
    return await _ruled(db, old.org_id, NewPublishableKey(**values | given), given, plain)


async def _ruled(
    db: Source, org_id: int, new: NewPublishableKey, given: dict[str, Any], plain: bool
) -> NewPublishableKey:
    """Apply the rules between fields; the ones about the world only to what was sent."""
    wrong: dict[str, list[str]] = {}
    if "allowed_domains" in given:
        read = [(domain, origins.entry_of(domain)) for domain in new.allowed_domains]
        if messages := [_refused(domain) for domain, entry in read if entry is None]:
            wrong["allowed_domains"] = messages
        new.allowed_domains = list(dict.fromkeys(entry for _, entry in read if entry is not None))
    if new.mode == "agent" and new.agent_id is None:
        wrong["agent_id"] = ['agent_id is missing; it is required when mode is "agent".']
    elif new.agent_id is not None and {"agent_id", "mode"} & given.keys():
        agent = await agents.get(db, org_id, new.agent_id)
        if agent is None:
            wrong["agent_id"] = [f"There is no agent {new.agent_id} in this organization."]
        elif not agent.widget_enabled:
            wrong["agent_id"] = [
                f"Agent {new.agent_id} may not be reached from web pages; set its widget_enabled "
                "to true first."
            ]
    new.webhook_url = new.webhook_url or None
    if new.mode == "webhook" and new.webhook_url is None:
        wrong["webhook_url"] = ['webhook_url is missing; it is required when mode is "webhook".']
    elif new.webhook_url is not None and "webhook_url" in given:
        sentence = webhook_urls.wrong("webhook_url", new.webhook_url, plain=plain)
        wrong |= {"webhook_url": [sentence]} if sentence else {}
    if wrong:
        raise InvalidError(wrong)
    return new


def _refused(domain: str) -> str:
    return (
        f"allowed_domains has {shown(domain)}, but must have hosts such as example.com, or "
        "*.example.com for every subdomain; no scheme, no port, and no bare wildcard."
    )
