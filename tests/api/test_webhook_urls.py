"""Where webhooks may be: one rule for endpoints, the single webhook, numbers and keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import msgspec
import pytest

Place = tuple[str, str, Callable[[str], dict]]
"""A method, a path, and the body with a URL."""


@pytest.fixture
async def places(client: httpx.AsyncClient, agent: dict) -> list[Place]:
    """Everything that takes the URL of a webhook."""
    number = (await client.post("/v1/phone-numbers")).json()
    key = {"allowed_domains": ["example.com"], "agent_id": agent["id"]}
    made = (await client.post("/v1/publishable-key", json=key)).json()
    hooked = key | {"mode": "webhook"}
    return [
        ("POST", "/v1/developer/webhook-endpoints", lambda url: {"label": "CRM", "url": url}),
        ("PUT", "/v1/webhook", lambda url: {"url": url}),
        ("PATCH", "/v1/webhook", lambda url: {"url": url}),
        ("PATCH", f"/v1/phone-numbers/{number['id']}", lambda url: {"webhook_url": url}),
        ("POST", "/v1/publishable-key", lambda url: hooked | {"webhook_url": url}),
        ("PATCH", f"/v1/publishable-key/{made['id']}", lambda url: {"webhook_url": url}),
    ]


@pytest.mark.parametrize(
    "url", ["http://localhost:5678/hook", "http://127.0.0.1/", "http://[::1]/"]
)
async def test_http_is_allowed_on_this_machine(client, places: list[Place], url: str):
    for method, path, body in places:
        made = await client.request(method, path, json=body(url))
        assert made.status_code in (200, 201), made.text


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "https:///hook", "https://a b", "example.com"]
)
async def test_what_is_no_url_of_a_server_is_refused(client, places: list[Place], url: str):
    for method, path, body in places:
        refused = await client.request(method, path, json=body(url))
        assert refused.status_code == 400, path


async def test_http_is_allowed_where_the_operator_named_networks(app, client, places: list[Place]):
    url = "http://192.168.1.20:5678/hook"
    for method, path, body in places:
        refused = await client.request(method, path, json=body(url))
        assert refused.status_code == 400, path
        [[sentence]] = refused.json().values()
        assert "once outgoing.allow_networks names networks" in sentence
    parts = app.state.parts
    outgoing = msgspec.structs.replace(parts.settings.outgoing, allow_networks=("192.168.0.0/16",))
    settings = msgspec.structs.replace(parts.settings, outgoing=outgoing)
    app.state.parts = replace(parts, settings=settings)
    for method, path, body in places:
        made = await client.request(method, path, json=body(url))
        assert made.status_code in (200, 201), made.text


async def test_a_url_that_was_allowed_stays_while_others_fields_change(app, client, agent):
    parts = app.state.parts
    outgoing = msgspec.structs.replace(parts.settings.outgoing, allow_networks=("192.168.0.0/16",))
    app.state.parts = replace(
        parts, settings=msgspec.structs.replace(parts.settings, outgoing=outgoing)
    )
    body = {
        "allowed_domains": ["example.com"],
        "mode": "webhook",
        "webhook_url": "http://192.168.1.20",
    }
    made = (await client.post("/v1/publishable-key", json=body)).json()
    app.state.parts = parts
    changed = await client.patch(f"/v1/publishable-key/{made['id']}", json={"name": "Shop"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Shop")
