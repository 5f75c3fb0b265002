"""A call of 120 turns with the starter model: its last answers are as right as the first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import cycle, islice

import pytest

from tests.fakes.engines import WORD, FakeSynthesizer
from tests.fakes.journal import FakeTools
from tests.voice.stage import Stage, say
from thunderbox.calls.first_start import BOOKING, PROMPT
from thunderbox.calls.prompt import with_time
from thunderbox.voice.engines.llama_cpp import LlamaCpp
from thunderbox.voice.leg import FRAME_BYTES
from thunderbox.voice.models import STARTER

TURNS = 120
KNOWN = {
    "What are your opening hours?": "9 am to 5 pm",
    "How much does a cleaning cost?": "80 dollars",
    "Where are you?": "12 Harbor Street",
    "Who is the dentist?": "is Maria Lopez.",
    "Where can I park?": "behind the building",
    "Are you open on Sunday?": "closed on Sunday",
    "Can I pay by card?": "cash and cards",
}


class QuickVoice(FakeSynthesizer):
    """A word in 20 ms: the call is long in turns, not in minutes."""

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Every word at once."""
        yield WORD[:FRAME_BYTES] * len(text.split())


async def turn(stage: Stage) -> str:
    """The caller asks; the answer."""
    rows = stage.journal.rows
    before = len(rows)
    await stage.speak(words=3)
    async with asyncio.timeout(20):
        while not any(row[0] == "assistant" for row in rows[before:]):
            await stage.pass_ms(20)
            await asyncio.sleep(0.0005)
    return str(next(row[1] for row in rows[before:] if row[0] == "assistant"))


@pytest.mark.e2e
async def test_the_last_of_120_answers_are_as_right_as_the_first() -> None:
    model = LlamaCpp(STARTER / "lm" / "starter.gguf", conversations=2)
    tools = FakeTools()
    tools.schemas = [{key: value for key, value in BOOKING.items() if key != "endpoint"}]
    asked = list(islice(cycle(KNOWN), TURNS))
    stage = Stage(
        say(""),
        *asked,
        tools=tools,
        prompt=with_time(PROMPT, 1_795_000_000_000, "UTC"),
        model=model,
        voice=QuickVoice(),
        first_token_s=20,
    )
    try:
        async with stage.open():
            answers = [await turn(stage) for _ in asked]
    finally:
        model.close()
    wrong = [
        (number, question, answer)
        for number, (question, answer) in enumerate(zip(asked, answers, strict=True))
        if KNOWN[question] not in answer
    ]
    assert not wrong
