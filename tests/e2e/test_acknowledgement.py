"""A caller whose answer is late hears a word at once; a language server that is slow, all real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Speak, StartBox
from tests.e2e.test_phone_call import call
from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import WORDS

pytestmark = pytest.mark.e2e

PHRASE = "Let me take a quick look."


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    started = OpenAIServer()
    yield started
    started.kill()


async def test_a_late_answer_is_bridged_and_follows_directly(
    server: OpenAIServer,
    start_box: StartBox,
    speak: Speak,
    tmp_path: Path,
    free_port: Callable[[], int],
) -> None:
    box = await start_box(
        THUNDERBOX_REMOTE_CHAT_BASE_URL=f"{server.url}/v1",
        THUNDERBOX_REMOTE_CHAT_MODEL="slow-start",
    )
    agent = {
        "product": "storm-base-with-ack",
        "acknowledgement_prompt_mode": "manual",
        "acknowledgement_prompt": PHRASE,
        "inbound_speak_order": "caller_first",
    }
    (await box.api.patch("/v1/agents/1", json=agent)).raise_for_status()
    words = speak(2.0, "What are your opening hours?", 9.0)
    ended = await call(box, tmp_path / "phone", free_port(), words)
    history = await box.get(f"/v1/calls/{ended['call_id']}/history")
    said = [turn for turn in history if turn["role"] == "assistant"]
    assert [turn["content"] for turn in said] == [PHRASE, "".join(WORDS)]
    assert ended["product"] == "storm-base-with-ack"
    # The phrase is the caller's first sound, and the answer leaves no gap behind it.
    assert said[0]["latency_ms"] < 1_500
    assert said[1]["start_ms"] - said[0]["end_ms"] < 1_000
