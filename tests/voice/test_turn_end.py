"""How long a pause must be before it is the agent's turn."""

from __future__ import annotations

import pytest

from tests.voice.test_turns import LISTENING, run
from thunderbox.voice.turn_end import turn_pause_ms
from thunderbox.voice.turn_events import (
    Begun,
    Generate,
    Moment,
    Release,
    SpeechStarted,
    SpeechStopped,
    Transcribed,
)
from thunderbox.voice.turns import Turns


@pytest.mark.parametrize(
    ("text", "finished", "pause_ms"),
    [
        # The words alone.
        ("What are your hours?", None, 350),
        ("what are your hours", None, 560),
        ("My number is", None, 1050),
        # What sounded finished is answered sooner, unless the words cannot be all.
        ("What are your hours?", True, 200),
        ("what are your hours", True, 200),
        ("My number is", True, 350),
        # What did not is waited for.
        ("what are your", False, 3000),
        ("My number is", False, 3000),
        # A whole sentence that does not sound like one is somewhere in between.
        ("What are your hours?", False, 1500),
    ],
)
def test_words_and_sound_decide(text: str, finished: bool | None, pause_ms: int) -> None:
    assert turn_pause_ms(350, text, finished) == pause_ms


def test_a_box_that_is_told_to_be_patient_is() -> None:
    assert turn_pause_ms(3500, "Hello.", False) == 3500
    assert turn_pause_ms(150, "Hello.", True) == 150


def paused(finished: bool | None) -> Turns:
    """The caller has paused at 1000 ms, and the words are known."""
    turns = Turns(LISTENING)
    run(
        turns,
        Begun(0),
        SpeechStarted(200),
        SpeechStopped(1000),
        Transcribed(1150, 1, 1, "I would like a table.", finished),
    )
    return turns


@pytest.mark.parametrize(("finished", "at"), [(True, 1200), (None, 1350), (False, 2500)])
def test_the_turn_is_taken_when_the_pause_has_lasted(finished: bool | None, at: int) -> None:
    turns = paused(finished)
    assert run(turns, Moment(at - 20)) == []
    assert Release(2, 1000) in run(turns, Moment(at))


def test_whoever_goes_on_in_time_is_judged_anew() -> None:
    turns = paused(False)
    effects = run(
        turns,
        SpeechStarted(2000),
        SpeechStopped(2800),
        Transcribed(2950, 1, 3, "I would like a table for two.", True),
    )
    assert effects[-1] == Generate(3, "I would like a table for two.")
    assert Release(3, 2800) in run(turns, Moment(3000))
