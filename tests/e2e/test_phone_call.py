"""A telephone calls the box, asks, is answered, books, and hangs up; all of it real."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.box import Box, words_of
from tests.e2e.conftest import Speak, StartBox
from tests.e2e.line import call
from tests.e2e.sound import channels, transcribe
from tests.peers.baresip import Baresip
from thunderbox.voice import phrases

pytestmark = pytest.mark.e2e


async def test_a_question_is_answered_from_the_prompt_and_recorded_in_its_channels(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    question = speak(5.0, "What are your opening hours?", 8.0)
    ended = await call(box, tmp_path / "phone", free_port(), question, rows=3)
    rows = await box.transcript(ended["call_id"])
    assert (ended["status"], ended["end_reason"]) == ("completed", "caller_hangup")
    assert "opening hours" in words_of(rows, "user")
    said = words_of(rows, "assistant")
    assert "bright smile dental" in said
    assert "9 am to 5 pm" in said

    path = await box.recording(ended["call_id"], tmp_path / "call.mp3")
    caller, agent = channels(path)
    assert "opening hours" in await transcribe(caller)
    heard = await transcribe(agent)
    assert "nine" in heard
    assert "five" in heard
    assert "opening hours" not in heard


async def test_an_appointment_is_booked_by_voice_and_the_agent_hangs_up(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    words = speak(
        5.0, "I would like to book an appointment for Tuesday at ten a.m.", 6.0, "Goodbye.", 8.0
    )
    ended = await call(box, tmp_path / "phone", free_port(), words)
    assert (ended["status"], ended["end_reason"]) == ("completed", "agent_end")
    booked = await box.get("/demo/appointments")
    assert len(booked) == 1
    assert "tuesday" in json.dumps(booked).lower()
    history = await box.get(f"/v1/calls/{ended['call_id']}/history")
    assert "book_appointment" in json.dumps(history)
    rows = await box.transcript(ended["call_id"])
    assert [row["role"] for row in rows].count("tool_call") == 1
    assert "confirmed" in words_of(rows, "assistant")


async def test_an_interrupted_answer_keeps_what_was_heard(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    words = speak(5.0, "What are your opening hours?", 2.2, "How much does a cleaning cost?", 7.0)
    ended = await call(box, tmp_path / "phone", free_port(), words, rows=5)
    history = await box.get(f"/v1/calls/{ended['call_id']}/history")
    cut = [turn for turn in history if turn.get("interrupted")]
    assert len(cut) == 1
    assert cut[0]["content"]
    rows = await box.transcript(ended["call_id"])
    assert "80 dollars" in words_of(rows, "assistant")


async def test_the_box_calls_a_phone_that_answers(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    words = speak(0.6, "Hello?", 8.0)
    async with Baresip(tmp_path / "phone", port=port, say=words, answers=True) as phone:
        placed = await box.api.post(
            "/v1/call",
            json={"from_number": "+15550100", "to_number": f"sip:caller@127.0.0.1:{port}"},
        )
        assert placed.status_code == 201
        await phone.answered()
        rows = await box.transcript_of(2)
        await phone.hang_up()
    ended = await box.ended_call()
    assert ended["call_id"] == placed.json()["call_id"]
    assert (ended["direction"], ended["status"]) == ("outbound", "completed")
    assert "hello" in words_of(rows, "user")
    assert rows[-1]["role"] == "assistant"


async def test_nobody_there_fails_with_a_reason(box: Box, free_port: Callable[[], int]) -> None:
    placed = await box.api.post(
        "/v1/call",
        json={"from_number": "+15550100", "to_number": f"sip:200@127.0.0.1:{free_port()}"},
    )
    assert placed.status_code == 201
    ended = await box.ended_call(40)
    assert (ended["status"], ended["end_reason"]) == ("failed", "unreachable")


async def test_a_caller_who_stays_silent_is_asked_and_then_the_box_hangs_up(
    start_box: StartBox, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    box = await start_box(CALLS_SILENCE_SECONDS=2, CALLS_SILENCE_HANGUP_SECONDS=2)
    await box.change_agent(inbound_speak_order="caller_first")
    ended = await call(box, tmp_path / "phone", free_port(), speak(30.0))
    assert ended["end_reason"] == "timeout"
    said = words_of(await box.transcript(ended["call_id"]), "assistant")
    assert "are you still there?" in said
    assert said.endswith("goodbye!")


async def test_stopping_the_box_says_goodbye_to_a_running_call(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    async with Baresip(tmp_path / "phone", port=free_port(), say=speak(40.0)) as phone:
        await phone.dial(box.sip)
        await phone.answered()
        await asyncio.sleep(1)  # the greeting is being spoken: any moment of it will do
        assert await box.stop(5) == 0
        await phone.closed(5)
    with closing(sqlite3.connect(box.server.data / "thunderbox.db")) as db:
        last = db.execute(
            "SELECT content, interrupted FROM turns ORDER BY call_id DESC, seq DESC"
        ).fetchone()
    assert last == (phrases.sentence(phrases.SHUTDOWN), 0), "the goodbye is heard to its end"
