"""A browser in the network: the page, the microphone and the signalling by https:// and wss://."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.box import words_of
from tests.e2e.conftest import StartBox
from tests.e2e.web import ended, rows_of
from tests.peers.chromium import Chromium

pytestmark = pytest.mark.e2e


async def test_a_browser_talks_by_the_boxs_own_certificate(
    start_box: StartBox, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    box = await start_box(TLS_MODE="self-signed", TLS_HOST="127.0.0.1", TLS_PORT=port)
    certificate = box.server.data / "secrets" / "tls-certificate.pem"
    async with Chromium(tmp_path / "chromium", trusts=certificate) as browser:
        page = await browser.open(f"https://localhost:{port}/widget/demo")
        await page.click("button", "Start talking")
        await page.reads("Speaking")
        call_id = (await box.newest_call())["call_id"]
        await page.click("textbox", "Message")
        await page.type("Where are you?")
        await rows_of(box, call_id, lambda rows: "harbor" in words_of(rows, "assistant"))
        await page.reads("12 Harbor Street")
        await page.click("button", "End the conversation")
        await page.reads("Conversation ended")
        asked = {urlsplit(url)[:2] for url in page.requests if not url.startswith("data:")}
    assert {("https", f"localhost:{port}")} <= asked
    assert asked <= {("https", f"localhost:{port}"), ("wss", f"localhost:{port}")}
    assert (await ended(box, call_id))["end_reason"] == "caller_hangup"

    found = box.server.run("doctor", "--json").stdout
    assert "SHA-256" in found
    assert "SHA-256" in box.server.printed
    link = (await box.get(f"/v1/calls/{call_id}/audio"))["url"]
    assert link.startswith(box.server.url)
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=certificate),
        headers=dict(box.api.headers),
        trust_env=False,
    ) as secure:
        there = await secure.get(f"https://localhost:{port}/v1/calls/{call_id}/audio")
        assert there.json()["url"].startswith(f"https://localhost:{port}/v1/recordings/")
        assert (await secure.get(there.json()["url"])).status_code == 200
