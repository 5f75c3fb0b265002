"""Which sound of a turn still needs words."""

from __future__ import annotations

from thunderbox.voice.utterance import WINDOW, Utterance


def test_a_short_turn_is_heard_again_from_its_beginning() -> None:
    turn = Utterance()
    assert turn.begin(1000) == 0
    assert turn.paused(1000, "I would like") == "I would like"
    assert turn.begin(2000) == 0
    assert turn.paused(2000, "I would like a table.") == "I would like a table."


def test_a_long_turn_keeps_the_words_before_an_earlier_pause() -> None:
    turn = Utterance()
    turn.begin(5000)
    turn.paused(5000, "I would like a table,")
    assert turn.begin(WINDOW + 2) == 5000
    assert turn.with_kept("for") == "I would like a table, for"
    assert turn.paused(WINDOW + 2, "for four people.") == "I would like a table, for four people."
    assert turn.begin(WINDOW + 5000) == 5000
    assert turn.begin(WINDOW + 5002) == WINDOW + 2


def test_what_was_not_understood_is_heard_again() -> None:
    turn = Utterance()
    turn.begin(5000)
    turn.paused(5000, "")
    assert turn.begin(WINDOW + 2) == 0


def test_a_long_turn_without_a_pause_is_heard_whole() -> None:
    assert Utterance().begin(3 * WINDOW) == 0


def test_kept_words_stay_when_nothing_follows_them() -> None:
    turn = Utterance()
    turn.paused(5000, "Hello there.")
    turn.begin(WINDOW + 5000)
    assert turn.paused(WINDOW + 5000, "") == "Hello there."
