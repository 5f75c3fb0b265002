"""What a product and its agent's settings do to an answer: thinking, and a word while it waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.box import Box
from tests.e2e.conftest import Speak
from tests.e2e.line import call, calling, follow
from tests.peers.openai import OpenAIServer, script
from tests.peers.openai_server import PHRASE
from thunderbox.voice.acknowledgement import FIXED
from thunderbox.voice.engine import GREEDY

pytestmark = pytest.mark.e2e

OPEN = "We are open today."
BYE = [["end_call", {}]]
OWN_PHRASE = "Let me take a quick look."
QUESTION = "What are your opening hours?"
ACKNOWLEDGES = {
    "product": "storm-base-with-ack",
    "inbound_speak_order": "caller_first",
    "prompt": script({"say": OPEN, "after": 1.5}),
}


async def said(box: Box, folder: Path, port: int, say: Path) -> list[dict[str, Any]]:
    """What the agent says to a question in a call of its own, passage by passage."""
    ended = await call(box, folder, port, say, rows=3)
    assert ended["product"] == ACKNOWLEDGES["product"]
    history = await box.get(f"/v1/calls/{ended['call_id']}/history")
    return [turn for turn in history if turn["role"] == "assistant"]


async def test_the_agents_own_word_bridges_a_late_answer_which_follows_directly(
    scripted: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    own = {"acknowledgement_prompt_mode": "manual", "acknowledgement_prompt": OWN_PHRASE}
    await scripted.change_agent(**ACKNOWLEDGES, **own)
    question = speak(0.6, QUESTION, 8.0)
    first, second = await said(scripted, tmp_path / "phone", free_port(), question)
    assert [first["content"], second["content"]] == [OWN_PHRASE, OPEN]
    # The phrase is the caller's first sound, and the answer leaves no gap behind it.
    assert first["latency_ms"] < 1_500
    assert second["start_ms"] - first["end_ms"] < 1_000


async def test_a_word_is_written_for_the_agent_and_said_from_the_next_call_on(
    scripted: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    await scripted.change_agent(**ACKNOWLEDGES)
    question = speak(0.6, QUESTION, 8.0)
    for number, phrase in enumerate((FIXED["en"], PHRASE)):
        turns = await said(scripted, tmp_path / f"phone-{number}", free_port(), question)
        assert [turn["content"] for turn in turns] == [phrase, OPEN]


@pytest.mark.parametrize(
    ("product", "level", "tokens"),
    [
        ("spark", "base", 0),
        ("bolt", "extra", 128),
        ("storm-base", "base", 128),
        ("storm-base-with-ack", "base", 128),
        ("storm-extra", "extra", 384),
        ("storm-extra-with-ack", "extra", 384),
    ],
)
async def test_a_model_may_think_for_as_long_as_the_level_allows_and_nobody_hears_it(
    scripted: Box, script_server: OpenAIServer, product: str, level: str, tokens: int
) -> None:
    prompt = script({"say": f"<think>{product} {level}.</think>{OPEN} Goodbye!", "calls": BYE})
    await scripted.change_agent(product=product, thinking_level=level, prompt=prompt)
    async with calling(scripted) as leg:
        await follow(leg, 20)
    ended = await scripted.ended_call()
    assert ended["product"] == product
    rows = await scripted.transcript(ended["call_id"])
    assert [row["content"] for row in rows] == [f"{OPEN} Goodbye!"]
    assert script_server.asked(prompt)["max_tokens"] == GREEDY.max_tokens + tokens
