"""The demo page of the widget: who is given its key."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from litestar import Litestar

from tests.api.conftest import AGENT, Tenant
from thunderbox.store.database import Database


async def opened(
    app: Litestar, address: str = "127.0.0.1", host: str = "localhost:8080", **headers: str
) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as browser:
        return await browser.get("/widget/demo", headers=headers)


def settings(page: httpx.Response) -> dict:
    found = re.search(r'<script type="application/json" id="settings">(.*?)</script>', page.text)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1", "localhost:8080"),
        ("127.0.0.1", "127.0.0.1:8080"),
        ("127.0.0.9", "127.0.0.1"),
        ("::1", "[::1]:8080"),
    ],
)
async def test_a_browser_on_this_machine_is_given_a_key(app, agent, address, host):
    page = await opened(app, address, host)
    assert page.status_code == 200
    assert settings(page)["key"].startswith("pk_live_")
    assert settings(page)["agent"] == agent["name"]


@pytest.mark.parametrize(
    ("address", "host", "headers"),
    [
        ("192.168.1.9", "localhost:8080", {}),
        ("127.0.0.1", "box.example", {}),
        ("127.0.0.1", "192.168.1.20:8080", {}),
        ("127.0.0.1", "localhost:8080", {"X-Forwarded-For": "203.0.113.9"}),
        ("127.0.0.1", "localhost:8080", {"Forwarded": "for=203.0.113.9"}),
    ],
)
async def test_nobody_else_is(app, agent, address, host, headers):
    page = await opened(app, address, host, **headers)
    assert page.status_code == 200
    assert settings(page)["key"] == ""
    assert "pk_live_" not in page.text.replace("pk_live_…", "").replace("pk_live_[", "")


async def keys(client: httpx.AsyncClient) -> list[dict]:
    return (await client.get("/v1/publishable-key")).json()


async def test_the_key_is_made_once_for_the_oldest_agent_and_only_this_machine(app, client, agent):
    await client.post("/v1/agents", json=AGENT | {"name": "Second"})
    first, second = await opened(app), await opened(app)
    assert settings(first)["key"] == settings(second)["key"]
    [key] = await keys(client)
    assert (key["agent_id"], key["allowed_domains"]) == (agent["id"], ["localhost"])
    assert key["mode"] == "agent"


async def test_a_key_that_was_ended_is_not_made_again(app, client, agent):
    await opened(app)
    [key] = await keys(client)
    await client.delete(f"/v1/publishable-key/{key['id']}")
    page = await opened(app)
    assert settings(page)["key"] == ""
    assert "was ended or disabled" in page.text
    assert len(await keys(client)) == 1


async def test_a_disabled_key_is_not_shown(app, client, agent):
    await opened(app)
    [key] = await keys(client)
    await client.patch(f"/v1/publishable-key/{key['id']}", json={"is_enabled": False})
    assert settings(await opened(app))["key"] == ""


async def test_agents_that_pages_may_not_reach_get_no_key(app, client):
    await client.post("/v1/agents", json=AGENT | {"widget_enabled": False})
    assert settings(await opened(app))["key"] == ""
    assert await keys(client) == []


async def test_an_empty_box_shows_the_page(app, db: Database):
    assert settings(await opened(app))["key"] == ""


async def test_names_cannot_break_out_of_the_page(app, client, tenant: Tenant):
    name = "</script><script>alert(1)</script>"
    await client.post("/v1/agents", json=AGENT | {"name": name})
    page = await opened(app)
    assert name not in page.text
    assert settings(page)["agent"] == name


async def test_the_page_runs_only_its_own_scripts(app, agent):
    page = await opened(app)
    policy = page.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", policy)
    assert nonce
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    scripts = re.findall(
        r"<script(?! type=.application/json)([^>]*)>", page.text.split("</pre>")[1]
    )
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts[:2])
    assert not re.search(r"(?:src|href)=.https?:| style=| on\w+=", page.text)
