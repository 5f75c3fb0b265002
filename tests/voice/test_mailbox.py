"""What the turn-taking machine does when a machine picks up: events in, effects out."""

from __future__ import annotations

import pytest

from thunderbox.voice import phrases
from thunderbox.voice.pace import Pace
from thunderbox.voice.turn_events import (
    BeepHeard,
    Begun,
    CommitTurn,
    Discard,
    DropTurn,
    Effect,
    EngineFailed,
    Event,
    HangUp,
    Interrupt,
    LeaveMessage,
    Moment,
    Party,
    PartyKnown,
    Played,
    Playing,
    SpeechStarted,
    SpeechStopped,
    Transcribe,
    Transcribed,
)
from thunderbox.voice.turns import Turns


def run(turns: Turns, *events: Event) -> list[Effect]:
    """Feed events; everything that came of them."""
    return [effect for event in events for effect in turns.handle(event)]


def placed(action: str, *events: Event) -> Turns:
    """A call that the box placed, after these events."""
    turns = Turns(Pace(agent_first=False, voicemail=action))
    run(turns, Begun(0), *events)
    return turns


def leaving(*events: Event) -> Turns:
    """A mailbox has been talking since 300 ms, and is known as one at 3000 ms."""
    turns = placed("message", SpeechStarted(300), PartyKnown(3000, Party.MACHINE))
    run(turns, SpeechStarted(3100), *events)
    return turns


@pytest.mark.parametrize(
    ("action", "party", "effects"),
    [
        ("hangup", Party.MACHINE, [HangUp("voicemail")]),
        ("hangup", Party.HUMAN, []),
        ("hangup", Party.SILENCE, []),
        ("prompt", Party.MACHINE, []),
        ("message", Party.MACHINE, []),
        ("message", Party.HUMAN, []),
        ("prompt", Party.FAX, [HangUp("fax")]),
        ("message", Party.FAX, [HangUp("fax")]),
        ("hangup", Party.FAX, [HangUp("fax")]),
    ],
)
def test_the_action_for_whoever_picked_up(action: str, party: Party, effects: list[Effect]) -> None:
    assert run(placed(action), PartyKnown(2000, party)) == effects


@pytest.mark.parametrize("action", ["hangup", "message"])
def test_somebody_who_only_talks_like_a_machine_is_neither_left_nor_recorded_on(
    action: str,
) -> None:
    turns = placed(action, SpeechStarted(300))
    assert run(turns, PartyKnown(3000, Party.MACHINE, sure=False)) == []
    assert run(turns, PartyKnown(4200, Party.HUMAN)) == []


def test_what_the_machine_has_said_is_kept_and_a_silent_reply_discarded() -> None:
    turns = placed(
        "message", SpeechStarted(300), SpeechStopped(900), Transcribed(1000, 1, 1, "Hi, Ann.")
    )
    assert run(turns, PartyKnown(1100, Party.MACHINE)) == [
        CommitTurn("Hi, Ann.", 300, 900),
        DropTurn(1),
        Discard(2),
    ]


def test_an_agent_that_speaks_already_is_stopped() -> None:
    turns = Turns(Pace(agent_first=True, voicemail="message"))
    run(turns, Begun(0), Playing(200, 1))
    assert run(turns, PartyKnown(2000, Party.MACHINE)) == [Interrupt(1)]


def test_the_greeting_is_not_answered() -> None:
    turns = leaving()
    assert run(turns, SpeechStopped(5000), Moment(6000), Transcribed(6100, 1, 1, "Hi.")) == []


def test_the_message_follows_the_beep_and_then_the_call_ends() -> None:
    turns = leaving(SpeechStopped(9000))
    assert run(turns, BeepHeard(9800)) == [LeaveMessage(2)]
    assert run(turns, Playing(9900, 2), SpeechStarted(10_500), Moment(12_000)) == []
    assert run(turns, Played(15_000, 2)) == [HangUp("message_left")]


def test_without_a_beep_the_message_follows_the_silence() -> None:
    turns = leaving(SpeechStopped(9000))
    assert run(turns, Moment(11_480)) == []
    assert run(turns, Moment(11_500)) == [LeaveMessage(2)]


def test_a_greeting_that_goes_on_stops_the_message() -> None:
    turns = leaving(SpeechStopped(9000), Moment(11_500))
    assert run(turns, SpeechStarted(12_000)) == [Interrupt(2)]
    assert run(turns, SpeechStopped(14_000), Moment(16_480)) == []
    assert run(turns, BeepHeard(16_500)) == [LeaveMessage(3)]


def test_a_late_beep_begins_the_message_anew() -> None:
    turns = leaving(SpeechStopped(9000), Moment(11_500))
    assert run(turns, BeepHeard(12_000)) == [Interrupt(2), LeaveMessage(3)]
    assert run(turns, Played(12_100, 2)) == []


def test_an_endless_greeting_ends_the_call() -> None:
    turns = leaving()
    assert run(turns, Moment(62_980)) == []
    assert run(turns, Moment(63_000)) == [HangUp("voicemail")]


def test_a_message_that_cannot_be_spoken_ends_the_call() -> None:
    turns = leaving(BeepHeard(9800))
    assert run(turns, EngineFailed(9900, 0)) == []
    assert run(turns, EngineFailed(9900, 2)) == [HangUp("error")]


def test_the_box_going_down_says_no_goodbye_to_a_machine() -> None:
    turns = leaving()
    assert turns.end_with(phrases.SHUTDOWN, "shutdown") == [HangUp("shutdown")]
    assert run(turns, BeepHeard(9800)) == []


def test_a_beep_in_a_conversation_is_nothing() -> None:
    turns = placed("message", PartyKnown(1000, Party.HUMAN))
    assert run(turns, BeepHeard(2000), SpeechStarted(2100), SpeechStopped(2500)) == [
        Transcribe(1, 1)
    ]
