"""Calls as text."""

from __future__ import annotations

import pytest

from thunderbox.cli.transcript import summary

CALL = {
    "call_id": 7,
    "direction": "inbound",
    "from_number": "+14155550100",
    "to_number": "+15550100",
    "start_time": "2026-11-21T07:30:45.002Z",
    "end_time": "2026-11-21T07:31:17.040Z",
    "duration_seconds": 30,
    "status": "completed",
    "end_reason": "caller_hangup",
}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {},
            "Call 7: inbound, +14155550100 to +15550100, 2026-11-21T07:30:45.002Z, 30 s, "
            "completed (caller_hangup).",
        ),
        (
            {
                "direction": "widget",
                "from_number": "web",
                "to_number": "",
                "end_time": None,
                "status": "in_progress",
                "end_reason": None,
            },
            "Call 7: widget, web, 2026-11-21T07:30:45.002Z, still going on, in progress.",
        ),
    ],
)
def test_a_call_in_one_sentence(changes: dict[str, object], sentence: str) -> None:
    assert summary(CALL | changes) == sentence
