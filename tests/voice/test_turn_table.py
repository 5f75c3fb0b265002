"""Every behaviour of a call as a table: what happens, and what is done about it at once.

A row is an event and the effects that it must have, in order; an event without effects has none.
"""

from __future__ import annotations

from typing import Any

import pytest

from thunderbox.voice import phrases
from thunderbox.voice.pace import Pace
from thunderbox.voice.turn_events import (
    Acknowledge,
    BeepHeard,
    Begun,
    CommitTurn,
    Discard,
    DropTurn,
    EchoFound,
    EngineFailed,
    Generate,
    Glimpsed,
    HangUp,
    HoldChanged,
    Interrupt,
    LeaveMessage,
    Moment,
    Party,
    PartyKnown,
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
    WordsReady,
    Wrote,
)
from thunderbox.voice.turns import Turns

Row = tuple[Any, ...]
Pacing = dict[str, Any]

HEARD: tuple[Row, ...] = (
    (Begun(0),),
    (SpeechStarted(200),),
    (SpeechStopped(1000), Transcribe(1, 1)),
    (Transcribed(1100, 1, 1, "Are you open?"), Generate(2, "Are you open?")),
)
"""The caller has asked."""
ASKED: tuple[Row, ...] = (
    *HEARD,
    (Moment(1340),),
    (Moment(1350), CommitTurn("Are you open?", 200, 1000), DropTurn(1), Release(2, 1000)),
)
"""It is the agent's turn, with reply 2."""
SPEAKING: tuple[Row, ...] = (
    *ASKED,
    (WordsReady(1360, 2),),
    (ReplyFinished(1380, 2, False, False),),
    (Playing(1400, 2),),
)
"""The caller hears it."""
ENDING: tuple[Row, ...] = (*ASKED, (ReplyFinished(1380, 2, True, False),), (Playing(1400, 2),))
"""Its words are the last ones."""
KEYED = CommitTurn("42", 100, 500, typed=True)

TABLE: dict[str, tuple[Pacing, tuple[Row, ...]]] = {
    "the agent speaks first": (
        {"agent_first": True},
        ((Begun(0), Generate(1, None), Release(1, None)), (Moment(20),)),
    ),
    "the caller speaks first": ({}, ((Begun(0),), (Moment(20),), (Moment(5000),))),
    "a question is answered after the pause": ({}, SPEAKING),
    "half a second of speech stops the agent": (
        {},
        (*SPEAKING, (SpeechStarted(2000),), (Moment(2480),), (Moment(2500), Interrupt(2))),
    ),
    "two words stop the agent before half a second": (
        {},
        (
            *SPEAKING,
            (SpeechStarted(2000),),
            (Glimpsed(2350, "No, wait"),),
            (Moment(2360), Interrupt(2)),
        ),
    ),
    "a backchannel does not stop the agent": (
        {},
        (
            *SPEAKING,
            (SpeechStarted(2000),),
            (Glimpsed(2350, "Yeah, okay"),),
            (Moment(2360),),
            (SpeechStopped(2400), Transcribe(3, 1)),
            (Transcribed(2500, 3, 1, "Yeah, okay."), DropTurn(3)),
            (Moment(2800),),
        ),
    ),
    "after a long backchannel the agent goes on": (
        {},
        (
            *SPEAKING,
            (SpeechStarted(2000),),
            (Moment(2500), Interrupt(2)),
            (SpeechStopped(2600), Transcribe(3, 1)),
            (Transcribed(2700, 3, 1, "Okay, great."), DropTurn(3), Resume(4, 2)),
        ),
    ),
    "after a noise the agent goes on": (
        {},
        (
            *SPEAKING,
            (SpeechStarted(2000),),
            (Moment(2500), Interrupt(2)),
            (SpeechStopped(2600), Transcribe(3, 1)),
            (Transcribed(2700, 3, 1, ""), DropTurn(3), Resume(4, 2)),
        ),
    ),
    "the agent's own voice does not stop it for long": (
        {},
        (
            *SPEAKING,
            (SpeechStarted(2000),),
            (Moment(2500), Interrupt(2)),
            (EchoFound(2560), DropTurn(3), Resume(4, 2)),
        ),
    ),
    "keys are gathered until the hash key": (
        {},
        (
            (Begun(0),),
            (Pressed(100, "4"),),
            (Pressed(300, "2"),),
            (Pressed(500, "#"), KEYED, Generate(1, None), Release(1, 500)),
        ),
    ),
    "keys are gathered until a pause": (
        {},
        (
            (Begun(0),),
            (Pressed(100, "7"),),
            (Moment(2080),),
            (
                Moment(2100),
                CommitTurn("7", 100, 2100, typed=True),
                Generate(1, None),
                Release(1, 2100),
            ),
        ),
    ),
    "what is written is answered at once": (
        {},
        (
            (Begun(0),),
            (Wrote(100, " Are you\n open? "),),
            (
                Moment(120),
                CommitTurn("Are you open?", 100, 120, typed=True),
                Generate(1, None),
                Release(1, 120),
            ),
        ),
    ),
    "what is written stops the agent": (
        {},
        (
            *SPEAKING,
            (Wrote(2000, "Stop."),),
            (
                Moment(2020),
                Interrupt(2),
                CommitTurn("Stop.", 2000, 2020, typed=True),
                Generate(3, None),
                Release(3, 2020),
            ),
        ),
    ),
    "messages in a row are one turn": (
        {},
        (
            (Begun(0),),
            (Wrote(100, "Hello."),),
            (
                Moment(120),
                CommitTurn("Hello.", 100, 120, typed=True),
                Generate(1, None),
                Release(1, 120),
            ),
            (Wrote(200, "Are you"),),
            (Wrote(300, "open?"),),
            (Moment(600),),
            (
                Moment(620),
                Interrupt(1),
                CommitTurn("Are you open?", 200, 620, typed=True),
                Generate(2, None),
                Release(2, 620),
            ),
        ),
    ),
    "words that were said before something is written are kept": (
        {},
        (
            *HEARD,
            (Wrote(1200, "Today?"),),
            (
                Moment(1220),
                Discard(2),
                CommitTurn("Are you open?", 200, 1000),
                DropTurn(1),
                CommitTurn("Today?", 1200, 1220, typed=True),
                Generate(3, None),
                Release(3, 1220),
            ),
        ),
    ),
    "words that are not known when something is written come after it": (
        {},
        (
            (Begun(0),),
            (SpeechStarted(200),),
            (SpeechStopped(1000), Transcribe(1, 1)),
            (Wrote(1010, "Today?"),),
            (
                Moment(1020),
                CommitTurn("Today?", 1010, 1020, typed=True),
                Generate(2, None),
                Release(2, 1020),
            ),
            (
                Transcribed(1100, 1, 1, "Are you open?"),
                Interrupt(2),
                Generate(3, "Are you open?"),
            ),
        ),
    ),
    "nothing that is written keeps a call from ending": (
        {"max_ms": 5000},
        (
            (Begun(0),),
            (Moment(5000), Say(1, phrases.TIME_END)),
            (Wrote(5100, "Wait."),),
            (Moment(5120),),
        ),
    ),
    "a key stops the agent": ({}, (*SPEAKING, (Pressed(2000, "1"), Interrupt(2)))),
    "a late answer is acknowledged once": (
        {"acknowledge_ms": 400},
        (*ASKED, (Moment(1740),), (Moment(1750), Acknowledge(2)), (Moment(2200),)),
    ),
    "an answer in time is not acknowledged": (
        {"acknowledge_ms": 400},
        (*SPEAKING, (Moment(1750),), (Moment(2200),)),
    ),
    "other products never acknowledge": ({}, (*ASKED, (Moment(1750),), (Moment(2200),))),
    "on hold the agent is quiet and afterwards goes on": (
        {},
        (
            *SPEAKING,
            (HoldChanged(2000, True), Interrupt(2)),
            (Moment(50_000),),
            (HoldChanged(50_100, False), Resume(3, 2)),
        ),
    ),
    "a hold that is too long ends the call": (
        {"max_hold_ms": 5_000},
        (
            (Begun(0),),
            (HoldChanged(1000, True),),
            (Moment(5_980),),
            (Moment(6_000), HangUp("timeout")),
        ),
    ),
    "a silent caller is asked and then left": (
        {"silence_ms": 10_000, "silence_end_ms": 5_000},
        (
            (Begun(0),),
            (Moment(9_980),),
            (Moment(10_000), Say(1, phrases.STILL_THERE)),
            (Playing(10_020, 1),),
            (Played(11_000, 1),),
            (Moment(15_980),),
            (Moment(16_000), Say(2, phrases.SILENCE_END)),
            (Played(18_000, 2), HangUp("timeout")),
        ),
    ),
    "a silent caller is asked as often as the agent wants": (
        {"silence_ms": 10_000, "silence_end_ms": 5_000, "check_ins": 2},
        (
            (Begun(0),),
            (Moment(10_000), Say(1, phrases.STILL_THERE)),
            (Played(11_000, 1),),
            (Moment(21_000), Say(2, phrases.STILL_THERE)),
            (Played(22_000, 2),),
            (Moment(27_000), Say(3, phrases.SILENCE_END)),
        ),
    ),
    "the longest call ends with a sentence that nobody stops": (
        {"max_ms": 10_000},
        (
            (Begun(0),),
            (Moment(10_000), Say(1, phrases.TIME_END)),
            (SpeechStarted(10_100),),
            (Moment(11_000),),
            (Played(12_000, 1), HangUp("timeout")),
        ),
    ),
    "the agent hangs up once its last words were heard": (
        {},
        (*ENDING, (Moment(2000),), (Played(3000, 2), HangUp("agent_end"))),
    ),
    "a caller who speaks over the last words is heard": (
        {},
        (*ENDING, (SpeechStarted(2000),), (Moment(2500), Interrupt(2)), (Moment(3000),)),
    ),
    "a reply that fails is apologised for, a second one ends the call": (
        {},
        (
            *ASKED,
            (EngineFailed(2000, 2), Interrupt(2), Say(3, phrases.TROUBLE)),
            (Played(3000, 3),),
            (SpeechStarted(3200),),
            (SpeechStopped(4000), Transcribe(4, 1)),
            (EngineFailed(4100, 0), DropTurn(4), Say(5, phrases.TROUBLE_END)),
            (Played(6000, 5), HangUp("error")),
        ),
    ),
    "a person is talked with": (
        {"voicemail": "hangup"},
        (*HEARD, (PartyKnown(1200, Party.HUMAN),), *ASKED[-2:]),
    ),
    "a machine is hung up on": (
        {"voicemail": "hangup"},
        ((Begun(0),), (PartyKnown(2000, Party.MACHINE), HangUp("voicemail"))),
    ),
    "a machine hears the message after its beep": (
        {"voicemail": "message"},
        (
            (Begun(0),),
            (PartyKnown(2000, Party.MACHINE),),
            (SpeechStarted(2100),),
            (SpeechStopped(9000),),
            (BeepHeard(9800), LeaveMessage(1)),
            (Played(15_000, 1), HangUp("message_left")),
        ),
    ),
    "a machine is talked with": (
        {"voicemail": "prompt"},
        (*HEARD, (PartyKnown(1200, Party.MACHINE),), *ASKED[-2:]),
    ),
    "a fax machine is hung up on": (
        {"voicemail": "prompt"},
        ((Begun(0),), (PartyKnown(2000, Party.FAX), HangUp("fax"))),
    ),
    "a silent line is waited on": (
        {"voicemail": "hangup"},
        (
            (Begun(0),),
            (PartyKnown(3000, Party.SILENCE),),
            (Moment(29_980),),
            (Moment(30_000), Say(1, phrases.STILL_THERE)),
        ),
    ),
}


@pytest.mark.parametrize("behaviour", TABLE)
def test_what_is_done_about_what_happens(behaviour: str) -> None:
    pacing, rows = TABLE[behaviour]
    turns = Turns(Pace(**{"agent_first": False} | pacing))
    done = [(event, *turns.handle(event)) for event, *_ in rows]
    assert done == list(rows)
