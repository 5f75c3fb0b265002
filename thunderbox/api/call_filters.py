"""Which calls to list: the filters that the list of calls and its export share."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Meta

from thunderbox.api import dialect, times
from thunderbox.api.fields import refusal
from thunderbox.errors import InvalidError
from thunderbox.store.calls import CallFilter

DIRECTIONS = ("inbound", "outbound", "mic", "widget", "web", "test")
STATUSES = ("in_progress", "completed", "failed")
Moment = Annotated[
    str, Meta(description="a day such as 2026-04-20, or a time such as 2026-04-20T18:24:10.113Z")
]
QueryMoment = Annotated[str | None, QueryParameter()]


def call_filter(
    *,
    agent_id: int | None,
    direction: str | None,
    status: str | None,
    from_number: str | None,
    to_number: str | None,
    phone_number: str | None,
    start_date: str | None,
    end_date: str | None,
    exclude_test_calls: bool,
) -> CallFilter:
    """The query parameters as a filter; empty ones mean all. Raises InvalidError."""
    check_choice("direction", direction, DIRECTIONS)
    check_choice("status", status, STATUSES)
    directions, is_test = dialect.directions(direction) if direction else ((), None)
    if exclude_test_calls and is_test:
        # Test calls, but no test calls: a status that no call has.
        status = "none"
    return CallFilter(
        agent_id=agent_id,
        directions=directions,
        status=status or None,
        from_number=from_number or None,
        to_number=to_number or None,
        phone_number=phone_number or None,
        started_from=bound("start_date", start_date),
        started_to=bound("end_date", end_date),
        is_test_call=False if exclude_test_calls else is_test,
    )


def check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    """Refuse a filter that can never match. Raises InvalidError."""
    if value and value not in choices:
        hint = Annotated[str, Meta(description=f"one of {', '.join(choices)}")]
        raise InvalidError({name: [refusal(name, value, hint)]})


def bound(name: str, text: str | None) -> int | None:
    """The ms that a filter's time names. Raises InvalidError."""
    if not text:
        return None
    try:
        return times.upper_bound(text) if name == "end_date" else times.lower_bound(text)
    except (ValueError, OverflowError):
        raise InvalidError({name: [refusal(name, text, Moment)]}) from None
