"""The tools that act on the line: pressing keys and handing the caller on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from tests.fakes.journal import FakeJournal, FakeTools
from tests.voice.stage import Stage, say, use
from thunderbox.errors import LegError
from thunderbox.voice.engine import Message
from thunderbox.voice.leg import Digit, LegEvent
from thunderbox.voice.line_tools import LineTools
from thunderbox.voice.loopback import Loopback, LoopbackLeg

SALES = {"Sales": "+15550123", "Billing office": "sip:200@192.168.1.20"}


def tools(leg: LoopbackLeg, *others: str, keys: bool = True) -> LineTools:
    """The tools of a call on this leg."""
    return LineTools(FakeTools(*others), leg, FakeJournal(), SALES, presses_keys=keys)


def names(made: LineTools) -> list[str]:
    """Which tools the model is offered."""
    return [schema["function"]["name"] for schema in made.schemas]


def pressed(leg: LoopbackLeg) -> str:
    """The keys that arrived at a leg."""
    events: list[LegEvent] = []
    while not leg.events.empty():
        events.append(leg.events.get_nowait())
    return "".join(event.digit for event in events if isinstance(event, Digit))


def test_the_agents_own_tools_come_first_and_win() -> None:
    line = Loopback("test")
    assert names(tools(line.near, "book")) == ["book", "transfer_call", "send_digits"]
    assert names(tools(line.near, "transfer_call", keys=False)) == ["transfer_call"]
    assert names(
        LineTools(FakeTools("book"), line.near, FakeJournal(), {}, presses_keys=False)
    ) == ["book"]


async def test_a_tool_of_the_agent_is_passed_on() -> None:
    assert json.loads(await tools(Loopback("test").near, "book").run("c1", "book", {})) == {
        "status": "confirmed"
    }


@pytest.mark.parametrize(
    ("given", "sent"), [("1", "1"), ("12 34#", "1234#"), ("555-0100", "5550100"), (42, "42")]
)
async def test_keys_are_pressed_on_the_line(given: object, sent: str) -> None:
    line = Loopback("test")
    answer = await tools(line.near).run("c1", "send_digits", {"digits": given})
    assert json.loads(answer) == {"status": "sent", "digits": sent}
    assert pressed(line.far) == sent


@pytest.mark.parametrize("given", ["", "one", "1" * 33])
async def test_what_is_no_key_is_not_pressed(given: str) -> None:
    line = Loopback("test")
    answer = await tools(line.near).run("c1", "send_digits", {"digits": given})
    assert json.loads(answer) == {"error": "digits must be 1 to 32 keys: 0-9, *, # and A-D."}
    assert pressed(line.far) == ""


@pytest.mark.parametrize("given", ["Sales", "sales", "the sales.", " SALES "])
async def test_a_destination_is_found_by_its_name(given: str) -> None:
    line = Loopback("test")
    answer = await tools(line.near).run("c1", "transfer_call", {"destination": given})
    assert json.loads(answer) == {"status": "transferred", "destination": "Sales"}
    assert line.far.transferred_to == "+15550123"


async def test_an_unknown_destination_names_the_known_ones() -> None:
    line = Loopback("test")
    answer = await tools(line.near).run("c1", "transfer_call", {"destination": "the moon"})
    assert json.loads(answer)["error"] == (
        'There is no destination "the moon". Destinations: Sales, Billing office.'
    )


async def test_a_transfer_that_fails_is_told_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Loopback("test")

    async def refuse(target: str) -> None:
        raise LegError("The transfer failed: the far end reports 486 Busy Here.")

    monkeypatch.setattr(line.near, "transfer", refuse)
    answer = await tools(line.near).run("c1", "transfer_call", {"destination": "Sales"})
    assert "486 Busy Here" in json.loads(answer)["error"]


# ---------------------------------------------------------------- in a conversation


PUT_THROUGH = use("transfer_call", '{"destination": "Sales"}')


async def test_the_caller_is_handed_on_once_the_handover_sentence_was_heard() -> None:
    stage = Stage(
        say(f"I will connect you now. {PUT_THROUGH}"), "Sales please.", destinations=SALES
    )
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(700)
        assert stage.line.far.transferred_to == ""
        await stage.pass_ms(600)
        assert stage.line.far.transferred_to == "+15550123"
    assert stage.ended == "transfer"
    assert stage.journal.rows[1:] == [
        ("assistant", "I will connect you now."),
        ("tool_call", "transfer_call", {"destination": "Sales"}),
        ("transfer", "+15550123", True),
        ("tool_response", '{"status":"transferred","destination":"Sales"}'),
    ]


async def test_a_handover_without_words_is_announced() -> None:
    stage = Stage(say(PUT_THROUGH), "Sales please.", destinations=SALES)
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.journal.rows[1] == ("assistant", "One moment, I will put you through.")
    assert stage.ended == "transfer"


async def test_a_caller_who_interrupts_the_handover_sentence_is_not_handed_on() -> None:
    answers = iter([f"I will connect you to the sales office now. {PUT_THROUGH}", "Fine."])
    stage = Stage(lambda _: next(answers), "Sales please.", "No, wait.", destinations=SALES)
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(500)
        await stage.speak(8)
        await stage.pass_ms(2000)
        assert stage.line.far.transferred_to == ""
    assert stage.journal.rows[-1] == ("assistant", "Fine.")


async def test_after_a_transfer_that_fails_the_agent_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answer(messages: Sequence[Message]) -> str:
        return "They are busy." if messages[-1]["role"] == "tool" else f"One moment. {PUT_THROUGH}"

    async def refuse(target: str) -> None:
        raise LegError("The transfer failed: the far end reports 486 Busy Here.")

    stage = Stage(answer, "Sales please.", destinations=SALES)
    monkeypatch.setattr(stage.line.near, "transfer", refuse)
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.journal.rows[-1] == ("assistant", "They are busy.")
    assert ("transfer", "+15550123", False) in stage.journal.rows


async def test_keys_are_pressed_after_the_words_and_nothing_is_said_into_them() -> None:
    def answer(messages: Sequence[Message]) -> str:
        if messages[-1]["role"] == "tool":
            return "Done."
        return "Pressing two. " + use("send_digits", '{"digits": "2"}')

    stage = Stage(answer, "Press two.", presses_keys=True, checking_s=0.0)
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(450)
        assert pressed(stage.line.far) == ""
        await stage.pass_ms(1000)
        assert pressed(stage.line.far) == "2"
    assert [row[1] for row in stage.journal.rows if row[0] == "assistant"] == [
        "Pressing two.",
        "Done.",
    ]


async def test_two_tools_of_one_turn_run_in_order() -> None:
    def answer(messages: Sequence[Message]) -> str:
        if messages[-1]["role"] == "tool":
            return "Both are done."
        return use("book", '{"day": "Monday"}') + use("mail", '{"to": "Ann"}')

    stage = Stage(answer, "Book and mail.", tools=FakeTools("book", "mail"))
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.tools.ran == [("book", {"day": "Monday"}), ("mail", {"to": "Ann"})]
    assert [row[0] for row in stage.journal.rows[1:]] == [
        "tool_call",
        "tool_response",
        "tool_call",
        "tool_response",
        "assistant",
    ]


async def test_a_model_that_asks_twice_for_the_same_has_it_done_once() -> None:
    answers = iter([use("book"), use("book"), "You are booked."])
    stage = Stage(lambda _: next(answers), "Book it.", tools=FakeTools("book"))
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
    assert stage.tools.ran == [("book", {})]
    assert stage.journal.rows[-1] == ("assistant", "You are booked.")


async def test_what_a_tool_says_went_wrong_is_what_the_model_reads_next() -> None:
    tools = FakeTools("book", result='{"error":"book did not answer in 20 s."}')
    stage = Stage(
        lambda messages: "Sorry." if "did not answer" in str(messages[-1]) else use("book"),
        "Book it.",
        tools=tools,
    )
    async with stage.open():
        await stage.speak(8)
        await stage.pass_ms(1500)
        await asyncio.sleep(0)
    assert stage.journal.rows[-1] == ("assistant", "Sorry.")
