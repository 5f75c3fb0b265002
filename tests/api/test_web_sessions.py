"""/v1/mic-session and /v1/widget/session: who may begin a session, and from which pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.api.conftest import Outside, Tenant
from tests.calls.test_origins import ALLOWED, DOMAINS, REFUSED
from thunderbox.api.limits import Limits
from thunderbox.calls.ports import Ticket
from thunderbox.calls.requests import OpenMic, OpenWidget, WebSession
from thunderbox.errors import (
    ForbiddenError,
    FullError,
    NotFoundError,
    PaymentError,
    RoomError,
    StoreError,
    TooManyError,
)
from thunderbox.settings import ApiSettings, LimitSettings, Settings
from thunderbox.store.database import Database

WIDGET = "/v1/widget/session"
PAGE = {"Origin": "https://example.com"}
OPENED = {
    "call_id": 7001,
    "token": "a token",
    "room_name": "room-7001",
    "server_url": "ws://box.test",
}
Headers = dict[str, str]


@pytest.fixture
async def key(client: httpx.AsyncClient, agent: dict[str, Any]) -> dict[str, Any]:
    """A key for the pages of DOMAINS."""
    body = {"agent_id": agent["id"], "allowed_domains": list(DOMAINS), "name": "Site"}
    made: dict[str, Any] = (await client.post("/v1/publishable-key", json=body)).json()
    return made


@pytest.fixture
def page(anonymous: httpx.AsyncClient, key: dict[str, Any]) -> Headers:
    """What a page of example.com sends."""
    anonymous.headers.pop("authorization")
    return PAGE | {"X-API-Key": key["key"]}


def nested(depth: int) -> list[Any]:
    """So many lists within one another."""
    return [] if depth == 1 else [nested(depth - 1)]


def kept(outside: Outside) -> OpenWidget:
    """The newest request for a session of a page."""
    wanted = outside.opened[-1]
    assert isinstance(wanted, OpenWidget)
    return wanted


# ------------------------------------------------------------ mic sessions


async def test_a_mic_session_is_begun_for_an_agent(
    client: httpx.AsyncClient, outside: Outside, tenant: Tenant
) -> None:
    response = await client.post("/v1/mic-session", json={"agent_id": 12})
    assert (response.status_code, response.json()) == (201, OPENED)
    assert outside.opened == [OpenMic(org_id=tenant.org_id, agent_id=12)]


@pytest.mark.parametrize("body", [{}, {"agent_id": None}, {"agent_id": "x"}, {"agent_id": 0}])
async def test_a_mic_session_needs_an_agent(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    response = await client.post("/v1/mic-session", json=body)
    assert (response.status_code, list(response.json())) == (400, ["agent_id"])


async def test_a_mic_session_needs_a_secret_key(
    client: httpx.AsyncClient, key: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {key['key']}"}
    response = await client.post("/v1/mic-session", json={"agent_id": 1}, headers=headers)
    assert response.status_code == 401
    assert "only opens widget sessions" in response.json()["detail"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFoundError("There is no agent 1."), 404, None),
        (PaymentError("Insufficient balance."), 402, None),
        (FullError("There are 8 sessions."), 503, "box_full"),
        (RoomError("No room."), 502, "media_unavailable"),
        (StoreError("The database failed."), 503, None),
    ],
)
async def test_why_there_is_no_mic_session(
    client: httpx.AsyncClient, outside: Outside, error: Exception, status: int, code: str | None
) -> None:
    outside.session = error
    response = await client.post("/v1/mic-session", json={"agent_id": 1})
    assert response.status_code == status
    assert response.json() == {"detail": str(error)} | ({"code": code} if code else {})


@pytest.mark.parametrize(
    ("public_url", "base", "server_url"),
    [
        ("", "http://192.168.1.5:8080", "ws://192.168.1.5:8080"),
        ("", "https://box.example", "wss://box.example"),
        ("https://box.example.com", "http://127.0.0.1:8080", "wss://box.example.com"),
        ("http://box.lan:8080", "http://127.0.0.1:8080", "ws://box.lan:8080"),
    ],
)
async def test_clients_join_where_they_asked(
    app: Litestar,
    client: httpx.AsyncClient,
    public_url: str,
    base: str,
    server_url: str,
) -> None:
    settings = Settings(api=ApiSettings(public_url=public_url))
    app.state.parts = replace(app.state.parts, settings=settings)
    response = await client.post(f"{base}/v1/mic-session", json={"agent_id": 1})
    assert response.json()["server_url"] == server_url


async def test_rooms_of_another_server_name_it(client: httpx.AsyncClient, outside: Outside) -> None:
    ticket = Ticket("mic-1", "a token", "wss://rooms.example")
    outside.session = WebSession(call_id=1, ticket=ticket, agent_name="A")
    response = await client.post("/v1/mic-session", json={"agent_id": 1})
    assert response.json()["server_url"] == "wss://rooms.example"


# ------------------------------------------------------------ sessions of pages


async def test_a_page_that_the_key_lets_in_begins_a_session(
    anonymous: httpx.AsyncClient, outside: Outside, key: dict[str, Any], page: Headers
) -> None:
    response = await anonymous.post(WIDGET, json={}, headers=page)
    assert (response.status_code, response.json()) == (200, OPENED | {"agent_name": "Front desk"})
    wanted = kept(outside)
    assert (wanted.key.id, wanted.origin, wanted.variables) == (key["id"], PAGE["Origin"], {})
    assert (wanted.context, wanted.primary_language, wanted.voice) == ("", None, None)


async def test_a_page_may_say_more(
    anonymous: httpx.AsyncClient, outside: Outside, page: Headers
) -> None:
    body = {
        "variables": {"name": "Ann", "cart": {"items": 2}},
        "context": "She is on /cart. ",
        "website_context": "A shop for shoes.",
        "language": "de-DE",
        "voice": "espeak-de",
        "analytics_distinct_id": "x",
        "analytics_replay_url": "y",
    }
    assert (await anonymous.post(WIDGET, json=body, headers=page)).status_code == 200
    wanted = kept(outside)
    assert wanted.variables == body["variables"]
    assert wanted.context == "She is on /cart.\n\nA shop for shoes."
    assert (wanted.primary_language, wanted.voice) == ("de-DE", "espeak-de")


async def test_primary_language_goes_before_language(
    anonymous: httpx.AsyncClient, outside: Outside, page: Headers
) -> None:
    body = {"language": "de-DE", "primary_language": "en-GB"}
    await anonymous.post(WIDGET, json=body, headers=page)
    assert kept(outside).primary_language == "en-GB"


async def test_variables_may_be_nested(
    anonymous: httpx.AsyncClient, outside: Outside, page: Headers
) -> None:
    body = {"variables": {"x": nested(15)}}
    assert (await anonymous.post(WIDGET, json=body, headers=page)).status_code == 200
    assert kept(outside).variables == body["variables"]


async def test_no_body_is_an_empty_one(anonymous: httpx.AsyncClient, page: Headers) -> None:
    assert (await anonymous.post(WIDGET, headers=page)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"variables": []},
        {"variables": {"x": "y" * 16_384}},
        {"variables": {"x": nested(16)}},
        {"context": "x" * 4_001},
        {"context": 5},
        {"website_context": "x" * 4_001},
        {"language": "german!"},
        {"primary_language": ""},
        {"voice": "nobody"},
    ],
)
async def test_wrong_fields_of_a_page_are_named_as_the_widget_reads_them(
    anonymous: httpx.AsyncClient, outside: Outside, page: Headers, body: dict[str, Any]
) -> None:
    response = await anonymous.post(WIDGET, json=body, headers=page)
    told = response.json()
    assert (response.status_code, told["error"]) == (400, "invalid_request")
    assert told["message"] == told["detail"] == " ".join(*told["fields"].values())
    assert list(told["fields"]) == list(body)
    assert response.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert outside.opened == []


async def test_a_body_that_is_no_json_is_answered_as_the_widget_reads_it(
    anonymous: httpx.AsyncClient, page: Headers
) -> None:
    response = await anonymous.post(WIDGET, content=b"{", headers=page)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert "not valid JSON" in response.json()["message"]


async def test_clients_that_know_bearer_only_may_send_the_key_so(
    anonymous: httpx.AsyncClient, page: Headers, key: dict[str, Any]
) -> None:
    headers = PAGE | {"Authorization": f"Bearer {key['key']}"}
    assert (await anonymous.post(WIDGET, json={}, headers=headers)).status_code == 200


async def test_only_publishable_keys_begin_sessions_of_pages(
    anonymous: httpx.AsyncClient, page: Headers, tenant: Tenant
) -> None:
    for headers in (
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "pk_live_unknown"},
        {"X-API-Key": tenant.key},
        tenant.headers,
    ):
        response = await anonymous.post(WIDGET, json={}, headers=PAGE | headers)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_key")
        assert response.headers["access-control-allow-origin"] == PAGE["Origin"]


@pytest.mark.parametrize("change", [{"is_enabled": False}, None])
async def test_a_disabled_or_ended_key_opens_nothing(
    anonymous: httpx.AsyncClient,
    key: dict[str, Any],
    page: Headers,
    tenant: Tenant,
    change: dict[str, Any] | None,
) -> None:
    url = f"/v1/publishable-key/{key['id']}"
    method = "DELETE" if change is None else "PATCH"
    await anonymous.request(method, url, json=change, headers=tenant.headers)
    response = await anonymous.post(WIDGET, json={}, headers=page)
    assert (response.status_code, response.json()["error"]) == (403, "key_disabled")


async def test_a_rotated_key_opens_nothing_by_its_old_value(
    anonymous: httpx.AsyncClient, key: dict[str, Any], page: Headers, tenant: Tenant
) -> None:
    url = f"/v1/publishable-key/{key['id']}/rotate"
    new = (await anonymous.post(url, headers=tenant.headers)).json()["key"]
    assert (await anonymous.post(WIDGET, json={}, headers=page)).status_code == 401
    headers = page | {"X-API-Key": new}
    assert (await anonymous.post(WIDGET, json={}, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ForbiddenError("Agent 1 …", code="agent_unavailable"), 403, "agent_unavailable"),
        (NotFoundError("No agent.", code="agent_unavailable"), 404, "agent_unavailable"),
        (PaymentError("Insufficient balance."), 402, "insufficient_balance"),
        (TooManyError("8 sessions.", 30, code="too_many_sessions"), 429, "too_many_sessions"),
        (FullError("There are 8 sessions."), 503, "box_full"),
        (RoomError("No room."), 502, "media_unavailable"),
        (StoreError("The database failed."), 503, "unavailable"),
        (ValueError("a bug"), 500, "unknown"),
    ],
)
async def test_why_there_is_no_session_for_a_page(
    anonymous: httpx.AsyncClient,
    outside: Outside,
    page: Headers,
    error: Exception,
    status: int,
    code: str,
) -> None:
    outside.session = error
    response = await anonymous.post(WIDGET, json={}, headers=page)
    told = response.json()
    assert (response.status_code, told["error"]) == (status, code)
    assert told["message"] == told["detail"]
    assert status == 500 or told["message"] == str(error)
    assert response.headers["access-control-allow-origin"] == PAGE["Origin"]
    if status == 429:
        assert response.headers["retry-after"] == "30"
        assert response.headers["access-control-expose-headers"] == "Retry-After"


async def test_a_key_begins_so_many_sessions_in_a_minute(
    app: Litestar, anonymous: httpx.AsyncClient, page: Headers
) -> None:
    now = 100.0
    app.state.limits = Limits(LimitSettings(), lambda: now, sessions_per_minute=8)
    for expected in (200, 200, 429):
        response = await anonymous.post(WIDGET, json={}, headers=page)
        assert response.status_code == expected
    assert (response.json()["error"], response.headers["retry-after"]) == ("too_many_sessions", "8")
    now += 7.5
    assert (await anonymous.post(WIDGET, json={}, headers=page)).status_code == 200


# ------------------------------------------------------------ which pages


@pytest.mark.parametrize("origin", ALLOWED)
async def test_pages_of_the_domains_are_let_in(
    anonymous: httpx.AsyncClient, page: Headers, origin: str
) -> None:
    response = await anonymous.post(WIDGET, json={}, headers=page | {"Origin": origin})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [origin for origin in REFUSED if origin.strip() == origin])
async def test_other_pages_are_not(
    anonymous: httpx.AsyncClient, outside: Outside, page: Headers, origin: str
) -> None:
    # As bytes: a client may send what no header should hold.
    headers = {b"x-api-key": page["X-API-Key"].encode(), b"origin": origin.encode()}
    response = await anonymous.post(WIDGET, json={}, headers=headers)
    told = response.json()
    assert (response.status_code, told["error"]) == (403, "domain_not_allowed")
    assert told["message"] == told["detail"]
    assert "access-control-allow-origin" not in response.headers
    assert outside.opened == []


async def test_a_program_elsewhere_may_not_leave_the_origin_out(
    anonymous: httpx.AsyncClient, page: Headers
) -> None:
    del page["Origin"]
    response = await anonymous.post(WIDGET, json={}, headers=page)
    assert (response.status_code, response.json()["error"]) == (403, "domain_not_allowed")
    assert "names no page" in response.json()["message"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
async def test_a_program_on_the_boxs_machine_may(
    app: Litestar, page: Headers, outside: Outside, address: str
) -> None:
    del page["Origin"]
    transport = httpx.ASGITransport(app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://box.test") as here:
        assert (await here.post(WIDGET, json={}, headers=page)).status_code == 200
        assert kept(outside).origin == ""
        refused = await here.post(WIDGET, json={}, headers=page | {"Origin": "null"})
        assert refused.status_code == 403


# ------------------------------------------------------------ the browser's own question


def asks(origin: str) -> Headers:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-api-key",
    }


@pytest.mark.parametrize("origin", ["https://example.com", "https://a.b.shop.example:8443"])
async def test_a_page_that_some_key_lets_in_may_ask(
    anonymous: httpx.AsyncClient, page: Headers, origin: str
) -> None:
    response = await anonymous.options(WIDGET, headers=asks(origin))
    assert (response.status_code, response.content) == (204, b"")
    headers = response.headers
    assert headers["access-control-allow-origin"] == origin
    assert headers["access-control-allow-methods"] == "POST"
    allowed = headers["access-control-allow-headers"].lower()
    assert {"content-type", "x-api-key"} <= set(allowed.split(", "))
    assert (headers["access-control-max-age"], headers["vary"]) == ("600", "Origin")
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin", ["https://www.example.com", "https://shop.example", "null", "https://evil.example"]
)
async def test_other_pages_may_not_ask(
    anonymous: httpx.AsyncClient, page: Headers, origin: str
) -> None:
    response = await anonymous.options(WIDGET, headers=asks(origin))
    assert response.status_code == 204
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert response.headers["vary"] == "Origin"


async def test_pages_of_keys_that_open_nothing_may_not_ask(
    anonymous: httpx.AsyncClient, db: Database, page: Headers
) -> None:
    async with db.transaction() as tx:
        await tx.execute("UPDATE publishable_keys SET is_enabled = 0")
    response = await anonymous.options(WIDGET, headers=asks("https://example.com"))
    assert "access-control-allow-origin" not in response.headers
    local = await anonymous.options(WIDGET, headers=asks("http://localhost:5173"))
    assert local.headers["access-control-allow-origin"] == "http://localhost:5173"


async def test_a_public_page_may_ask_a_box_in_the_visitors_network(
    anonymous: httpx.AsyncClient, page: Headers
) -> None:
    headers = asks("https://example.com") | {"Access-Control-Request-Private-Network": "true"}
    response = await anonymous.options(WIDGET, headers=headers)
    assert response.headers["access-control-allow-private-network"] == "true"


async def test_no_other_address_answers_pages(
    anonymous: httpx.AsyncClient, page: Headers, tenant: Tenant
) -> None:
    for method, url in (("OPTIONS", "/v1/calls"), ("GET", "/v1/calls"), ("OPTIONS", "/v1/call")):
        response = await anonymous.request(
            method, url, headers=tenant.headers | asks("https://example.com")
        )
        assert "access-control-allow-origin" not in response.headers
