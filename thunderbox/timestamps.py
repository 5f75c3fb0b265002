"""Timestamps as the API and events write them: ISO 8601, UTC, milliseconds and `Z`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def iso(ms: int) -> str:
    """`2026-04-20T18:24:10.113Z`."""
    text = (EPOCH + ms * MILLISECOND).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def iso_optional(ms: int | None) -> str | None:
    """As `iso`; None stays None."""
    return None if ms is None else iso(ms)
