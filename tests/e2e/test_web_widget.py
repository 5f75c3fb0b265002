"""The widget in a real browser, in a page of another site with a strict policy and rude styles."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.box import Box
from tests.e2e.web import publishable_key
from tests.peers.chromium import Chromium

pytestmark = pytest.mark.e2e

SITE, STRANGER = "site.test", "stranger.test"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A shop</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/rude.css">
<body id="shop"><h1>A shop</h1><script src="{box}/widget/latest/widget.js"></script>
<script src="/mount.js"></script>"""
RUDE = "#shop * { font-size: 60px !important; color: lime !important }"
MOUNT = """window.errors = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.blockedURI));
ThunderPhone.mount({{ publishableKey: "{key}", onError: ({{ error }}) => errors.push(error) }});"""
SIZE_OUTSIDE = "getComputedStyle(document.querySelector('h1')).fontSize"
SIZE_INSIDE = (
    "getComputedStyle(document.querySelector('[data-thunderphone]')"
    ".shadowRoot.querySelector('.tbx-title')).fontSize"
)
POLICY = (
    "default-src 'none'; script-src 'self' {box}; style-src 'self'; img-src data:; "
    "connect-src {box} {socket}"
)


@contextmanager
def site(box: str, key: str) -> Iterator[int]:
    """The web server of a site that shows the widget; gives its port."""
    policy = POLICY.format(box=box, socket=box.replace("http", "ws", 1))
    answers = {
        "/": ("text/html", PAGE.format(box=box)),
        "/rude.css": ("text/css", RUDE),
        "/mount.js": ("text/javascript", MOUNT.format(key=key)),
    }

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = answers[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


async def test_a_visitor_without_a_microphone_types_in_the_page_of_another_site(
    box: Box, tmp_path: Path
) -> None:
    key = await publishable_key(box, domains=[SITE])
    here = f"http://127.0.0.1:{box.server.api_port}"
    hosts = (SITE, STRANGER)
    with site(here, key["key"]) as port:
        async with Chromium(tmp_path / "chromium", hosts=hosts) as browser:
            page = await browser.open(f"http://{SITE}:{port}/")
            # A page without https has no microphone: that is said, and typing is left.
            await page.click("button", "Start talking")
            await page.reads("only works on a secure page")
            await page.click("button", "Type instead")
            await page.reads("Connected")
            await page.click("textbox", "Message")
            await page.type("How much does a cleaning cost?")
            await page.reads("80 dollars")
            await page.click("button", "End the conversation")
            await page.reads("Conversation ended")
            asked = {urlsplit(url).netloc for url in page.requests if not url.startswith("data:")}
            assert await page.run("violations") == []
            assert [await page.run(size) for size in (SIZE_OUTSIDE, SIZE_INSIDE)] == [
                "60px",
                "15px",
            ]

            stranger = await browser.open(f"http://{STRANGER}:{port}/")
            await stranger.click("button", "Type instead")
            await stranger.reads("not set up for this website")
            assert await stranger.run("errors") == ["domain_not_allowed"]
    assert asked == {f"{SITE}:{port}", urlsplit(here).netloc}
    assert await box.api.delete(f"/v1/publishable-key/{key['id']}")
