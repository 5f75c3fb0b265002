"""The caller's words at every pause and in between, in whole conversations."""

from __future__ import annotations

from tests.fakes.engines import WORD
from tests.voice.stage import Stage, say
from thunderbox.errors import EngineError
from thunderbox.voice import glimpse
from thunderbox.voice.utterance import WINDOW

LONG = " ".join(["word"] * 60)


class Ear:
    """A turn model that says what it is told."""

    def __init__(self, answer: bool | Exception) -> None:
        self.answer = answer
        self.heard: list[bytes] = []

    async def finished(self, pcm: bytes) -> bool:
        """The answer."""
        self.heard.append(pcm)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_words_so_far_are_told_about_once_a_second() -> None:
    stage = Stage(say("Fine."), "I would like a table for four.")
    stage.recognizer.glimpses = ["I would", "I would like a", "I would like a table"]
    async with stage.open():
        await stage.speak(32)
        assert stage.journal.so_far == ["I would", "I would like a", "I would like a table"]
        assert stage.journal.rows == []
        await stage.pass_ms(1500)
    assert stage.journal.rows[0] == ("user", "I would like a table for four.")


async def test_two_words_over_the_agent_stop_it_before_half_a_second() -> None:
    stage = Stage(say(LONG), "No, wait.", agent_first=True)
    stage.recognizer.glimpses = ["No, wait"]
    async with stage.open():
        await stage.pass_ms(1000)
        await stage.speak(4)
        assert not stage.line.near.queued


async def test_a_backchannel_over_the_agent_does_not() -> None:
    stage = Stage(say(LONG), "Mm-hmm, okay.", agent_first=True)
    stage.recognizer.glimpses = ["Mm-hmm, okay"]
    async with stage.open():
        await stage.pass_ms(1000)
        await stage.speak(4)
        await stage.pass_ms(400)
        assert stage.line.near.queued


async def test_a_long_turn_is_not_heard_twice() -> None:
    stage = Stage(say("Fine."), "I would like a table,", "for four people.")
    async with stage.open():
        await stage.speak(60)
        await stage.pass_ms(240)
        await stage.speak(60)
        await stage.pass_ms(2000)
    first, second = stage.recognizer.heard
    assert first + second > WINDOW
    assert second < len(WORD) * 65
    assert stage.journal.rows[0] == ("user", "I would like a table, for four people.")


async def test_what_sounds_finished_is_answered_sooner() -> None:
    ear = Ear(True)
    stage = Stage(say("Yes."), "Are you open?", turn_end=ear)
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert 200 <= stage.journal.latencies[0] <= 260
    assert len(ear.heard[0]) >= len(WORD) * 8


async def test_what_does_not_is_waited_for() -> None:
    stage = Stage(say("Yes."), "I would like.", turn_end=Ear(False))
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(2900)
        assert stage.journal.rows == []
        await stage.pass_ms(600)
        assert stage.journal.rows[0] == ("user", "I would like.")


async def test_without_the_turn_model_the_words_decide() -> None:
    stage = Stage(say("Yes."), "Are you open?", turn_end=Ear(EngineError("broken")))
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert 350 <= stage.journal.latencies[0] <= 420


async def test_the_words_of_a_pause_are_begun_before_it_is_sure() -> None:
    stage = Stage(say("Yes."), "Are you open?")
    stage.recognizer.ahead = True
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(glimpse.PAUSE_MS + 20)
        assert len(stage.recognizer.heard) == 1
        assert stage.model.asked == []
        await stage.pass_ms(60)
        assert len(stage.model.asked) == 1
        await stage.pass_ms(1000)
    assert len(stage.recognizer.heard) == 1
    assert stage.journal.rows[0] == ("user", "Are you open?")


async def test_words_that_were_begun_in_a_gap_are_forgotten() -> None:
    stage = Stage(say("Yes."), "Are you", "Are you open?")
    stage.recognizer.ahead = True
    async with stage.open():
        await stage.speak(4)
        await stage.pass_ms(80)
        await stage.speak(4)
        await stage.pass_ms(1500)
    assert len(stage.recognizer.heard) == 2
    assert stage.journal.rows[0] == ("user", "Are you open?")


async def test_an_engine_that_cannot_begin_early_is_asked_at_the_pause() -> None:
    stage = Stage(say("Yes."), "Are you open?")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(glimpse.PAUSE_MS + 20)
        assert stage.recognizer.heard == []
        await stage.pass_ms(1000)
    assert stage.journal.rows[0] == ("user", "Are you open?")


async def test_a_gap_over_the_agent_is_not_looked_into() -> None:
    stage = Stage(say(LONG), "No.", agent_first=True)
    stage.recognizer.ahead = True
    async with stage.open():
        await stage.pass_ms(1000)
        await stage.speak(2)
        await stage.pass_ms(glimpse.PAUSE_MS + 20)
        assert stage.recognizer.heard == []


async def test_a_pause_within_a_sentence_is_not_taken_for_its_end_by_an_early_start() -> None:
    stage = Stage(say("Yes."), "I would like", "I would like a table.")
    stage.recognizer.ahead = True
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(340)
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert [row for row in stage.journal.rows if row[0] == "user"] == [
        ("user", "I would like a table.")
    ]
