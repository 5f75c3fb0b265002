"""The widget's files: for the pages of every site, asked for as seldom as possible."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest

from thunderbox.api.widget_files import DIRECTORY

VERSION = json.loads((DIRECTORY / "manifest.json").read_text())["version"]


@pytest.mark.parametrize("version", ["latest", VERSION, f"v{VERSION}"])
@pytest.mark.parametrize(
    ("name", "kind"), [("widget.js", "text/javascript"), ("style.css", "text/css")]
)
async def test_any_page_may_load_the_widget(anonymous: httpx.AsyncClient, version, name, kind):
    answer = await anonymous.get(f"/widget/{version}/{name}", headers={"Origin": "https://a.test"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (DIRECTORY / name).read_bytes()


async def test_it_travels_compressed_to_whoever_can_unpack_it(anonymous: httpx.AsyncClient):
    packed = await anonymous.get("/widget/latest/widget.js", headers={"Accept-Encoding": "gzip"})
    plain = await anonymous.get("/widget/latest/widget.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert len(gzip.compress(plain.content)) < 250_000
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


async def test_a_version_is_kept_and_the_latest_is_asked_for_again(anonymous: httpx.AsyncClient):
    latest = await anonymous.get("/widget/latest/style.css")
    fixed = await anonymous.get(f"/widget/{VERSION}/style.css")
    assert latest.headers["cache-control"] == "public, max-age=300"
    assert fixed.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_what_a_browser_has_is_not_sent_again(anonymous: httpx.AsyncClient):
    etag = (await anonymous.get("/widget/latest/widget.js")).headers["etag"]
    for known in (etag, f'"other", {etag}', "*"):
        again = await anonymous.get("/widget/latest/widget.js", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert again.headers["access-control-allow-origin"] == "*"
    changed = await anonymous.get("/widget/latest/widget.js", headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize("path", ["0.0.0/widget.js", "../widget.js", "latest/manifest.json"])
async def test_there_is_nothing_else(anonymous: httpx.AsyncClient, path: str):
    assert (await anonymous.get(f"/widget/{path}")).status_code == 404


async def test_an_unknown_version_is_told_which_there_is(anonymous: httpx.AsyncClient):
    answer = await anonymous.get("/widget/0.0.0/widget.js")
    assert f"/widget/{VERSION}/widget.js" in answer.json()["detail"]
