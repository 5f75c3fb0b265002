"""A conversation of ten turns with the agent of a first start, over SIP, with the starter models.

Two interruptions, a backchannel, a tool call, digits and a goodbye; the box's own record is the
witness of what happened.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.box import Box, words_of
from tests.e2e.conftest import StartBox
from tests.e2e.sound import channels
from thunderbox.calls.ports import Destination
from thunderbox.cli.caller import SimulatedCaller
from thunderbox.cli.own_phone import own_phone
from thunderbox.cli.script import BOOKED, BYE, HOURS, PRICE
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.leg import Answered, Leg
from thunderbox.voice.models import STARTER_WINDOW_SECONDS, speech_card

pytestmark = pytest.mark.e2e

ADDRESS = re.compile(r"\bharbor\b", re.IGNORECASE)
DENTIST = re.compile(r"\b(maria|lopez)\b", re.IGNORECASE)
PAYMENT = re.compile(r"\bcards?\b", re.IGNORECASE)
GREETING = re.compile(r"\bbright smile\b", re.IGNORECASE)
ANYTHING = re.compile(r"\w")
INTERRUPT_AFTER_MS = 800
STOPS_WITHIN_MS = 1500


class Talk:
    """The caller's side of one call."""

    def __init__(self, caller: SimulatedCaller, leg: Leg) -> None:
        self.caller = caller
        self.leg = leg
        self.said: list[str] = []

    async def answer(self, fact: re.Pattern[str]) -> None:
        """Hear the agent out; it says this."""
        heard = await self.caller.listen(15.0)
        text = heard.text if heard else ""
        if heard and not fact.search(text) and (more := await self.caller.listen(4.0)):
            text = f"{text} {more.text}"
        self.said.append(text)
        assert fact.search(text), f"expected {fact.pattern} in turn {len(self.said)}: {self.said}"

    async def ask(self, question: str, fact: re.Pattern[str]) -> None:
        """Ask, and hear the answer."""
        await self.caller.say(question)
        await self.answer(fact)

    async def interrupt(self, question: str, other: str, fact: re.Pattern[str]) -> None:
        """Ask, ask something else in the middle of the answer, and hear the answer to that."""
        await self.caller.say(question)
        interruption = await self.caller.interrupt(other, INTERRUPT_AFTER_MS)
        assert interruption.stopped_ms is not None, "the agent talked on"
        assert interruption.stopped_ms <= STOPS_WITHIN_MS
        await self.answer(fact)


@asynccontextmanager
async def calling(box: Box) -> AsyncIterator[Talk]:
    """A call to the box that was answered."""
    card = speech_card("starter")
    recognizer = FasterWhisper(
        Path(card.path), name="caller", threads=1, window_seconds=STARTER_WINDOW_SECONDS
    )
    synthesizer = Espeak()
    try:
        async with own_phone() as phone:
            leg = await phone.dial(Destination(box.sip, "demo"), 20)
            while not isinstance(await leg.events.get(), Answered):
                pass
            caller = SimulatedCaller(leg, synthesizer, recognizer, "en-US-Michael1")
            try:
                yield Talk(caller, leg)
            finally:
                await caller.hang_up()
    finally:
        synthesizer.close()
        recognizer.close()


@pytest.fixture
async def box(start_box: StartBox) -> Box:
    """A box on its first start, with an empty appointment book."""
    return await start_box()


async def test_ten_turns_with_interruptions_a_backchannel_a_tool_digits_and_a_goodbye(
    box: Box, tmp_path: Path
) -> None:
    async with calling(box) as talk:
        await talk.answer(GREETING)
        await talk.interrupt(
            "What are your opening hours?", "How much does a cleaning cost?", PRICE
        )
        await talk.caller.say("What are your opening hours?")
        await talk.caller.murmur("Yeah.", INTERRUPT_AFTER_MS)
        await talk.answer(HOURS)
        await talk.ask("Where are you?", ADDRESS)
        await talk.ask("Can I pay by card?", PAYMENT)
        await talk.interrupt("What are your opening hours?", "Who is the dentist?", DENTIST)
        await talk.ask("I would like to book an appointment for Tuesday at ten a.m.", BOOKED)
        await talk.leg.send_digits("42#")
        await talk.answer(ANYTHING)
        await talk.ask("Thank you, goodbye.", BYE)
        assert await talk.caller.wait_for_end(5.0), "the agent did not hang up"

    ended = await box.ended_call()
    assert (ended["status"], ended["end_reason"]) == ("completed", "agent_end")
    history: list[dict[str, Any]] = await box.get(f"/v1/calls/{ended['call_id']}/history")
    users = [turn["content"] for turn in history if turn["role"] == "user"]
    assert len(users) == 10, users
    assert "42" in users
    assert "yeah" not in words_of(history, "user")
    assert [turn["interrupted"] for turn in history if turn["role"] == "assistant"].count(True) == 2
    assert [turn["role"] for turn in history].count("tool_call") == 1
    assert len(await box.get("/demo/appointments")) == 1
    recording = await box.recording(ended["call_id"], tmp_path / "demo.mp3")
    for side in channels(recording):
        assert np.abs(side).max() > 1000
