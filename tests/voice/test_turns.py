"""Who speaks when: events in, effects out."""

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
    HoldChanged,
    Interrupt,
    Moment,
    Played,
    Playing,
    Pressed,
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


def test_agent_first_greets_at_once() -> None:
    turns = Turns(Pace(agent_first=True))
    assert run(turns, Begun(0)) == [Generate(1, None), Release(1, None)]


def test_caller_first_waits() -> None:
    turns = Turns(LISTENING)
    assert run(turns, Begun(0), Moment(20), Moment(5000)) == []


def test_a_pause_is_transcribed_at_once() -> None:
    turns = Turns(LISTENING)
    effects = run(turns, Begun(0), SpeechStarted(200), SpeechStopped(1000))
    assert effects == [Transcribe(1, 1)]


def test_words_are_answered_silently_before_the_turn_is_decided() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0), SpeechStarted(200), SpeechStopped(1000))
    assert run(turns, Transcribed(1100, 1, 1, "Hello.")) == [Generate(2, "Hello.")]


def test_a_finished_sentence_takes_the_turn_after_the_pause() -> None:
    turns = Turns(LISTENING)
    run(
        turns,
        Begun(0),
        SpeechStarted(200),
        SpeechStopped(1000),
        Transcribed(1100, 1, 1, "Are you open?"),
    )
    assert run(turns, Moment(1340)) == []
    assert run(turns, Moment(1350)) == [
        CommitTurn("Are you open?", 200, 1000),
        DropTurn(1),
        Release(2, 1000),
    ]


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


def test_half_a_second_of_voice_interrupts_the_agent() -> None:
    turns = speaking()
    assert run(turns, SpeechStarted(2000), Moment(2480)) == []
    assert run(turns, Moment(2500)) == [Interrupt(2)]


def test_the_silence_after_a_word_is_no_part_of_the_half_second() -> None:
    turns = speaking()
    assert run(turns, SpeechStarted(2000), Moment(2500, 20), Moment(2520, 40)) == []
    assert run(turns, Moment(2540)) == [Interrupt(2)]


def test_short_words_that_mean_something_interrupt_when_they_are_known() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), SpeechStopped(2300))
    assert run(turns, Transcribed(2400, 3, 1, "Stop.")) == [Interrupt(2), Generate(4, "Stop.")]


def test_a_backchannel_does_not_interrupt() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), SpeechStopped(2300))
    assert run(turns, Transcribed(2400, 3, 1, "Mm-hmm.")) == [DropTurn(3)]


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


def test_a_long_backchannel_lets_the_agent_go_on() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), Moment(2500), SpeechStopped(2600))
    assert run(turns, Transcribed(2700, 3, 1, "Okay, yeah.")) == [DropTurn(3), Resume(4, 2)]


def test_after_a_false_interruption_the_agent_goes_on() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), Moment(2500), SpeechStopped(2600))
    assert run(turns, Transcribed(2700, 3, 1, "")) == [DropTurn(3), Resume(4, 2)]


def test_a_caller_who_goes_on_while_the_agent_thinks_is_let_speak() -> None:
    turns = asked("I want to book.")
    assert run(turns, SpeechStarted(1500)) == [Interrupt(2)]


def test_an_ending_reply_hangs_up_only_after_it_was_heard() -> None:
    turns = asked("Goodbye.")
    assert run(turns, ReplyFinished(1400, 2, True, False), Playing(1420, 2), Moment(2000)) == []
    assert run(turns, Played(3000, 2)) == [HangUp("agent_end")]


def test_an_ending_without_words_says_goodbye_first() -> None:
    turns = asked("Goodbye.")
    effects = run(turns, ReplyFinished(1400, 2, True, True))
    assert effects == [Interrupt(2), Say(3, phrases.GOODBYE)]
    assert run(turns, Played(3000, 3)) == [HangUp("agent_end")]


def test_nothing_happens_after_the_end() -> None:
    turns = asked("Goodbye.")
    run(turns, ReplyFinished(1400, 2, True, False), Played(3000, 2))
    assert run(turns, SpeechStarted(3100), Moment(90_000)) == []


def test_silence_is_asked_about_once_and_then_ends_the_call() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0))
    assert run(turns, Moment(29_980)) == []
    assert run(turns, Moment(30_000)) == [Say(1, phrases.STILL_THERE)]
    run(turns, Playing(30_020, 1), Played(31_000, 1))
    assert run(turns, Moment(45_980)) == []
    assert run(turns, Moment(46_000)) == [Say(2, phrases.SILENCE_END)]
    assert run(turns, Played(48_000, 2)) == [HangUp("timeout")]


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


def test_the_longest_call_ends_with_a_sentence() -> None:
    turns = Turns(Pace(agent_first=False, max_ms=10_000))
    assert run(turns, Begun(0), Moment(10_000)) == [Say(1, phrases.TIME_END)]
    assert run(turns, SpeechStarted(10_100), Moment(11_000)) == []
    assert run(turns, Played(12_000, 1)) == [HangUp("timeout")]


def test_a_failed_reply_is_apologised_for() -> None:
    turns = asked()
    assert run(turns, EngineFailed(2000, 2)) == [Interrupt(2), Say(3, phrases.TROUBLE)]


def test_a_second_failure_ends_the_call() -> None:
    turns = asked()
    run(turns, EngineFailed(2000, 2), Played(3000, 3))
    run(turns, SpeechStarted(3200), SpeechStopped(4000))
    effects = run(turns, EngineFailed(4100, 0))
    assert effects == [DropTurn(4), Say(5, phrases.TROUBLE_END)]
    assert run(turns, Played(6000, 5)) == [HangUp("error")]


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


def test_digits_are_gathered_until_the_hash_key() -> None:
    turns = Turns(LISTENING)
    assert run(turns, Begun(0), Pressed(100, "4"), Pressed(300, "2")) == []
    assert run(turns, Pressed(500, "#")) == [
        CommitTurn("42", 100, 500),
        Generate(1, None),
        Release(1, 500),
    ]


def test_digits_are_gathered_until_a_pause() -> None:
    turns = Turns(LISTENING)
    run(turns, Begun(0), Pressed(100, "7"))
    assert run(turns, Moment(2080)) == []
    assert run(turns, Moment(2100))[0] == CommitTurn("7", 100, 2100)


def test_a_digit_stops_the_agent() -> None:
    turns = speaking()
    assert run(turns, Pressed(2000, "1")) == [Interrupt(2)]


def test_on_hold_the_agent_is_quiet_and_afterwards_goes_on() -> None:
    turns = speaking()
    assert run(turns, HoldChanged(2000, True)) == [Interrupt(2)]
    assert run(turns, Moment(50_000)) == []
    assert run(turns, HoldChanged(50_100, False)) == [Resume(3, 2)]


def test_a_hold_longer_than_allowed_ends_the_call() -> None:
    turns = Turns(Pace(agent_first=False, max_hold_ms=5_000))
    run(turns, Begun(0), HoldChanged(1000, True))
    assert run(turns, Moment(5_980)) == []
    assert run(turns, Moment(6_000)) == [HangUp("timeout")]


def test_a_voice_that_was_the_agents_own_is_forgotten() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000))
    assert run(turns, EchoFound(2300)) == [DropTurn(3)]
    assert run(turns, Moment(2600)) == []


def test_an_agent_that_its_own_echo_stopped_goes_on() -> None:
    turns = speaking()
    run(turns, SpeechStarted(2000), Moment(2500))
    assert run(turns, EchoFound(2560)) == [DropTurn(3), Resume(4, 2)]


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
