"""How a call behaves besides its words: hold, limits, tools, keys, transfer, echo; over SIP.

What the agent says comes from a scripted server where the test is about what the box does with it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls.test_tools import serving
from tests.e2e.box import RunningBox, words_of
from tests.e2e.conftest import Speak, StartBox
from tests.peers.baresip import Baresip
from tests.peers.openai import OpenAIServer
from tests.peers.sipp import Sipp
from thunderbox.calls.ports import Destination
from thunderbox.cli.own_phone import own_phone
from thunderbox.voice.leg import FRAME_BYTES, Answered, Digit, Leg, LegEvent

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]
Reply = dict[str, Any]


@pytest.fixture
def script_server() -> Iterator[OpenAIServer]:
    """A language model that says what the agent's prompt holds."""
    server = OpenAIServer()
    yield server
    server.kill()


@pytest.fixture
async def scripted(start_box: StartBox, script_server: OpenAIServer) -> RunningBox:
    """A box that thinks with it."""
    return await start_box(
        THUNDERBOX_REMOTE_CHAT_BASE_URL=f"{script_server.url}/v1",
        THUNDERBOX_REMOTE_CHAT_MODEL="script",
    )


async def change_agent(box: RunningBox, **fields: Any) -> None:
    """Change the agent that answers."""
    response = await box.api.patch("/v1/agents/1", json=fields)
    assert response.status_code == 200, response.text


def script(*replies: Reply) -> str:
    """A prompt for the scripted server."""
    return json.dumps(list(replies))


@asynccontextmanager
async def calling(box: RunningBox) -> AsyncIterator[Leg]:
    """A call to the box that was answered, from a phone of the test's own."""
    async with own_phone() as phone:
        leg = await phone.dial(Destination(box.sip, "test"), 20)
        while not isinstance(await asyncio.wait_for(leg.events.get(), 30), Answered):
            pass
        try:
            yield leg
        finally:
            await leg.hang_up()


async def follow(leg: Leg, seconds: float) -> list[bytes]:
    """What the phone hears until the end of the call, for at most so long."""
    heard: list[bytes] = []
    while len(heard) < seconds * 50 and (tick := await leg.tick()) is not None:
        heard.append(tick.far)
    return heard


def events_of(leg: Leg) -> list[LegEvent]:
    """What has happened on the phone's line."""
    return [leg.events.get_nowait() for _ in range(leg.events.qsize())]


async def roles(box: RunningBox, call_id: int) -> list[str]:
    """Who said or did something, in order."""
    return [row["role"] for row in await box.transcript(call_id)]


HANDOVER = {
    "say": "I will put you through.",
    "calls": [["transfer_call", {"destination": "Sales"}]],
}
LEAVE = {"say": "That did not work. Goodbye!", "calls": [["end_call", {}]]}
SALES = [{"name": "Sales", "number": "+15550123"}]


async def test_the_caller_is_handed_on_after_the_handover_sentence(
    scripted: RunningBox, tmp_path: Path, free_port: Ports
) -> None:
    await change_agent(scripted, prompt=script(HANDOVER), transfer_destinations=SALES)
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
    scripted: RunningBox, tmp_path: Path, free_port: Ports
) -> None:
    await change_agent(scripted, prompt=script(HANDOVER, LEAVE), transfer_destinations=SALES)
    remote = f"127.0.0.1:{scripted.sip_port}"
    sipp = await Sipp.start(tmp_path / "caller", "refer_declined", port=free_port(), remote=remote)
    await sipp.score()
    ended = await scripted.ended_call()
    assert ended["transfer_outcome"] == "failed"
    rows = await scripted.transcript(ended["call_id"])
    assert "error" in str(rows[2]["content"])
    assert "that did not work" in words_of(rows[3:], "assistant")


async def test_the_agent_presses_keys(scripted: RunningBox) -> None:
    keys = {"say": "Pressing.", "calls": [["send_digits", {"digits": "12#"}]]}
    done = {"say": "Goodbye!", "calls": [["end_call", {}]]}
    await change_agent(scripted, prompt=script(keys, done))
    async with calling(scripted) as leg:
        await follow(leg, 20)
        pressed = "".join(event.digit for event in events_of(leg) if isinstance(event, Digit))
    assert pressed == "12#"
    assert (await scripted.ended_call())["end_reason"] == "agent_end"


async def test_two_tools_of_a_turn_run_once_each_and_a_slow_one_is_announced(
    scripted: RunningBox,
) -> None:
    both = {"calls": [["book", {"day": "Monday"}], ["mail", {"to": "Ann"}]]}
    done = {"say": "Both are done. Goodbye!", "calls": [["end_call", {}]]}
    async with serving() as server:
        server.delay = 1.5
        tools = [
            {
                "type": "function",
                "function": {"name": name, "parameters": {"type": "object"}},
                "endpoint": {"url": f"{server.url}/{name}"},
                "timeout": timeout,
            }
            for name, timeout in (("book", 10), ("mail", 0.5))
        ]
        await change_agent(scripted, prompt=script(both, done), tools=tools)
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


async def test_on_hold_the_agent_is_quiet_and_ends_a_hold_that_is_too_long(
    box: RunningBox, tmp_path: Path, free_port: Ports
) -> None:
    await change_agent(box, max_hold_seconds=3)
    async with Baresip(tmp_path / "phone", port=free_port()) as phone:
        await phone.dial(box.sip)
        await phone.answered()
        await phone.hold()
        ended = await box.ended_call(30)
    assert ended["end_reason"] == "timeout"
    assert 3 <= ended["duration_seconds"] <= 8
    assert "still there" not in words_of(await box.transcript(ended["call_id"]), "assistant")


async def test_a_caller_who_is_to_speak_first_hears_the_background_and_nobody(
    box: RunningBox,
) -> None:
    await change_agent(box, inbound_speak_order="caller_first", background_track="CALL_CENTER")
    async with calling(box) as leg:
        heard = await follow(leg, 4)
    loudness = [np.abs(np.frombuffer(frame, "<i2").astype(int)).max() for frame in heard]
    assert np.mean(np.array(loudness[-50:]) > 30) > 0.8, "there is no background"
    ended = await box.ended_call()
    assert await box.transcript(ended["call_id"]) == []


async def test_the_longest_call_ends_with_a_sentence(start_box: StartBox) -> None:
    box = await start_box(THUNDERBOX_CALLS_MAX_SECONDS=10)
    async with calling(box) as leg:
        heard = await follow(leg, 30)
    ended = await box.ended_call()
    assert ended["end_reason"] == "timeout"
    assert 10 <= len(heard) / 50 <= 18
    said = words_of(await box.transcript(ended["call_id"]), "assistant")
    assert said.endswith("this call has reached its time limit. goodbye!")


async def test_a_loudspeaker_that_sends_the_agent_back_does_not_interrupt_it(
    box: RunningBox,
) -> None:
    async with calling(box) as leg:
        delayed = [bytes(FRAME_BYTES)] * 8
        for _ in range(10 * 50):
            tick = await leg.tick()
            assert tick is not None
            delayed.append(tick.far)
            back = np.frombuffer(delayed.pop(0), "<i2") * 0.25
            if leg.queued < 4 * FRAME_BYTES:
                leg.play(back.astype("<i2").tobytes())
    ended = await box.ended_call()
    history = await box.get(f"/v1/calls/{ended['call_id']}/history")
    assert [(turn["role"], turn["interrupted"]) for turn in history] == [("assistant", False)]


async def test_an_agent_that_a_long_murmur_stopped_goes_on(
    scripted: RunningBox, speak: Speak, tmp_path: Path, free_port: Ports
) -> None:
    say = "We are open Monday to Friday from nine a.m. to five p.m. and closed on Sunday."
    await change_agent(scripted, prompt=script({"say": say}))
    words = speak(1.5, "Okay okay.", 12.0)
    async with Baresip(tmp_path / "phone", port=free_port(), say=words) as phone:
        await phone.dial(scripted.sip)
        await phone.peer.prints("terminated (duration", 60)
    ended = await scripted.ended_call()
    rows = await scripted.get(f"/v1/calls/{ended['call_id']}/history")
    assert [(row["role"], row["interrupted"]) for row in rows] == [
        ("assistant", True),
        ("assistant", False),
    ], [row["content"] for row in rows]
    assert f"{rows[0]['content']} {rows[1]['content']}" == say


async def test_keys_reach_the_agent_as_digits_until_the_pause(
    scripted: RunningBox, speak: Speak, tmp_path: Path, free_port: Ports
) -> None:
    await change_agent(scripted, prompt=script({"say": "Your number?"}, {"say": "Thank you."}))
    async with Baresip(tmp_path / "phone", port=free_port(), say=speak(30.0)) as phone:
        await phone.dial(scripted.sip)
        await phone.answered()
        await asyncio.sleep(2)  # the greeting: keys would interrupt it, which is another test
        await phone.press("427")
        call = await scripted.newest_call()

        async def answered() -> bool:
            return len(await scripted.transcript(call["call_id"])) >= 3

        async with asyncio.timeout(20):
            while not await answered():
                await asyncio.sleep(0.1)
        await phone.hang_up()
    rows = await scripted.transcript(call["call_id"])
    assert [row["content"] for row in rows[:3]] == ["Your number?", "427", "Thank you."]
