"""The pause that ends a turn follows the pauses that a caller makes."""

from __future__ import annotations

import pytest

from tests.voice.test_turns import run
from thunderbox.voice.pace import Pace
from thunderbox.voice.rhythm import TURNS, Rhythm
from thunderbox.voice.turn_events import (
    Begun,
    Event,
    Moment,
    Played,
    Playing,
    Release,
    SpeechStarted,
    SpeechStopped,
    Transcribed,
)
from thunderbox.voice.turns import Turns

FRESH = (350, 250, 1000)
"""The usual pause, the shortest and the longest."""


def turn(rhythm: Rhythm, at: int, *pauses: tuple[int, str]) -> int:
    """A turn with such pauses behind such words; it ends a second later. When the next begins."""
    rhythm.began(at)
    said = ""
    for pause_ms, words in pauses:
        said = f"{said} {words}"
        rhythm.understood(said, None)
        rhythm.went_on(pause_ms)
    rhythm.understood(f"{said} That is all.", None)
    rhythm.ended(at + 1000)
    rhythm.answered(at + 1500)
    return at + 10_000


def plain(*pauses: int) -> list[tuple[int, str]]:
    """Pauses behind finished sentences."""
    return [(pause_ms, "I see.") for pause_ms in pauses]


@pytest.mark.parametrize(
    ("turns", "pause_ms"),
    [
        ([], 350),
        # Turns without a pause say nothing.
        ([plain()] * 20, 350),
        # A pause that is well within the usual one changes nothing at first.
        ([plain(200)], 350),
        # The longer pauses come to the usual one, the more room there is.
        ([plain(330)], 364),
        ([plain(330)] * 2, 396),
        ([plain(330)] * 8, 396),
        # A caller whose pauses are all short is answered sooner, down to the shortest.
        ([plain(240)] * 7, 307),
        ([plain(240)] * 8, 288),
        ([plain(140)] * 8, 250),
        # Of a turn, its longest pause counts.
        ([plain(140, 330, 150)], 364),
        # Words that are no end are given three times as long: 600 ms after them are short.
        ([[(600, "My number is")]] * 8, 250),
        ([[(990, "My number is")]] * 8, 396),
        # What lies far behind is forgotten.
        ([plain(330)] * 8 + [plain()] * 8, 350),
    ],
)
def test_the_pause_follows_the_longest_pauses_of_the_last_turns(
    turns: list[list[tuple[int, str]]], pause_ms: int
) -> None:
    rhythm, at = Rhythm(*FRESH), 0
    for pauses in turns:
        at = turn(rhythm, at, *pauses)
    assert rhythm.pause_ms == pause_ms


def test_a_pause_counts_within_the_turn_that_has_it() -> None:
    rhythm = Rhythm(*FRESH)
    rhythm.began(0)
    assert rhythm.understood("I would like a table.", None) == 350
    rhythm.went_on(330)
    assert rhythm.pause_ms == 350
    assert rhythm.understood("I would like a table. For two.", None) == 364


def test_words_that_come_too_late_for_their_pause_are_not_needed() -> None:
    rhythm = Rhythm(*FRESH)
    rhythm.began(0)
    rhythm.went_on(330)
    assert rhythm.understood("I would like a table for two.", None) == 364


def test_noise_behind_a_sentence_is_no_pause_of_the_caller() -> None:
    rhythm = Rhythm(*FRESH)
    rhythm.began(0)
    rhythm.understood("I would like a table.", None)
    rhythm.went_on(330)
    assert rhythm.understood("I would like a table.", None) == 350


@pytest.mark.parametrize("finished", [True, False])
def test_with_a_turn_model_the_pauses_that_it_allows_teach_nothing(finished: bool) -> None:
    rhythm = Rhythm(*FRESH)
    rhythm.began(0)
    allowed = rhythm.understood("I would like a table.", finished)
    rhythm.went_on(round(allowed * 0.8))
    rhythm.understood("I would like a table. For two.", finished)
    assert rhythm.pause_ms == 350


@pytest.mark.parametrize(
    ("resumed_after", "answered_after", "pause_ms"),
    [
        # Before the answer was heard, and during its first sound.
        (500, None, 600),
        (600, 400, 720),
        (900, 400, 1000),
        # In answer to what the agent says, or much later: nothing was cut off.
        (1000, 400, 350),
        (1600, None, 350),
        (5000, 400, 350),
    ],
)
def test_whoever_was_cut_off_is_given_more_time_at_once(
    resumed_after: int, answered_after: int | None, pause_ms: int
) -> None:
    rhythm = Rhythm(*FRESH)
    rhythm.began(0)
    rhythm.understood("Are you open?", None)
    rhythm.ended(1000)
    if answered_after is not None:
        rhythm.answered(1000 + answered_after)
    rhythm.began(1000 + resumed_after)
    rhythm.spoke_on()
    rhythm.spoke_on()
    assert rhythm.pause_ms == pause_ms


def test_a_pause_after_words_that_were_no_end_is_measured_by_what_they_were_given() -> None:
    rhythm = Rhythm(*FRESH)
    rhythm.began(0)
    assert rhythm.understood("My number is", None) == 1050
    rhythm.ended(1000)
    rhythm.began(2200)
    rhythm.spoke_on()
    assert rhythm.pause_ms == 480


def test_one_cut_is_forgotten_when_the_caller_pauses_no_more() -> None:
    rhythm = Rhythm(*FRESH)
    rhythm.began(0)
    rhythm.understood("Are you open?", None)
    rhythm.ended(1000)
    rhythm.began(1600)
    rhythm.spoke_on()
    found, at = [rhythm.pause_ms], 10_000
    for _ in range(TURNS):
        at = turn(rhythm, at)
        found.append(rhythm.pause_ms)
    assert found[0] == 720
    assert found[-1] == 350
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("bounds", "pause", "pause_ms"),
    [
        ((350, 350, 350), 140, 350),
        ((350, 350, 350), 340, 350),
        ((350, 300, 360), 140, 300),
        ((350, 300, 360), 340, 360),
        # A usual pause outside of the bounds is one itself.
        ((200, 250, 1000), 140, 200),
        ((1500, 250, 1000), 1490, 1500),
    ],
)
def test_the_pause_stays_within_its_bounds(
    bounds: tuple[int, int, int], pause: int, pause_ms: int
) -> None:
    rhythm, at = Rhythm(*bounds), 0
    for _ in range(TURNS):
        at = turn(rhythm, at, *plain(pause))
    assert rhythm.pause_ms == pause_ms


# ---------------------------------------------------------------- within the machine


def listening() -> Turns:
    """A call whose caller begins."""
    turns = Turns(Pace(agent_first=False))
    run(turns, Begun(0))
    return turns


def decided_after(turns: Turns, at: int, number: int, text: str = "Are you open?") -> int:
    """The caller speaks for 800 ms from `at` on as turn `number`; the silence that ends it."""
    run(turns, SpeechStarted(at), SpeechStopped(at + 800))
    run(turns, Transcribed(at + 900, number, 1, text))
    for silence in range(120, 3000, 10):
        if any(isinstance(effect, Release) for effect in run(turns, Moment(at + 800 + silence))):
            return silence
    raise AssertionError("The turn was never decided.")


def cut_off(*before_going_on: Event) -> Turns:
    """The caller asked at 0.2 s, goes on at 1.6 s after what else happened, and has asked all."""
    turns = listening()
    assert decided_after(turns, 200, 1) == 350
    run(turns, *before_going_on, SpeechStarted(1600))
    return turns


@pytest.mark.parametrize("events", [(), (Playing(1400, 2),)], ids=["silent", "first sound"])
def test_a_caller_who_was_cut_off_is_waited_for_in_the_next_turn(events: tuple[Event, ...]) -> None:
    turns = cut_off(*events)
    run(turns, SpeechStopped(2400), Transcribed(2500, 3, 1, "On Sunday, I mean."))
    # 600 ms were too short to be an end: a fifth more, in this turn already.
    assert not any(isinstance(effect, Release) for effect in run(turns, Moment(3100)))
    assert any(isinstance(effect, Release) for effect in run(turns, Moment(3120)))


@pytest.mark.parametrize("heard", ["", "Okay."], ids=["noise", "murmur"])
def test_noise_and_murmurs_over_an_answer_teach_nothing(heard: str) -> None:
    turns = cut_off()
    run(turns, SpeechStopped(1800), Transcribed(1900, 3, 1, heard))
    run(turns, Playing(2000, 4), Played(3000, 4))
    assert decided_after(turns, 5000, 5) == 350


def test_pauses_within_turns_are_learned_from() -> None:
    turns = listening()
    run(turns, SpeechStarted(200), SpeechStopped(1000), Transcribed(1100, 1, 1, "Hello there."))
    run(turns, SpeechStarted(1340), SpeechStopped(2000))
    run(turns, Transcribed(2100, 1, 3, "Hello there. Are you open?"))
    assert not any(isinstance(effect, Release) for effect in run(turns, Moment(2360)))
    assert any(isinstance(effect, Release) for effect in run(turns, Moment(2370)))
