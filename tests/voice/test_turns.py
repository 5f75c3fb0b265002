"""Who speaks when, in cases that are not in the table of behaviours: events in, effects out."""

from __future__ import annotations

from thunderbox.voice import phrases
from thunderbox.voice.pace import Pace
from thunderbox.voice.turn_events import (
    Begun,
    CommitTurn,
    Discard,
    DropTurn,
    EchoFound,
    Effect,
    EngineFailed,
    Event,
    Generate,
    HangUp,
    Interrupt,
    Moment,
    Played,
    Playing,
    Release,
    ReplyFinished,
    Resume,
    Say,
    SpeechStarted,
    SpeechStopped,
    Transcribe,
    Transcribed,
)
from thunderbox.voice.turns import Turns

LISTENING = Pace(agent_first=False)


def run(turns: Turns, *events: Event) -> list[Effect]:
    """Feed events; everything that came of them."""
    effects: list[Effect] = []
    for event in events:
        effects += turns.handle(event)
    return effects


def asked(text: str = "What are your hours?") -> Turns:
    """A caller has asked, and reply 2 is released at 1350 ms but not yet heard."""
    turns = Turns(LISTENING)
    run(
        turns,
        Begun(0),
        SpeechStarted(200),
        SpeechStopped(1000),
        Transcribed(1100, 1, 1, text),
        Moment(1350),
    )
    return turns


def speaking() -> Turns:
    """The agent is in the middle of reply 2."""
    turns = asked()
    run(turns, ReplyFinished(1360, 2, False, False), Playing(1400, 2))
    return turns


def test_a_pause_is_transcribed_at_once() -> None:
    turns = Turns(LISTENING)
    effects = run(turns, Begun(0), SpeechStarted(200), SpeechStopped(1000))
    assert effects == [Transcribe(1, 1)]


def test_words_are_answered_silently_before_the_turn_is_decided() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0), SpeechStarted(200), SpeechStopped(1000))
    assert run(turns, Transcribed(1100, 1, 1, "Hello.")) == [Generate(2, "Hello.")]


def test_a_turn_is_decided_as_much_earlier_as_its_answer_takes_to_arrive() -> None:
    turns = Turns(Pace(agent_first=False, pause_ms=350, lead_ms=30))
    run(turns, Begun(0), SpeechStarted(200), SpeechStopped(1000))
    run(turns, Transcribed(1100, 1, 1, "Are you open?"))
    assert run(turns, Moment(1300)) == []
    assert Release(2, 1000) in run(turns, Moment(1320))


def test_an_unfinished_sentence_is_given_more_time() -> None:
    turns = Turns(LISTENING)
    run(
        turns,
        Begun(0),
        SpeechStarted(200),
        SpeechStopped(1000),
        Transcribed(1100, 1, 1, "My number is"),
    )
    assert run(turns, Moment(2040)) == []
    assert isinstance(run(turns, Moment(2050))[0], CommitTurn)


def test_going_on_before_the_turn_is_decided_discards_the_silent_reply() -> None:
    turns = Turns(LISTENING)
    run(
        turns,
        Begun(0),
        SpeechStarted(200),
        SpeechStopped(1000),
        Transcribed(1100, 1, 1, "Are you open?"),
    )
    assert run(turns, SpeechStarted(1200)) == [Discard(2)]
    assert run(turns, Moment(1400), SpeechStopped(2000)) == [Transcribe(1, 3)]
    assert run(turns, Transcribed(2100, 1, 3, "Are you open on Sunday?")) == [
        Generate(3, "Are you open on Sunday?")
    ]


def test_a_transcript_of_an_older_pause_is_ignored() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0), SpeechStarted(200), SpeechStopped(1000), SpeechStarted(1100))
    assert run(turns, Transcribed(1200, 1, 1, "Are you")) == []


def test_noise_without_words_is_forgotten() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0), SpeechStarted(200), SpeechStopped(400))
    assert run(turns, Transcribed(500, 1, 1, "")) == [DropTurn(1)]
    assert run(turns, Moment(3000)) == []


def test_the_silence_after_a_word_is_no_part_of_the_half_second() -> None:
    turns = speaking()
    assert run(turns, SpeechStarted(2000), Moment(2500, 20), Moment(2520, 40)) == []
    assert run(turns, Moment(2540)) == [Interrupt(2)]


def test_short_words_that_mean_something_interrupt_when_they_are_known() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), SpeechStopped(2300))
    assert run(turns, Transcribed(2400, 3, 1, "Stop.")) == [Interrupt(2), Generate(4, "Stop.")]


def test_yes_over_the_last_syllable_answers_the_question() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), SpeechStopped(2300), Transcribed(2400, 3, 1, "Yes."))
    assert run(turns, Played(2900, 2)) == [
        CommitTurn("Yes.", 2000, 2300),
        Generate(4, None),
        Release(4, 2900),
    ]


def test_yes_in_the_middle_of_an_answer_is_only_attention() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), SpeechStopped(2300), Transcribed(2400, 3, 1, "Yes."))
    assert run(turns, Played(4000, 2)) == []


def test_a_caller_who_goes_on_while_the_agent_thinks_is_let_speak() -> None:
    turns = asked("I want to book.")
    assert run(turns, SpeechStarted(1500)) == [Interrupt(2)]


def test_an_ending_without_words_says_goodbye_first() -> None:
    turns = asked("Goodbye.")
    effects = run(turns, ReplyFinished(1400, 2, True, True))
    assert effects == [Interrupt(2), Say(3, phrases.GOODBYE)]
    assert run(turns, Played(3000, 3)) == [HangUp("agent_end")]


def test_nothing_happens_after_the_end() -> None:
    turns = asked("Goodbye.")
    run(turns, ReplyFinished(1400, 2, True, False), Played(3000, 2))
    assert run(turns, SpeechStarted(3100), Moment(90_000)) == []


def test_words_after_the_question_restart_the_silence() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0), Moment(30_000), Played(31_000, 1))
    run(turns, SpeechStarted(32_000), SpeechStopped(32_500))
    run(turns, Transcribed(32_600, 2, 1, "I am here."), Moment(33_000), Played(34_000, 3))
    assert run(turns, Moment(63_980)) == []
    assert run(turns, Moment(64_000)) == [Say(4, phrases.STILL_THERE)]


def test_noise_without_words_does_not_keep_a_dead_line_open() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0))
    run(turns, SpeechStarted(20_000), SpeechStopped(20_400), Transcribed(20_500, 1, 1, ""))
    assert run(turns, Moment(29_980)) == []
    assert run(turns, Moment(30_000)) == [Say(2, phrases.STILL_THERE)]


def test_voice_without_any_pause_is_transcribed_after_a_while() -> None:
    turns = Turns(Pace(agent_first=False, max_turn_ms=10_000))
    run(turns, Begun(0), SpeechStarted(1000))
    assert run(turns, Moment(10_980)) == []
    assert run(turns, Moment(11_000)) == [Transcribe(1, 1)]


def test_a_failure_in_between_successes_is_not_the_second() -> None:
    turns = asked()
    run(turns, EngineFailed(2000, 2), Played(3000, 3))
    turns.recovered()
    run(turns, SpeechStarted(3200), SpeechStopped(4000))
    assert run(turns, EngineFailed(4100, 0))[-1] == Say(5, phrases.ASK_AGAIN)


def test_a_last_sentence_that_cannot_be_spoken_still_ends_the_call() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0))
    assert turns.end_with(phrases.SHUTDOWN, "shutdown") == [Say(1, phrases.SHUTDOWN)]
    assert run(turns, EngineFailed(100, 1)) == [HangUp("shutdown")]


def test_an_empty_reply_is_a_failure() -> None:
    turns = asked()
    effects = run(turns, ReplyFinished(1400, 2, False, True))
    assert effects == [Interrupt(2), Say(3, phrases.TROUBLE)]


def test_a_voice_that_was_the_agents_own_is_forgotten() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000))
    assert run(turns, EchoFound(2300)) == [DropTurn(3)]
    assert run(turns, Moment(2600)) == []


def test_words_that_were_the_agents_own_are_not_answered() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), Moment(2500), SpeechStopped(2520))
    run(turns, Transcribed(2550, 3, 1, "We are open."))
    assert run(turns, EchoFound(2560)) == [Discard(4), DropTurn(3), Resume(5, 2)]


def test_an_echo_found_while_the_caller_speaks_takes_nothing_away() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0), SpeechStarted(200))
    assert run(turns, EchoFound(500)) == []
    assert run(turns, SpeechStopped(1000)) == [Transcribe(1, 1)]
