"""Tools in the middle of a call, those of the line among them: transfer, keys, end; over SIP.

What the agent says comes from a scripted model: the tests are about what the box does with it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.box import Box, words_of
from tests.calls.test_tools import ToolServer, serving
from tests.e2e.conftest import Speak
from tests.e2e.line import call, calling, events_of, follow
from tests.peers.openai import script
from tests.peers.sipp import Sipp
from thunderbox.voice.leg import Digit

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]


async def roles(box: Box, call_id: int) -> list[str]:
    """Who said or did something, in order."""
    return [row["role"] for row in await box.transcript(call_id)]


def tool(server: ToolServer, name: str, timeout: float = 10) -> dict[str, Any]:
    """A tool of that name, at a server."""
    return {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object"}},
        "endpoint": {"url": f"{server.url}/{name}"},
        "timeout": timeout,
    }


HANDOVER = {
    "say": "I will put you through.",
    "calls": [["transfer_call", {"destination": "Sales"}]],
}
LEAVE = {"say": "That did not work. Goodbye!", "calls": [["end_call", {}]]}
SALES = [{"name": "Sales", "number": "+15550123"}]


async def test_the_caller_is_handed_on_after_the_handover_sentence(
    scripted: Box, tmp_path: Path, free_port: Ports
) -> None:
    await scripted.change_agent(prompt=script(HANDOVER), transfer_destinations=SALES)
    remote = f"127.0.0.1:{scripted.sip_port}"
    sipp = await Sipp.start(
        tmp_path / "caller", "refer", port=free_port(), remote=remote, keys=[("outcome", "200 OK")]
    )
    score = await sipp.score()
    assert score.failed == 0, score.messages
    assert "Refer-To: <sip:+15550123@" in score.messages
    ended = await scripted.ended_call()
    assert (ended["status"], ended["end_reason"]) == ("completed", "transfer")
    assert ended["transfer_destination"] == "+15550123"
    assert ended["transfer_outcome"] == "refer_accepted"
    assert await roles(scripted, ended["call_id"]) == ["assistant", "tool_call", "tool_response"]


async def test_after_a_transfer_that_was_declined_the_agent_says_so(
    scripted: Box, tmp_path: Path, free_port: Ports
) -> None:
    await scripted.change_agent(prompt=script(HANDOVER, LEAVE), transfer_destinations=SALES)
    remote = f"127.0.0.1:{scripted.sip_port}"
    sipp = await Sipp.start(tmp_path / "caller", "refer_declined", port=free_port(), remote=remote)
    await sipp.score()
    ended = await scripted.ended_call()
    assert ended["transfer_outcome"] == "failed"
    rows = await scripted.transcript(ended["call_id"])
    assert "error" in str(rows[2]["content"])
    assert "that did not work" in words_of(rows[3:], "assistant")


async def test_the_agent_presses_keys(scripted: Box) -> None:
    keys = {"say": "Pressing.", "calls": [["send_digits", {"digits": "12#"}]]}
    done = {"say": "Goodbye!", "calls": [["end_call", {}]]}
    await scripted.change_agent(prompt=script(keys, done))
    async with calling(scripted) as leg:
        await follow(leg, 20)
        pressed = "".join(event.digit for event in events_of(leg) if isinstance(event, Digit))
    assert pressed == "12#"
    assert (await scripted.ended_call())["end_reason"] == "agent_end"


async def test_two_tools_of_a_turn_run_once_each_and_a_slow_one_is_announced(
    scripted: Box,
) -> None:
    both = {"calls": [["book", {"day": "Monday"}], ["mail", {"to": "Ann"}]]}
    done = {"say": "Both are done. Goodbye!", "calls": [["end_call", {}]]}
    async with serving() as server:
        server.delay = 1.5
        tools = [tool(server, "book"), tool(server, "mail", timeout=0.5)]
        await scripted.change_agent(prompt=script(both, done), tools=tools)
        async with calling(scripted) as leg:
            await follow(leg, 20)
        assert [request["path"] for request in server.requests] == ["/book", "/mail"]
    ended = await scripted.ended_call()
    rows = await scripted.transcript(ended["call_id"])
    said = [row["content"] for row in rows if row["role"] == "assistant"]
    assert said == ["One moment, please.", "Both are done. Goodbye!"]
    answers = [row["content"] for row in rows if row["role"] == "tool_response"]
    assert answers[0] == {"ok": True}
    assert "did not answer in 0.5 s" in str(answers[1])


async def test_after_a_tool_that_failed_the_agent_says_so_and_goes_on(
    scripted: Box, speak: Speak, tmp_path: Path, free_port: Ports
) -> None:
    book = {"calls": [["book", {"day": "Monday"}]]}
    sorry = {"say": "I could not book that. Anything else?"}
    hours = {"say": "We are open today."}
    async with serving() as server:
        server.status, server.body = 500, b"out of order"
        prompt = script(book, sorry, hours)
        await scripted.change_agent(prompt=prompt, tools=[tool(server, "book")])
        words = speak(4.0, "What are your opening hours?", 8.0)
        ended = await call(scripted, tmp_path / "phone", free_port(), words, rows=5)
    assert (ended["status"], ended["end_reason"]) == ("completed", "caller_hangup")
    rows = await scripted.transcript(ended["call_id"])
    assert [row["role"] for row in rows] == [
        "tool_call",
        "tool_response",
        "assistant",
        "user",
        "assistant",
    ]
    assert rows[1]["content"] == {"error": "HTTP status 500."}
    assert [rows[2]["content"], rows[4]["content"]] == [sorry["say"], hours["say"]]
    assert len(server.requests) == 1
