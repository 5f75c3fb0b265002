"""The box calls, and a mailbox, a fax machine or a person picks up; all of it over SIP."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.box import Box, Rows, Until, words_of
from tests.e2e.conftest import Speak
from tests.e2e.sound import transcribe
from tests.peers import waves
from tests.peers.baresip import Baresip
from tests.peers.openai import script
from tests.peers.process import until
from tests.peers.sipp import Sipp

pytestmark = pytest.mark.e2e

GREETING = (
    "Hello, you have reached Anna Miller. I cannot come to the telephone at the moment, so please "
    "leave a message after the tone."
)
MESSAGE = "This is Bright Smile Dental. Your appointment is on Tuesday at ten a.m. Goodbye."
BEEP = (1000, 0.5)


async def place(
    box: Box,
    folder: Path,
    port: int,
    say: Path,
    action: str = "prompt",
    until: Until | None = None,
    agent_id: int | None = None,
    **fields: object,
) -> tuple[dict[str, Any], np.ndarray]:
    """Call a phone that says this WAV and hangs up at its end, or as soon as the transcript is
    as it should be, with an agent or with a config of these fields; the call, and what the phone
    heard at 16 kHz."""
    async with Baresip(folder, port=port, say=say, answers=True) as phone:
        config = {
            "prompt": "You are the receptionist of Bright Smile Dental.",
            "voice": "en-US-James1",
            "voicemail_action": action,
            "voicemail_message": MESSAGE,
            **fields,
        }
        order = {
            "from_number": "+15550100",
            "to_number": f"sip:caller@127.0.0.1:{port}",
            **({"config": config} if agent_id is None else {"agent_id": agent_id}),
        }
        placed = await box.api.post("/v1/call", json=order)
        assert placed.status_code == 201, placed.text
        await phone.answered()
        if until is None:
            await phone.peer.prints("terminated (duration", 60)
        else:
            await box.transcript_of(until, 60)
    samples, rate = waves.read(phone.heard)
    return await box.ended_call(), np.repeat(samples, 16_000 // rate)


async def test_a_mailbox_hears_the_message_after_its_beep(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    before = waves.read(speak(0.5, GREETING, 0.5, BEEP, name="until-beep"))[0]
    say = speak(0.5, GREETING, 0.5, BEEP, 15.0)
    ended, heard = await place(box, tmp_path / "phone", free_port(), say, "message")
    assert (ended["status"], ended["end_reason"]) == ("completed", "message_left")
    begin = 2 * len(before)
    assert not np.any(np.abs(heard[: begin - 1600].astype(int)) > 300), "it spoke too early"
    words = await transcribe(heard[begin - 1600 :])
    assert "appointment" in words
    assert "tuesday" in words
    rows = await box.transcript(ended["call_id"])
    assert rows[-1]["content"] == MESSAGE


async def test_a_mailbox_is_hung_up_on_when_the_agent_says_so(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    say = speak(0.5, GREETING, 0.5, BEEP, 15.0)
    ended, heard = await place(box, tmp_path / "phone", free_port(), say, "hangup")
    assert (ended["status"], ended["end_reason"]) == ("completed", "voicemail")
    assert ended["duration_seconds"] <= 4
    assert not np.any(np.abs(heard.astype(int)) > 300), "it said something"


async def test_a_fax_machine_is_hung_up_on(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    say = speak(0.6, (2100, 2.6), 10.0)
    ended, _ = await place(box, tmp_path / "phone", free_port(), say, "prompt")
    assert (ended["status"], ended["end_reason"]) == ("completed", "fax")


async def test_a_person_is_talked_with_whatever_a_machine_would_hear(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    say = speak(0.6, "Hello?", 3.0, "What are your opening hours?", 8.0)
    ended, _ = await place(box, tmp_path / "phone", free_port(), say, "hangup", until=4)
    assert ended["end_reason"] == "caller_hangup"
    rows = await box.transcript(ended["call_id"])
    assert "opening hours" in words_of(rows, "user")
    assert words_of(rows, "assistant")


async def test_a_call_is_as_patient_as_its_agent(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    patience = {
        "silence_interval_seconds": 2,
        "silence_max_checkins": 2,
        "silence_hangup_seconds": 2,
        "max_call_duration_seconds": 60,
    }
    say = speak(30.0)
    ended, _ = await place(box, tmp_path / "phone", free_port(), say, "prompt", **patience)
    assert (ended["status"], ended["end_reason"]) == ("completed", "timeout")
    said = [row["content"] for row in await box.transcript(ended["call_id"])]
    assert len(said) == 3
    assert said[0] == said[1] != said[2]


async def test_a_call_lasts_no_longer_than_its_agent_wants(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    say = speak(30.0)
    ended, _ = await place(
        box, tmp_path / "phone", free_port(), say, "prompt", max_call_duration_seconds=2
    )
    assert (ended["status"], ended["end_reason"]) == ("completed", "timeout")
    assert len(await box.transcript(ended["call_id"])) == 1


async def test_an_agent_that_is_to_speak_first_greets_whoever_picks_up(
    scripted: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    greeting = "This is Bright Smile Dental. How can I help?"
    agent_id = await scripted.change_agent(
        prompt=script({"say": greeting}), outbound_speak_order="agent_first"
    )
    ended, heard = await place(
        scripted, tmp_path / "phone", free_port(), speak(20.0), until=1, agent_id=agent_id
    )
    assert ended["end_reason"] == "caller_hangup"
    [turn] = await scripted.get(f"/v1/calls/{ended['call_id']}/history")
    assert (turn["role"], turn["content"]) == ("assistant", greeting)
    assert turn["start_ms"] < 2_000
    assert "bright smile" in await transcribe(heard)


async def test_a_mailbox_is_talked_with_when_the_agent_says_so(
    scripted: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    words = "I call about your appointment."
    prompt = script({"say": words})
    say = speak(0.5, GREETING, 12.0)

    def said(rows: Rows) -> bool:
        return words.lower() in words_of(rows, "assistant")

    ended, _ = await place(
        scripted, tmp_path / "phone", free_port(), say, "prompt", until=said, prompt=prompt
    )
    assert ended["end_reason"] == "caller_hangup"
    assert "hello" in words_of(await scripted.transcript(ended["call_id"]), "user")


async def test_a_phone_that_nobody_takes_rings_for_as_long_as_the_agent_wants(
    box: Box, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    phone = await Sipp.start(tmp_path / "phone", "callee_rings", port=port)
    config = {"prompt": "Be brief.", "voice": "en-US-James1", "ring_duration_seconds": 5}
    to = {"from_number": "+15550100", "to_number": f"sip:caller@127.0.0.1:{port}"}
    placed = await box.api.post("/v1/call", json=to | {"config": config})
    assert placed.status_code == 201, placed.text
    await until(lambda: "180 Ringing" in phone.messages, what="ringing")
    began = time.monotonic()
    score = await phone.score()
    assert 4 <= time.monotonic() - began <= 8
    assert score.successful == 1, score.messages
    ended = await box.ended_call()
    assert (ended["call_id"], ended["status"]) == (placed.json()["call_id"], "failed")
    assert ended["end_reason"] == "no_answer"
