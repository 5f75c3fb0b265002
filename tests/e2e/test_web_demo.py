"""The box's own page in a real browser: click, ask, hear, type, and each state to be looked at."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.box import Box, words_of
from tests.e2e.conftest import Speak
from tests.e2e.sound import transcribe
from tests.e2e.web import both_sides, ended, rows_of
from tests.peers.chromium import Chromium

pytestmark = pytest.mark.e2e


async def test_the_demo_page_talks_types_and_ends(box: Box, speak: Speak, tmp_path: Path) -> None:
    said = speak(7.0, "How much does a cleaning cost?", 1.0)
    port = box.server.api_port
    async with Chromium(tmp_path / "chromium", microphone=said) as browser:
        page = await browser.open(f"http://localhost:{port}/widget/demo")
        await page.node("button", "Start talking")
        await page.screenshot(tmp_path / "1-idle.png")

        await page.click("button", "Start talking")
        await page.reads("Speaking")
        await page.screenshot(tmp_path / "2-speaking.png")
        call_id = (await box.newest_call())["call_id"]
        await page.reads("Listening")
        await page.screenshot(tmp_path / "3-listening.png")
        rows = await rows_of(box, call_id, 3)
        await page.reads("80 dollars")
        await page.screenshot(tmp_path / "4-answer.png")

        await page.click("button", "Turn the microphone off")
        await page.click("textbox", "Message")
        await page.type("Where are you?")
        rows = await rows_of(box, call_id, 5)
        await page.reads("12 Harbor Street")
        await page.screenshot(tmp_path / "5-typed.png")
        heard = await transcribe(await page.sound())

        await page.click("button", "End the conversation")
        await page.reads("Conversation ended")
        await page.screenshot(tmp_path / "6-ended.png")
        hosts = {urlsplit(url).netloc for url in page.requests if not url.startswith("data:")}

    assert hosts == {f"localhost:{port}"}
    assert not [line for line in page.console if line.startswith(("error", "thrown"))]
    assert "cleaning cost" in words_of(rows, "user")
    assert "80 dollars" in rows[2]["content"].lower()
    assert rows[3]["content"] == "Where are you?"
    assert "eighty" in heard
    call = await ended(box, call_id)
    assert (call["direction"], call["status"], call["end_reason"]) == (
        "widget",
        "completed",
        "caller_hangup",
    )
    assert call["billing_total_cents"] > 0
    asked, answered = await both_sides(box, call_id, tmp_path)
    assert "cleaning cost" in asked
    assert "eighty" in answered


async def test_the_demo_page_says_what_to_do_when_its_key_is_taken_away(
    box: Box, tmp_path: Path
) -> None:
    async with Chromium(tmp_path / "chromium") as browser:
        page = await browser.open(f"http://localhost:{box.server.api_port}/widget/demo")
        keys = await box.get("/v1/publishable-key")
        url = f"/v1/publishable-key/{keys[0]['id']}"
        try:
            assert (await box.api.patch(url, json={"is_enabled": False})).is_success
            await page.click("button", "Start talking")
            await page.reads("Not connected")
            await page.screenshot(tmp_path / "7-failed.png")
        finally:
            await box.api.patch(url, json={"is_enabled": True})
