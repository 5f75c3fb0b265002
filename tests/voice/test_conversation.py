"""A whole conversation on a loopback line, moved 20 ms at a time, with engines as told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.fakes.journal import FakeTools
from tests.voice.stage import Stage, say
from thunderbox.errors import EngineError
from thunderbox.voice.engine import Message


async def test_the_agent_greets_first() -> None:
    stage = Stage(say("Hello there. How can I help?"), agent_first=True)
    async with stage.open():
        await stage.pass_ms(1000)
    assert stage.journal.rows == [("assistant", "Hello there. How can I help?")]
    assert stage.ended == "caller_hangup"


async def test_the_prompt_is_read_while_the_caller_speaks_first() -> None:
    stage = Stage(say("Yes."))
    async with stage.open():
        await stage.pass_ms(100)
    assert stage.model.warmed == [[{"role": "system", "content": "You are a test."}]]


async def test_a_question_is_answered_after_the_pause() -> None:
    stage = Stage(say("We are open."), "Are you open?")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.journal.rows == [("user", "Are you open?"), ("assistant", "We are open.")]
    assert 350 <= stage.journal.latencies[0] <= 420


async def test_the_model_is_told_the_whole_conversation() -> None:
    stage = Stage(say("Yes."), "Are you open?", "And tomorrow?")
    async with stage.open():
        for _ in range(2):
            await stage.speak(8)
            await stage.pass_ms(1500)
    assert stage.model.asked[-1] == [
        {"role": "system", "content": "You are a test."},
        {"role": "user", "content": "Are you open?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "And tomorrow?"},
    ]


async def test_an_interruption_keeps_only_what_was_heard() -> None:
    long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    answers = iter([long, "Fine."])
    stage = Stage(lambda _: next(answers), "Count.", "Please stop now.")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(500 + 300)
        await stage.speak(8)
        await stage.pass_ms(1500)
    role, heard, cut = stage.journal.rows[1]
    assert role == "assistant"
    assert heard.startswith("one two three")
    assert heard + cut.removeprefix("cut:") == long
    assert stage.journal.rows[2:] == [("user", "Please stop now."), ("assistant", "Fine.")]
    assert stage.model.asked[-1][2]["content"] == heard + " ..."


async def test_a_caller_who_was_cut_off_is_waited_for_longer() -> None:
    stage = Stage(say("We are open every day."), "Are you open?", "On Sunday, I mean.")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(480)
        await stage.speak(8)
        await stage.pass_ms(2500)
    first, second = stage.journal.latencies[0], stage.journal.latencies[-1]
    assert 350 <= first <= 420
    assert 540 <= second <= 660


async def test_after_a_noise_the_agent_says_what_is_left() -> None:
    long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    stage = Stage(say(long), "Count.", "")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(500 + 300)
        await stage.speak(7)
        await stage.pass_ms(2500)
    (_, heard, cut), (_, rest) = stage.journal.rows[1:]
    assert heard.startswith("one two three")
    assert cut == f"cut: {rest}"
    assert f"{heard} {rest}" == long
    assert len(stage.model.asked) == 1


async def test_going_on_speaking_leaves_no_trace_of_the_first_try() -> None:
    stage = Stage(
        lambda messages: f"You said {messages[-1]['content']}", "Are you", "Are you open today?"
    )
    async with stage.open():
        await stage.speak(6)
        await stage.pass_ms(240)
        await stage.speak(6)
        await stage.pass_ms(1500)
    assert stage.journal.rows == [
        ("user", "Are you open today?"),
        ("assistant", "You said Are you open today?"),
    ]


async def test_a_tool_runs_once_and_only_when_the_turn_is_decided() -> None:
    def answer(messages: Sequence[Message]) -> str:
        if messages[-1]["role"] == "tool":
            return "You are booked."
        return '<tool_call>{"name": "book", "arguments": {"day": "Monday"}}</tool_call>'

    stage = Stage(answer, "Book Monday.", tools=FakeTools("book"))
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(300)
        assert stage.tools.ran == []
        await stage.pass_ms(1200)
    assert stage.tools.ran == [("book", {"day": "Monday"})]
    assert stage.journal.rows == [
        ("user", "Book Monday."),
        ("tool_call", "book", {"day": "Monday"}),
        ("tool_response", '{"status":"confirmed"}'),
        ("assistant", "You are booked."),
    ]


def booking(messages: Sequence[Message]) -> str:
    """A model that books, and says so when it is done."""
    if any(message["role"] == "tool" for message in messages):
        return "You are booked."
    return '<tool_call>{"name": "book", "arguments": {}}</tool_call>'


async def test_a_slow_tool_is_worth_a_word() -> None:
    tools = FakeTools("book")
    tools.gate = asyncio.Event()
    stage = Stage(booking, "Book Monday.", tools=tools, checking_s=0.001)
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(400)
        await asyncio.sleep(0.01)
        await stage.pass_ms(600)
        tools.gate.set()
        await stage.pass_ms(800)
    said = [row[1] for row in stage.journal.rows if row[0] == "assistant"]
    assert said == ["One moment, please.", "You are booked."]
    assert "One moment" not in str(stage.model.asked[-1])


async def test_a_tool_that_was_started_is_finished_although_the_caller_interrupts() -> None:
    tools = FakeTools("book")
    tools.gate = asyncio.Event()
    stage = Stage(booking, "Book Monday.", "Are you there?", tools=tools)
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(500)
        assert len(tools.ran) == 1
        await stage.speak(8)
        tools.gate.set()
        await stage.pass_ms(1500)
    assert len(tools.ran) == 1
    assert stage.journal.rows == [
        ("user", "Book Monday."),
        ("tool_call", "book", {}),
        ("tool_response", '{"status":"confirmed"}'),
        ("user", "Are you there?"),
        ("assistant", "You are booked."),
    ]


async def test_unreadable_tool_arguments_are_sent_back_once() -> None:
    answers = iter(["<tool_call>{oops</tool_call>", "Sorry, once more?"])
    stage = Stage(lambda _: next(answers), "Book.", tools=FakeTools("book"))
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.tools.ran == []
    assert stage.journal.rows[-1] == ("assistant", "Sorry, once more?")


async def test_end_call_hangs_up_after_the_last_words_were_heard() -> None:
    goodbye = 'Goodbye now!<tool_call>{"name": "end_call", "arguments": {}}</tool_call>'
    stage = Stage(say(goodbye), "Bye.")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
        assert stage.line.far.ended
    assert stage.journal.rows[-1] == ("assistant", "Goodbye now!")
    assert stage.ended == "agent_end"


async def test_words_right_before_hanging_up_are_kept() -> None:
    stage = Stage(say("Yes."), "Thank you, goodbye.")
    async with stage.open():
        await stage.speak(8)
    assert stage.journal.rows == [("user", "Thank you, goodbye.")]


async def test_hanging_up_while_the_agent_speaks_keeps_the_heard_words() -> None:
    stage = Stage(say("one two three four five six seven eight"), agent_first=True)
    async with stage.open():
        await stage.pass_ms(460)
    assert stage.journal.rows[0][:2] == ("assistant", "one two three four")


async def test_a_failing_recognizer_is_followed_by_a_sentence() -> None:
    stage = Stage(say("Yes."), EngineError("broken"))
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(2000)
    assert stage.journal.rows == [("assistant", "I am sorry, could you say that again?")]


async def test_a_model_that_says_nothing_in_time_is_followed_by_a_sentence() -> None:
    stage = Stage(say("Yes."), "Hello?", first_token_s=0.01)
    stage.model.stuck = True
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(400)
        await asyncio.sleep(0.05)
        await stage.pass_ms(3000)
    assert stage.journal.rows[0] == ("user", "Hello?")
    assert "technical problem" in stage.journal.rows[1][1]


async def test_a_model_that_fails_twice_ends_the_call_with_a_sentence() -> None:
    stage = Stage(lambda _: EngineError("broken"), "Hello?", "Hello?")
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(3000)
        await stage.speak(8)
        await stage.pass_ms(3000)
        assert stage.line.far.ended
    assert "call again later" in stage.journal.rows[-1][1]
    assert stage.ended == "error"


async def test_a_broken_voice_ends_the_call_instead_of_silence() -> None:
    stage = Stage(say("Yes."), "Hello?")
    stage.voice.broken = True
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(2000)
        assert stage.line.far.ended
    assert stage.ended == "error"


async def test_a_line_without_a_clock_ends_the_call(monkeypatch: object) -> None:
    stage = Stage(say("Yes."))
    task = asyncio.create_task(stage.conversation.run())
    await asyncio.sleep(0)
    await stage.line.far.hang_up()
    assert await asyncio.wait_for(task, 5) == "caller_hangup"
