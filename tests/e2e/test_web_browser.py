"""A real browser talks with the box: livekit-client in a page, and the page of the box itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.box import Box
from tests.e2e.conftest import Speak
from tests.e2e.sound import transcribe
from tests.e2e.web import ended, mic_session, publishable_key, quiet_session, rows_of
from tests.peers.chromium import Chromium, Page, Pages
from tests.peers.wire import Wire

pytestmark = pytest.mark.e2e

PRICE = "How much does a cleaning cost?"
PLACE = "Where are you?"
DENTIST = "Who is the dentist?"


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    """A web server with the visitor's page."""
    with Pages() as running:
        yield running


@pytest.fixture
async def browser(speak: Speak, tmp_path: Path) -> AsyncIterator[Chromium]:
    """A browser whose visitor asks about a price and then about the dentist."""
    said = speak(2.0, PRICE, 5.0, DENTIST, 1.0)
    async with Chromium(tmp_path / "chromium", microphone=said) as running:
        yield running


async def visit(page: Page, url: str, token: str, *, single: bool) -> bool:
    """Join with livekit-client; whether it was let in."""
    options = ", ".join(json.dumps(one) for one in (url, token, single))
    return bool(await page.run(f"join({options})"))


async def test_a_visitor_asks_in_a_browser_is_cut_off_types_and_the_agent_hangs_up(
    box: Box, browser: Chromium, pages: Pages
) -> None:
    session = await quiet_session(box)
    async with Wire(box.server.api_port) as wire:
        page = await browser.open(f"{pages.url}/visitor.html")
        assert await visit(page, wire.url, session.token, single=True)
        rows = await rows_of(box, session.call_id, 4, 30)
        await page.run("mute(true)")
        wire.cut()
        await page.true("seen.events.includes('reconnected')")
        # What livekit-client is given before it has settled, two seconds later, it never sends.
        await page.true("!room.engine.attemptingReconnect")
        await page.run(f"type({json.dumps(PLACE)})")
        rows = await rows_of(box, session.call_id, 6)
        heard = await transcribe(await page.sound())
        await page.run("type('Goodbye.')")
        await page.true("seen.events.includes('disconnected ROOM_DELETED')", 30)
        seen = await page.run("seen")
    asked = " ".join(row["content"] for row in rows[0::2]).lower()
    assert "cleaning cost" in asked
    assert "dentist" in asked
    said = [row["content"].lower() for row in rows[1::2]]
    for words, answer in zip(("80 dollars", "maria lopez", "12 harbor street"), said, strict=True):
        assert words in answer
    assert "eighty" in heard
    assert {"listening", "speaking"} <= set(seen["states"])
    for lines in (seen["captions"], seen["streams"]):
        texts = [line["text"].lower() for line in lines if line["final"]]
        assert any("cleaning cost" in text for text in texts)
        assert any("80 dollars" in text for text in texts)
    call = await ended(box, session.call_id)
    assert (call["direction"], call["end_reason"]) == ("mic", "agent_end")


async def test_in_the_older_dialect_a_muted_visitor_is_not_heard(
    box: Box, browser: Chromium, pages: Pages
) -> None:
    session = await quiet_session(box)
    async with Wire(box.server.api_port, old=True) as wire:
        page = await browser.open(f"{pages.url}/visitor.html")
        assert await visit(page, wire.url, session.token, single=True)
        await page.run("mute(true)")
        await page.run(f"type({json.dumps(PLACE)})")
        rows = await rows_of(box, session.call_id, 2)
        await page.voice_after()
        # The microphone asks about the price meanwhile, and is switched on before it asks again.
        await page.true("ears.frames.length > 550")
        await page.run("mute(false)")
        await page.run("press('42')")
        rows = await rows_of(box, session.call_id, 4)
        await page.run("leave()")
    assert [row["content"] for row in rows[0::2]] == [PLACE, "42"]
    assert "12 harbor street" in rows[1]["content"].lower()
    call = await ended(box, session.call_id)
    assert call["end_reason"] == "caller_hangup"


async def test_a_browser_is_told_why_it_may_not_come_in(
    box: Box, browser: Chromium, pages: Pages
) -> None:
    session = await mic_session(box)
    page = await browser.open(f"{pages.url}/visitor.html")
    for single in (True, False):
        assert not await visit(page, session.url, f"{session.token[:-4]}AAAA", single=single)
        assert "token" in await page.run("seen.refused")
    assert await visit(page, session.url, session.token, single=True)
    await page.run("leave()")


async def test_a_page_of_another_site_gets_no_session(
    box: Box, pages: Pages, tmp_path: Path
) -> None:
    mine = ("shop.example.com", "www.site.example.org")
    others = ("www.shop.example.com", "site.example.org", "shop.example.com.evil.example")
    key = await publishable_key(box, domains=["shop.example.com", "*.site.example.org"])
    request = {"method": "POST", "body": "{}", "headers": {"X-API-Key": key["key"]}}
    script = (
        f"fetch('{box.server.url}/v1/widget/session', {json.dumps(request)})"
        ".then(async (answer) => answer.ok && (await answer.json()).room_name, () => '')"
    )
    port = urlsplit(pages.url).port
    async with Chromium(tmp_path / "chromium", hosts=(*mine, *others)) as browser:
        for host in (*mine, *others):
            page = await browser.open(f"http://{host}:{port}/visitor.html")
            assert bool(await page.run(script)) is (host in mine), host
    await box.api.delete(f"/v1/publishable-key/{key['id']}")
