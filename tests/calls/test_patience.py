"""Which of an agent's fields and of the settings decides how patient a call is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from thunderbox.calls.patience import pace_of
from thunderbox.settings import CallSettings, Settings
from thunderbox.store.agents import NewAgent
from thunderbox.voice.pace import Pace


def pace(fields: dict[str, Any], *, outbound: bool = False) -> Pace:
    """The pace of an agent in a box whose calls last at most 100 s."""
    return pace_of(
        NewAgent(name="A", prompt="Be kind.", voice="v", **fields),
        Settings(
            calls=CallSettings(max_seconds=100, silence_seconds=20, silence_hangup_seconds=10)
        ),
        agent_first=True,
        outbound=outbound,
        acknowledges=False,
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"max_ms": 100_000, "max_hold_ms": None}),
        ({}, {"silence_ms": 20_000, "silence_end_ms": 10_000, "check_ins": 1}),
        ({"max_call_duration_seconds": 60}, {"max_ms": 60_000}),
        ({"max_call_duration_seconds": 600}, {"max_ms": 100_000}),
        ({"max_hold_seconds": 5}, {"max_hold_ms": 5_000}),
        ({"silence_interval_seconds": 7}, {"silence_ms": 7_000, "silence_end_ms": 10_000}),
        ({"silence_hangup_seconds": 7}, {"silence_ms": 20_000, "silence_end_ms": 7_000}),
        ({"silence_max_checkins": 3}, {"check_ins": 3}),
        ({"silence_max_checkins": 0}, {"check_ins": 0}),
        ({"silence_checkins_enabled": False, "silence_max_checkins": 3}, {"check_ins": 0}),
    ],
)
def test_what_an_agent_does_not_say_the_settings_do(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = asdict(pace(fields))
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(("outbound", "voicemail"), [(True, "hangup"), (False, None)])
def test_only_a_call_that_the_box_placed_can_meet_a_machine(
    outbound: bool, voicemail: str | None
) -> None:
    assert pace({"voicemail_action": "hangup"}, outbound=outbound).voicemail == voicemail
