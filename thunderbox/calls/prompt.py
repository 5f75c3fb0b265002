"""Prompt: what the language model is told at the start of a call."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def with_time(prompt: str, now_ms: int, timezone: str) -> str:
    """An agent's prompt with the date and the time of the call.

    They come last, so that what calls of the same agent share is as long as it can be.
    `timezone` is an IANA name; empty: the machine's.
    """
    zone: tzinfo | None = ZoneInfo(timezone) if timezone else None
    now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
    # Not by strftime, which follows the machine's language.
    date = f"{_DAYS[now.weekday()]}, {_MONTHS[now.month - 1]} {now.day}, {now.year}"
    time = f"{now.hour % 12 or 12}:{now.minute:02} {'AM' if now.hour < 12 else 'PM'}"
    return f"{prompt.rstrip()}\n\nToday is {date}. It is {time}."


def is_timezone(name: str) -> bool:
    """Whether a time zone has this name; the empty one is the box's."""
    try:
        return not name or ZoneInfo(name).key == name
    except (KeyError, ValueError, OSError):
        return False


def machine_timezone() -> str:
    """The IANA name of the machine's time zone; UTC where it has none."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]
    return name if name and is_timezone(name) else "UTC"
