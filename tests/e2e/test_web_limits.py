"""Sessions in web pages at their limits, and when the box is stopped, with LiveKit's client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.conftest import Speak, StartBox
from tests.e2e.sound import transcribe
from tests.e2e.web import PAGE, ended, mic_session, publishable_key, rows_of, widget_session
from tests.peers.web_client import WebClient

pytestmark = pytest.mark.e2e

LIMITS = {
    "WEB_MAX_SESSIONS": 2,
    "WEB_MAX_SESSIONS_PER_KEY": 1,
    "WEB_MAX_SESSION_SECONDS": 15,
    "WEB_JOIN_SECONDS": 5,
}


async def test_who_is_refused_is_told_so_and_who_talks_is_not_hurt(
    start_box: StartBox, speak: Speak
) -> None:
    box = await start_box(**LIMITS)
    key = await publishable_key(box)
    headers = {"Authorization": "", "X-API-Key": key["key"], "Origin": PAGE}
    session = await widget_session(box, key["key"])
    async with WebClient(session.url, session.token) as visitor:
        await visitor.voice_after(0)
        await visitor.quiet()
        waiting = await mic_session(box)
        asked = await visitor.say(speak("What are your opening hours?"))
        for _ in range(3):
            refused = await box.api.post("/v1/widget/session", json={}, headers=headers)
            assert (refused.status_code, refused.json()["error"]) == (429, "too_many_sessions")
            full = await box.api.post("/v1/mic-session", json={"agent_id": 1})
            assert (full.status_code, full.json()["code"]) == (503, "box_full")
        answered = await visitor.voice_after(asked)
        rows = await rows_of(box, session.call_id, 3)
        await visitor.quiet()
        assert "nine" in await transcribe(visitor.sound(answered))
        assert "9 am to 5 pm" in rows[2]["content"].lower()
        # Nobody comes to the other session, and its place is free again.
        assert (await ended(box, waiting.call_id))["end_reason"] == "no_answer"
        await mic_session(box)
        await visitor.sees(lambda seen: "disconnected ROOM_DELETED" in seen.events)
        rows = await box.transcript(session.call_id)
    assert "time limit" in rows[-1]["content"]
    call = await ended(box, session.call_id)
    assert (call["direction"], call["status"], call["end_reason"]) == (
        "widget",
        "completed",
        "timeout",
    )


async def test_a_box_that_is_stopped_says_goodbye(start_box: StartBox, tmp_path: Path) -> None:
    box = await start_box()
    session, waiting = await mic_session(box), await mic_session(box)
    async with WebClient(session.url, session.token) as visitor:
        await visitor.voice_after(0)
        await visitor.quiet()
        begun = len(visitor.sound())
        assert await asyncio.to_thread(box.server.stop) == 0
        await visitor.sees(lambda seen: "disconnected ROOM_DELETED" in seen.events)
        goodbye = await transcribe(visitor.sound()[begun:])
    assert "goodbye" in goodbye
    again = await start_box()
    for call_id, status in ((session.call_id, "completed"), (waiting.call_id, "failed")):
        call = await again.get(f"/v1/calls/{call_id}")
        assert (call["status"], call["end_reason"]) == (status, "shutdown")
