"""Words that only say "I am listening", and sentences that are not finished."""

from __future__ import annotations

import pytest

from thunderbox.voice.backchannel import insists, is_backchannel, pause_factor


@pytest.mark.parametrize("text", ["Mm-hmm.", "yeah", "Okay.", "Yeah, okay.", "uh-huh", "Right."])
def test_signs_of_attention_are_backchannels(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize("text", ["Stop.", "No.", "Wait.", "Yes but how much?", "Hello?", "seven"])
def test_words_with_meaning_are_not(text: str) -> None:
    assert not is_backchannel(text)


@pytest.mark.parametrize(
    ("text", "wants_to_speak"),
    [
        ("No, wait.", True),
        ("Yeah, but not today", True),
        ("Okay, stop.", False),
        ("Mm-hmm, okay, right.", False),
        ("Wait", False),
        ("", False),
    ],
)
def test_two_words_with_meaning_insist(text: str, wants_to_speak: bool) -> None:
    assert insists(text) is wants_to_speak


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("What are your hours?", 1.0),
        ("I need help.", 1.0),
        ("what are your hours", 1.6),
        ("My number is", 3.0),
        ("I would like to,", 3.0),
        ("How about?", 1.0),
        ("", 1.0),
    ],
)
def test_unfinished_words_earn_a_longer_pause(text: str, factor: float) -> None:
    assert pause_factor(text) == factor
