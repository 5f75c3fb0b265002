"""When the words of a caller who goes on speaking are looked at."""

from __future__ import annotations

import pytest

from thunderbox.voice.glimpse import EVERY_MS, OVER_AGENT_MS, STEP_S, Cost, is_due
from thunderbox.voice.leg import SAMPLE_RATE
from thunderbox.voice.utterance import WINDOW

SECOND = SAMPLE_RATE * 2


@pytest.mark.parametrize(
    ("since", "voice", "quiet", "length", "over_agent", "due"),
    [
        (EVERY_MS, EVERY_MS, 0, SECOND, False, True),
        (EVERY_MS, EVERY_MS - 20, 0, SECOND, False, False),
        (EVERY_MS - 20, 5000, 0, SECOND, False, False),
        # Two words over the agent's voice stop it, so they are looked at sooner.
        (EVERY_MS, OVER_AGENT_MS, 0, SECOND, True, True),
        (EVERY_MS, OVER_AGENT_MS - 20, 0, SECOND, True, False),
        (OVER_AGENT_MS, 2 * OVER_AGENT_MS, 0, SECOND, True, False),
        # A pause may have begun, and its words are the ones that are waited for.
        (EVERY_MS, EVERY_MS, 20, SECOND, False, False),
        # More than one window is more than a glimpse.
        (EVERY_MS, EVERY_MS, 0, WINDOW, False, True),
        (EVERY_MS, EVERY_MS, 0, WINDOW + 2, False, False),
    ],
)
def test_when_it_is_time(
    since: int, voice: int, quiet: int, length: int, over_agent: bool, due: bool
) -> None:
    assert is_due(since, voice, quiet, length, over_agent=over_agent) is due


@pytest.mark.parametrize(
    ("listening", "writing", "sound_s", "length", "allowed"),
    [
        (0.02, 0.02, 2.0, 2 * SECOND, True),
        (STEP_S + 0.01, 0.02, 2.0, 2 * SECOND, False),
        # Writing grows with the sound.
        (0.05, 0.08, 4.0, 4 * SECOND, True),
        (0.05, 0.08, 4.0, 6 * SECOND, False),
    ],
)
def test_a_glimpse_must_be_over_before_a_pause_is_noticed(
    listening: float, writing: float, sound_s: float, length: int, allowed: bool
) -> None:
    cost = Cost()
    assert not cost.allows(length)
    cost.learn(listening, writing, sound_s)
    assert cost.allows(length) is allowed


def test_a_machine_that_falls_behind_stops_glimpsing_and_begins_again() -> None:
    cost = Cost()
    cost.learn(0.02, 0.02, 1.0)
    for _ in range(3):
        cost.learn(0.5, 0.5, 1.0)
    assert not cost.allows(SECOND)
    for _ in range(8):
        cost.learn(0.02, 0.02, 1.0)
    assert cost.allows(SECOND)


@pytest.mark.parametrize(
    ("listening", "writing", "length", "worth"),
    [(0.01, 0.01, SECOND, False), (0.04, 0.02, SECOND, True), (0.02, 0.01, 6 * SECOND, True)],
)
def test_a_quick_engine_needs_no_early_start(
    listening: float, writing: float, length: int, worth: bool
) -> None:
    cost = Cost()
    assert not cost.is_worth_a_start(length)
    cost.learn(listening, writing, 1.0)
    assert cost.is_worth_a_start(length) is worth
