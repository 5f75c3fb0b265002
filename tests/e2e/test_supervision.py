"""A supervisor of a telephone's call hears both sides unseen, and a whisper changes an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.box import Box, words_of
from tests.e2e.conftest import Speak
from tests.peers.baresip import Baresip
from tests.peers.web_client import VOICE, WebClient

pytestmark = pytest.mark.e2e

PROMPT = (
    "You are the receptionist of Corner Bikes. Answer callers briefly and kindly. "
    "We are open Monday to Friday from 9 am to 5 pm. We are at 12 Harbor Street."
)


async def test_a_supervisor_of_a_telephone_hears_both_sides_and_changes_an_answer(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    await box.change_agent(prompt=PROMPT)
    words = speak(6.0, "What is your address?", 8.0)
    async with Baresip(tmp_path / "phone", port=free_port(), say=words) as telephone:
        await telephone.dial(box.sip)
        await telephone.answered()
        url = f"/v1/calls/{(await box.newest_call())['call_id']}"
        seat = (await box.api.post(f"{url}/listen")).raise_for_status().json()
        note = {"text": "We are at 5 Oak Street."}
        (await box.api.post(f"{url}/whisper", json=note)).raise_for_status()
        async with WebClient(seat["server_url"], seat["token"], speaks=False) as supervisor:
            await box.transcript_of(3, 60)
            await telephone.hang_up()
            await supervisor.sees(lambda seen: "disconnected ROOM_DELETED" in seen.events)
            finals = [(line.speaker, line.text) for line in supervisor.seen.captions if line.final]
            spoken = [frame.at for frame in supervisor.heard if frame.peak > VOICE]
    ended = await box.ended_call()
    assert (ended["status"], ended["end_reason"]) == ("completed", "caller_hangup")
    rows = await box.transcript(ended["call_id"])
    assert "address" in words_of(rows, "user")
    assert "oak street" in words_of(rows, "assistant")
    assert "harbor" not in words_of(rows, "assistant")
    assert finals[-2:] == [("caller", rows[1]["content"]), ("agent", rows[2]["content"])]
    assert len(spoken) > 50
    over = await box.api.post(f"{url}/listen")
    assert (over.status_code, over.json()["code"]) == (409, "call_over")


async def test_what_is_whispered_while_the_agent_is_asked_is_known_to_its_next_reply(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    await box.change_agent(prompt=PROMPT)
    words = speak(6.0, "What are your opening hours?", 6.0, "How much does a cleaning cost?", 7.0)
    async with Baresip(tmp_path / "phone", port=free_port(), say=words) as telephone:
        await telephone.dial(box.sip)
        await telephone.answered()
        url = f"/v1/calls/{(await box.newest_call())['call_id']}"
        await box.transcript_of(2, 60)
        note = {"text": "A cleaning costs 70 dollars."}
        (await box.api.post(f"{url}/whisper", json=note)).raise_for_status()
        rows = await box.transcript_of(5, 60)
        await telephone.hang_up()
    said = [row["content"].lower() for row in rows if row["role"] == "assistant"]
    assert "9 am to 5 pm" in said[1]
    assert "70 dollars" in said[2]
