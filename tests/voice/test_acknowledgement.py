"""The word that bridges the wait for an answer: when it comes, and what it never does."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.journal import FakeTools
from tests.voice.stage import Stage, say, use
from tests.voice.test_turns import run
from thunderbox.errors import EngineError
from thunderbox.voice.pace import Pace
from thunderbox.voice.turn_events import (
    Acknowledge,
    Begun,
    EngineFailed,
    Event,
    HoldChanged,
    Moment,
    Played,
    Playing,
    Pressed,
    ReplyFinished,
    SpeechStarted,
    SpeechStopped,
    Transcribed,
    WordsReady,
)
from thunderbox.voice.turns import Turns

ASKED: tuple[Event, ...] = (
    Begun(0),
    SpeechStarted(200),
    SpeechStopped(1000),
    Transcribed(1100, 1, 1, "What are your hours?"),
)
DECIDED = (*ASKED, Moment(1350))
PRESSED: tuple[Event, ...] = (Begun(0), Pressed(900, "4"), Pressed(1000, "#"))


@pytest.mark.parametrize(
    ("events", "acknowledged"),
    [
        ((*DECIDED, Moment(1740)), []),
        ((*DECIDED, Moment(1750)), [1750]),
        ((*DECIDED, Moment(1760), Moment(1780), Moment(9000)), [1760]),
        ((*DECIDED, WordsReady(1749, 2), Moment(1750), Moment(9000)), []),
        ((*ASKED, WordsReady(1200, 2), Moment(1350), Moment(1750), Moment(9000)), []),
        ((*DECIDED, WordsReady(1500, 1), Moment(1750)), [1750]),
        ((*DECIDED, SpeechStarted(1600), Moment(1750), Moment(1900)), []),
        ((*DECIDED, HoldChanged(1600, True), Moment(1750), Moment(9000)), []),
        ((*DECIDED, EngineFailed(1600, 2), Moment(1750), Moment(9000)), []),
        ((*DECIDED, ReplyFinished(1600, 2, False, True), Moment(1750)), []),
        ((*PRESSED, Moment(1390)), []),
        ((*PRESSED, Moment(1400), Moment(1800)), [1400]),
    ],
)
def test_when_it_comes(events: tuple[Event, ...], acknowledged: list[int]) -> None:
    turns = Turns(Pace(agent_first=False, acknowledge_ms=400))
    made = [(event.at, effect) for event in events for effect in turns.handle(event)]
    assert [at for at, effect in made if isinstance(effect, Acknowledge)] == acknowledged


def test_the_greeting_needs_none() -> None:
    turns = Turns(Pace(agent_first=True, acknowledge_ms=400))
    assert run(turns, Begun(0), Moment(400), Moment(3000))[2:] == []


def test_products_without_one_never_have_one() -> None:
    turns = Turns(Pace(agent_first=False))
    assert Acknowledge(2) not in run(turns, *DECIDED, Moment(1750), Moment(3000))


def test_each_answer_has_its_own() -> None:
    turns = Turns(Pace(agent_first=False, acknowledge_ms=400))
    run(turns, *DECIDED, Moment(1750), Playing(1760, 2), WordsReady(1800, 2), Played(3000, 2))
    second = (
        SpeechStarted(4000),
        SpeechStopped(5000),
        Transcribed(5100, 3, 1, "And on Sunday?"),
        Moment(5350),
    )
    assert run(turns, *second, Moment(5750))[-1] == Acknowledge(4)


async def test_a_slow_answer_follows_it_directly() -> None:
    stage = Stage(say("We are open."), "Are you open?", acknowledgement="Let me take a look.")
    stage.model.gate = asyncio.Event()
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(350 + 400 + 200)
        stage.model.gate.set()
        heard_from = len(stage.journal.rows)
        await stage.pass_ms(400)
        assert stage.journal.rows[heard_from:] == [("assistant", "Let me take a look.")]
        await stage.pass_ms(300)
    assert stage.journal.rows == [
        ("user", "Are you open?"),
        ("assistant", "Let me take a look."),
        ("assistant", "We are open."),
    ]
    assert 750 <= stage.journal.latencies[0] <= 820


async def test_a_quick_answer_comes_alone() -> None:
    stage = Stage(say("We are open."), "Are you open?", acknowledgement="Let me take a look.")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.journal.rows == [("user", "Are you open?"), ("assistant", "We are open.")]


async def test_the_model_is_not_told_of_it() -> None:
    stage = Stage(say("Yes."), "Are you open?", "And tomorrow?", acknowledgement="One moment.")
    stage.model.gate = asyncio.Event()
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(900)
        stage.model.gate.set()
        await stage.pass_ms(1000)
        await stage.speak(8)
        await stage.pass_ms(1000)
    assert ("assistant", "One moment.") in stage.journal.rows
    assert [message["content"] for message in stage.model.asked[-1][1:]] == [
        "Are you open?",
        "Yes.",
        "And tomorrow?",
    ]


async def test_it_bridges_a_slow_tool_and_is_not_repeated() -> None:
    tools = FakeTools("look")
    tools.gate = asyncio.Event()
    answers = iter([use("look"), "It is free."])
    stage = Stage(
        lambda _: next(answers), "Is it free?", tools=tools, acknowledgement="Let me see."
    )
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
        tools.gate.set()
        await stage.pass_ms(1000)
    said = [row[1] for row in stage.journal.rows if row[0] == "assistant"]
    assert said == ["Let me see.", "It is free."]


async def test_a_caller_who_cuts_it_off_with_noise_still_gets_the_answer() -> None:
    stage = Stage(
        say("We are open."), "Are you open?", "", acknowledgement="Let me take a quick look at it."
    )
    stage.model.gate = asyncio.Event()
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(850)
        await stage.speak(7)
        stage.model.gate.set()
        await stage.pass_ms(2000)
    said = [row for row in stage.journal.rows if row[0] == "assistant"]
    assert said[0][1].startswith("Let me")
    assert said[0][2].startswith("cut: ")
    assert said[1:] == [("assistant", "We are open.")]


async def test_it_does_not_hide_that_the_model_fails_again_and_again() -> None:
    stage = Stage(
        lambda _: EngineError("Broken."), "Hello?", "Hello?", acknowledgement="One moment."
    )
    stage.model.gate = asyncio.Event()
    async with stage.open():
        for _ in range(2):
            stage.model.gate.clear()
            await stage.speak(8)
            await stage.pass_ms(1200)
            stage.model.gate.set()
            await stage.pass_ms(2500)
    assert stage.ended == "error"
