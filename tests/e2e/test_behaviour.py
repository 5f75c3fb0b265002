"""How a call behaves besides its words: hold, limits, keys, echo, false interruptions; over SIP.

What the agent says comes from a scripted server where the test is about what the box does with it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.box import Box, words_of
from tests.e2e.conftest import Speak, StartBox
from tests.e2e.line import call, calling, follow
from tests.peers.baresip import Baresip
from tests.peers.openai import OpenAIServer, script
from thunderbox.voice.leg import FRAME_BYTES

pytestmark = pytest.mark.e2e

Ports = Callable[[], int]


async def test_on_hold_the_agent_is_quiet_and_ends_a_hold_that_is_too_long(
    box: Box, tmp_path: Path, free_port: Ports
) -> None:
    await box.change_agent(max_hold_seconds=3)
    async with Baresip(tmp_path / "phone", port=free_port()) as phone:
        await phone.dial(box.sip)
        await phone.answered()
        await phone.hold()
        ended = await box.ended_call(30)
    assert ended["end_reason"] == "timeout"
    assert 3 <= ended["duration_seconds"] <= 8
    assert "still there" not in words_of(await box.transcript(ended["call_id"]), "assistant")


async def test_the_longest_call_ends_with_a_sentence(start_box: StartBox) -> None:
    box = await start_box(CALLS_MAX_SECONDS=10)
    async with calling(box) as leg:
        heard = await follow(leg, 30)
    ended = await box.ended_call()
    assert ended["end_reason"] == "timeout"
    assert 10 <= len(heard) / 50 <= 18
    said = words_of(await box.transcript(ended["call_id"]), "assistant")
    assert said.endswith("this call has reached its time limit. goodbye!")


async def test_a_loudspeaker_that_sends_the_agent_back_does_not_interrupt_it(
    box: Box,
) -> None:
    delayed = [bytes(FRAME_BYTES)] * 8
    async with calling(box) as leg:

        async def send_back() -> None:
            while (tick := await leg.tick()) is not None:
                delayed.append(tick.far)
                back = np.frombuffer(delayed.pop(0), "<i2") * 0.25
                if leg.queued < 4 * FRAME_BYTES:
                    leg.play(back.astype("<i2").tobytes())

        loudspeaker = asyncio.create_task(send_back())
        await box.transcript_of(1)
        await asyncio.sleep(2)  # the last echo, and time for an agent that takes it for a caller
    await loudspeaker
    ended = await box.ended_call()
    history = await box.get(f"/v1/calls/{ended['call_id']}/history")
    assert [(turn["role"], turn["interrupted"]) for turn in history] == [("assistant", False)]


async def test_an_agent_that_a_long_murmur_stopped_goes_on(
    start_box: StartBox,
    script_server: OpenAIServer,
    speak: Speak,
    tmp_path: Path,
    free_port: Ports,
) -> None:
    # A small model of speech hears a long murmur sometimes as other words: this one never does.
    box = await start_box(
        REMOTE_CHAT_BASE_URL=f"{script_server.url}/v1",
        REMOTE_CHAT_MODEL="script",
        REMOTE_TRANSCRIPTION_BASE_URL=f"{script_server.url}/v1",
        REMOTE_TRANSCRIPTION_MODEL="murmur",
    )
    say = "We are open Monday to Friday from nine a.m. to five p.m. and closed on Sunday."
    await box.change_agent(prompt=script({"say": say}))
    words = speak(1.5, "Okay okay okay.", 12.0)
    ended = await call(box, tmp_path / "phone", free_port(), words, rows=2)
    rows = await box.get(f"/v1/calls/{ended['call_id']}/history")
    assert [(row["role"], row["interrupted"]) for row in rows] == [
        ("assistant", True),
        ("assistant", False),
    ], [row["content"] for row in rows]
    assert f"{rows[0]['content']} {rows[1]['content']}" == say


async def test_keys_reach_the_agent_as_digits_until_the_pause(
    scripted: Box, speak: Speak, tmp_path: Path, free_port: Ports
) -> None:
    await scripted.change_agent(prompt=script({"say": "Your number?"}, {"say": "Thank you."}))
    async with Baresip(tmp_path / "phone", port=free_port(), say=speak(30.0)) as phone:
        await phone.dial(scripted.sip)
        await phone.answered()
        await scripted.transcript_of(1)  # keys would interrupt the greeting: another test
        await phone.press("427")
        rows = await scripted.transcript_of(3)
        await phone.hang_up()
    assert [row["content"] for row in rows] == ["Your number?", "427", "Thank you."]


async def test_the_agent_is_told_the_date_and_the_time(
    scripted: Box, script_server: OpenAIServer
) -> None:
    prompt = script({"say": "Goodbye!", "calls": [["end_call", {}]]})
    await scripted.change_agent(prompt=prompt)
    async with calling(scripted) as leg:
        await follow(leg, 20)
    told = script_server.asked(prompt)["messages"][0]["content"]
    date, clock = r"Today is \w+day, \w+ \d{1,2}, 20\d\d", r"It is \d{1,2}:\d\d [AP]M"
    assert re.fullmatch(rf"{re.escape(prompt)}\n\n{date}\. {clock}\.", told), told
