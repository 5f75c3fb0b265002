"""Times as the API writes and reads them: ISO 8601, UTC, milliseconds and `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from thunderbox.timestamps import EPOCH, MILLISECOND, iso, iso_optional

__all__ = [
    "Timestamp",
    "instant",
    "is_instant_of",
    "iso",
    "iso_optional",
    "lower_bound",
    "upper_bound",
]

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


def instant(text: str) -> datetime:
    """Read any ISO 8601 time; without a zone it is UTC. Raises ValueError."""
    # A `+` that a client did not escape in a query arrives as a space.
    moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip()))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def is_instant_of(text: str, ms: int) -> bool:
    """Whether a text names exactly this time, however it is written. Raises ValueError."""
    return instant(text) - EPOCH == ms * MILLISECOND


def lower_bound(text: str) -> int:
    """The first ms of the time or day that a text names. Raises ValueError."""
    return -((EPOCH - instant(text)) // MILLISECOND)


def upper_bound(text: str) -> int:
    """The last ms of the time or day that a text names. Raises ValueError."""
    moment = instant(text)
    if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text.strip()):
        moment += timedelta(days=1) - MILLISECOND
    return (moment - EPOCH) // MILLISECOND
