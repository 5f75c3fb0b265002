"""What an audience is told while a conversation runs, on a loopback line, engines as told."""

from __future__ import annotations

import asyncio

from tests.fakes.journal import FakeTools
from tests.voice.stage import Stage, say, use
from thunderbox.voice.audience import AgentState, Caption, Speaks

LISTENING, THINKING, SPEAKING = AgentState.LISTENING, AgentState.THINKING, AgentState.SPEAKING
COUNT = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
TICKS_A_WORD = 5


async def test_a_question_and_its_answer_are_a_segment_each() -> None:
    stage = Stage(say("We are open."), "Are you open?")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.audience.texts(Speaks.CALLER) == [
        (1, "Are you open?", False),
        (1, "Are you open?", True),
    ]
    assert stage.audience.texts(Speaks.AGENT) == [
        (2, "We", False),
        (2, "We are open.", False),
        (2, "We are open.", True),
    ]


async def test_the_agent_listens_thinks_speaks_and_listens() -> None:
    stage = Stage(say("We are open."), "Are you open?")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.audience.states == [LISTENING, THINKING, SPEAKING, LISTENING]


async def test_thinking_begins_with_the_agents_turn_and_speaking_with_the_first_sound() -> None:
    stage = Stage(say("We are open."), "Are you open?")
    stage.model.gate = gate = asyncio.Event()
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(300)
        assert stage.audience.states == [LISTENING]
        await stage.pass_ms(200)
        assert stage.audience.states == [LISTENING, THINKING]
        gate.set()
        await stage.pass_ms(60)
        assert stage.audience.states == [LISTENING, THINKING, SPEAKING]


async def test_words_so_far_are_shown_while_the_caller_speaks() -> None:
    stage = Stage(say("Yes."), "Are you open on Sunday?")
    stage.recognizer.glimpses = ["Are you", "Are you open"]
    async with stage.open():
        await stage.speak(24)
        await stage.pass_ms(1000)
    assert stage.audience.texts(Speaks.CALLER) == [
        (1, "Are you", False),
        (1, "Are you open", False),
        (1, "Are you open on Sunday?", False),
        (1, "Are you open on Sunday?", True),
    ]


async def test_the_agents_words_do_not_run_ahead_of_its_voice() -> None:
    stage = Stage(say(COUNT), "Count.")
    words = COUNT.split()
    async with stage.open():
        await stage.speak(8)
        while SPEAKING not in stage.audience.states:
            await stage.pass_ms(20)
        for _ in range(12):
            shown = stage.audience.captions[-1].text.split()
            heard = sum(any(tick.near) for tick in stage.audience.ticks) / TICKS_A_WORD
            assert shown == words[: len(shown)]
            assert heard - 2 <= len(shown) <= heard + 1
            await stage.pass_ms(100)


async def test_words_that_were_cut_off_are_taken_back() -> None:
    answers = iter([COUNT, "Fine."])
    stage = Stage(lambda _: next(answers), "Count.", "Please stop now.")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(500 + 300)
        await stage.speak(8)
        await stage.pass_ms(1500)
    heard = next(row[1] for row in stage.journal.rows if row[0] == "assistant")
    assert (2, heard, True) in stage.audience.texts(Speaks.AGENT)
    assert stage.audience.states == [
        LISTENING,
        THINKING,
        SPEAKING,
        LISTENING,
        THINKING,
        SPEAKING,
        LISTENING,
    ]


async def test_a_murmur_over_the_agent_is_not_shown() -> None:
    stage = Stage(say(COUNT), "Count.", "Mm-hm.")
    stage.recognizer.glimpses = ["Mm-hm"]
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(700)
        await stage.speak(4)
        await stage.pass_ms(1500)
    assert [each for each in stage.audience.texts(Speaks.CALLER) if each[0] > 1] == []


async def test_words_that_were_none_are_taken_back() -> None:
    stage = Stage(say("Yes."), "")
    stage.recognizer.glimpses = ["Thank you"]
    async with stage.open():
        await stage.speak(14)
        await stage.pass_ms(1000)
    assert stage.audience.texts(Speaks.CALLER) == [(1, "Thank you", False), (1, "", True)]


async def test_while_a_tool_runs_the_agent_thinks() -> None:
    tools = FakeTools("book")
    answers = iter(["Let me see. " + use("book"), "It is done."])
    stage = Stage(lambda _: next(answers), "Book it.", tools=tools)
    tools.gate = gate = asyncio.Event()
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
        assert stage.audience.states[-1] is THINKING
        gate.set()
        await stage.pass_ms(1500)
    assert stage.audience.states == [LISTENING, THINKING, SPEAKING, THINKING, SPEAKING, LISTENING]
    finals = [each for each in stage.audience.texts(Speaks.AGENT) if each[2]]
    assert finals == [(2, "Let me see.", True), (3, "It is done.", True)]


async def test_both_sides_are_heard() -> None:
    stage = Stage(say("Yes."), "Are you open?")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1000)
    assert any(any(tick.far) for tick in stage.audience.ticks)
    assert any(any(tick.near) for tick in stage.audience.ticks)


async def test_a_message_is_a_turn_that_is_answered_aloud() -> None:
    stage = Stage(say("Hello there."))
    async with stage.open():
        stage.write("Good morning.")
        await stage.pass_ms(1000)
    assert stage.journal.rows == [("user", "Good morning."), ("assistant", "Hello there.")]
    assert stage.audience.captions[0] == Caption(
        Speaks.CALLER, 1, "Good morning.", final=True, typed=True
    )
    assert stage.audience.texts(Speaks.AGENT)[-1] == (2, "Hello there.", True)
    assert stage.model.asked[-1][-1] == {"role": "user", "content": "Good morning."}


async def test_a_message_stops_the_agent_and_is_answered() -> None:
    answers = iter([COUNT, "Fine."])
    stage = Stage(lambda _: next(answers), "Count.")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(800)
        stage.write("Stop it.")
        await stage.pass_ms(1000)
    kinds = [(row[0], row[1]) for row in stage.journal.rows[2:]]
    assert kinds == [("user", "Stop it."), ("assistant", "Fine.")]
    assert stage.journal.rows[1][2].startswith("cut:")


async def test_what_was_written_right_before_the_end_is_kept() -> None:
    stage = Stage(say("Hello there."))
    async with stage.open():
        stage.write("Bye.")
    assert stage.journal.rows == [("user", "Bye.")]
