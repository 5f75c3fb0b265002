"""Catalogue: the events that there are, and what each receiver calls them.

Endpoints subscribe to `telephony.*` for calls over the phone and `web.*` for calls in a browser.
The single URL of an organization gets every event, and knows the two oldest as `call.*`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Subscription = Literal[
    "telephony.incoming",
    "telephony.complete",
    "telephony.tool",
    "telephony.turn",
    "web.incoming",
    "web.complete",
    "web.tool",
    "web.turn",
    "call.graded",
    "call.data_extracted",
    "call.transfer_completed",
    "issue.reported",
    "issue.escalated",
    "test-call.completed",
    "alert.triggered",
    "campaign.completed",
    "sms.sent",
    "sms.received",
    "sms.failed",
]
"""What an endpoint may ask to be told of; of some it never hears, see PRODUCED."""

SUBSCRIPTIONS: tuple[str, ...] = get_args(Subscription)
TEST = "webhook.test"
"""Sent when somebody asks whether an endpoint hears us."""

LEGACY_NAMES = {
    "telephony.incoming": "call.incoming",
    "telephony.complete": "call.complete",
    "web.incoming": "call.incoming",
    "web.complete": "call.complete",
}
"""What the single URL calls events that it knows by another name."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that this box tells of."""

    name: str
    when: str
    """When it is sent, as the documentation says it."""
    blocking: bool = False
    """Whether the call waits for the answer."""
    on_demand: bool = False
    """Sent only to endpoints that name it, not to those that want everything."""


PRODUCED = {
    event.name: event
    for event in (
        Event("telephony.incoming", "a call reaches one of your numbers and rings", blocking=True),
        Event("telephony.complete", "a phone call has ended"),
        Event("telephony.tool", "the agent used a tool in a phone call"),
        Event("telephony.turn", "somebody has said something in a phone call", on_demand=True),
        Event("web.incoming", "a session in a web page begins"),
        Event("web.complete", "a session in a web page has ended"),
        Event("web.tool", "the agent used a tool in a session in a web page"),
        Event("web.turn", "somebody has said something in a web page", on_demand=True),
        Event("call.transfer_completed", "a caller was handed on, or could not be"),
        Event("call.graded", "a call was graded"),
        Event("issue.reported", "an issue of a call was reported, by a person or by the grading"),
        Event("test-call.completed", "a test call has ended"),
        Event(TEST, "somebody sends a test to an endpoint"),
    )
}
"""What this box sends, by the names of endpoints."""


def is_web(direction: str) -> bool:
    """Whether a call is a session in a web page."""
    return direction in ("mic", "widget")


def of_call(direction: str, what: str) -> str:
    """The name of an event of a call: `telephony.` or `web.`, by the way the call came."""
    return f"{'web' if is_web(direction) else 'telephony'}.{what}"


def legacy_name(name: str) -> str:
    """What the single URL of an organization calls an event."""
    return LEGACY_NAMES.get(name, name)
