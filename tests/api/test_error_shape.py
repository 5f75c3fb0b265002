"""Every shape in which the API says no."""

from __future__ import annotations

import httpx
import pytest
from litestar import Litestar, get

from tests.api.conftest import AGENT
from thunderbox.api import errors
from thunderbox.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    LegError,
    NotFoundError,
    PaymentError,
    RequestError,
    StoreError,
    TooManyError,
    UnauthorizedError,
    UnprocessableError,
)

RAISED = [
    (RequestError("No."), 400, {"detail": "No."}),
    (InvalidError({"name": ["No."]}), 400, {"name": ["No."]}),
    (UnauthorizedError("No."), 401, {"detail": "No."}),
    (PaymentError("No."), 402, {"detail": "No."}),
    (ForbiddenError("No."), 403, {"detail": "No."}),
    (NotFoundError("No."), 404, {"detail": "No."}),
    (ConflictError("No."), 409, {"detail": "No.", "code": "conflict"}),
    (ConflictError("No.", code="taken"), 409, {"detail": "No.", "code": "taken"}),
    (GoneError("No."), 410, {"detail": "No."}),
    (UnprocessableError("No.", code="first"), 422, {"detail": "No.", "code": "first"}),
    (TooManyError("No.", 7), 429, {"detail": "No."}),
    (RequestError("No.", code="why"), 400, {"detail": "No.", "code": "why"}),
    (LegError("No line."), 503, {"detail": "No line."}),
    (StoreError("No disk."), 503, {"detail": "No disk."}),
]


@pytest.mark.parametrize(("error", "status", "body"), RAISED)
async def test_our_own_errors(error, status, body):
    response = await ask(error)
    assert (response.status_code, response.json()) == (status, body)
    assert response.headers["content-type"] == "application/json"


async def test_a_bug_tells_the_log_and_not_the_client(caplog):
    response = await ask(ZeroDivisionError("secret detail"))
    assert response.status_code == 500
    assert list(response.json()) == ["detail"]
    assert "secret" not in response.text
    assert "secret detail" in caplog.text


async def ask(error: Exception) -> httpx.Response:
    @get("/")
    async def handler() -> None:
        raise error

    app = Litestar([handler], exception_handlers=errors.handlers(), logging_config=None)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://box.test") as client:
        return await client.get("/")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/agents/abc", "/v1/agents/1/2/3"])
async def test_an_address_with_nothing_there(client, path):
    response = await client.get(path)
    assert (response.status_code, list(response.json())) == (404, ["detail"])


@pytest.mark.parametrize("agent_id", ["0", str(2**63), str(10**30)])
async def test_an_id_that_no_database_holds(client, agent_id):
    response = await client.get(f"/v1/agents/{agent_id}")
    assert (response.status_code, list(response.json())) == (404, ["detail"])


async def test_a_method_that_an_address_does_not_take(client):
    response = await client.delete("/v1/voices")
    assert (response.status_code, list(response.json())) == (405, ["detail"])
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("body", [b"{", b"{'name': 1}", b"\xff\xfe", b"[" * 100_000, b"nul"])
async def test_json_that_is_not_json(client, body):
    response = await client.post("/v1/agents", content=body)
    assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert response.json()["detail"].startswith("The body is not valid JSON")


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"[]", "a list"), (b"null", "null"), (b'"x"', "a text"), (b"5", "a number"), (b"true", "tr")],
)
async def test_json_that_is_no_object(client, body, kind):
    response = await client.post("/v1/agents", content=body)
    assert response.status_code == 400
    assert f"must be a JSON object, but is {kind}" in response.json()["detail"]


async def test_a_body_that_is_too_large(client):
    body = b'{"name": "' + b"x" * 1_048_576 + b'"}'
    response = await client.post("/v1/agents", content=body)
    assert (response.status_code, list(response.json())) == (413, ["detail"])


async def test_a_body_that_is_too_large_and_whose_length_is_not_told(client):
    async def pieces():
        for _ in range(20):
            yield b"x" * 65_536

    response = await client.post("/v1/agents", content=pieces())
    assert (response.status_code, list(response.json())) == (413, ["detail"])


async def test_every_missing_field_is_named_at_once(client):
    response = await client.post("/v1/agents")
    assert (response.status_code, response.json()) == (
        400,
        {
            "name": ["name is missing; it must be a text of 1 to 255 characters."],
            "prompt": ["prompt is missing; it must be a text that is not empty."],
            "voice": ["voice is missing; it must be the id of a voice of GET /v1/voices."],
        },
    )


WRONG = [
    ("name", "", '""', "a text of 1 to 255 characters"),
    ("name", "   ", '"   "', "a text of 1 to 255 characters"),
    ("name", 5, "5", "a text of 1 to 255 characters"),
    ("name", None, "null", "a text of 1 to 255 characters"),
    ("product", "zap", '"zap"', 'one of "spark", "bolt"'),
    ("thinking_level", "deep", '"deep"', 'one of "base", "extra"'),
    ("background_track", "rain", '"rain"', '"CALL_CENTER", "OFFICE", "CAFE" or null'),
    ("inbound_speak_order", True, "true", 'one of "agent_first", "caller_first"'),
    ("max_hold_seconds", 0, "0", "a whole number of seconds"),
    ("max_hold_seconds", 1.5, "1.5", "a whole number of seconds"),
    ("max_hold_seconds", "30", '"30"', "a whole number of seconds"),
    ("widget_enabled", "yes", '"yes"', "true or false"),
    ("widget_enabled", 1, "1", "true or false"),
    ("tools", "none", '"none"', "a list of function tools"),
    ("integration_ids", {}, "{}", "a list"),
    ("voice", "alto", '"alto"', "one of espeak-en-us, en-US-James1, espeak-de"),
]


@pytest.mark.parametrize(("field", "value", "shown", "allowed"), WRONG)
async def test_a_wrong_field_is_named_with_its_value_and_what_is_allowed(
    client, agent, field, value, shown, allowed
):
    for response in (
        await client.post("/v1/agents", json=AGENT | {field: value}),
        await client.patch(f"/v1/agents/{agent['id']}", json={field: value}),
    ):
        assert (response.status_code, list(response.json())) == (400, [field])
        [sentence] = response.json()[field]
        assert sentence.startswith(f"{field} is {shown}, but must be {allowed}")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("offset=-1", "offset"),
        ("agent_id=x", "agent_id"),
        (f"agent_id={2**63}", "agent_id"),
        ("direction=up", "direction"),
        ("status=done", "status"),
        ("start_date=noon", "start_date"),
        ("end_date=2026-13-01", "end_date"),
        ("exclude_test_calls=maybe", "exclude_test_calls"),
    ],
)
async def test_a_wrong_query_parameter_is_named(client, query, field):
    response = await client.get(f"/v1/calls?{query}")
    assert (response.status_code, list(response.json())) == (400, [field])
    value = query.partition("=")[2]
    assert response.json()[field][0].startswith(f'{field} is "{value}", but must be ')


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/auth/sign-up", "password"),
        ("/v1/auth/sign-in", "password"),
        ("/v1/voip-connections/test", "credentials"),
    ],
)
async def test_a_secret_is_not_repeated(client, path, field):
    secret = "hunter2" if field != "password" else 42_001
    body = {"provider": "manual", "email": "a@example.com", "invite_token": "x", field: secret}
    response = await client.post(path, json=body)
    assert response.json()[field][0].startswith(f"{field} must be ")
    assert str(secret) not in response.text


async def test_long_values_are_shortened(client):
    response = await client.post("/v1/agents", json=AGENT | {"name": "x" * 5_000})
    assert len(response.json()["name"][0]) < 200


@pytest.mark.parametrize("text", ["\ud800", "a\x00b"])
async def test_odd_texts_are_no_bug(client, text):
    raw = f'{{"name": "{text}", "prompt": "p", "voice": "en-US-James1"}}'
    escaped = raw.replace("\ud800", "\\ud800").replace("\x00", "\\u0000").encode()
    assert (await client.post("/v1/agents", content=escaped)).status_code in (201, 400)


async def test_odd_queries_are_no_bug(client):
    response = await client.get("/v1/calls?from_number=%FF%00&start_date=%ED%A0%80")
    assert response.status_code == 400
    assert (await client.get("/v1/calls?from_number=%FF%ED%A0%80")).status_code == 200


async def test_numbers_beyond_64_bits_are_no_bug(client):
    tools = [{"name": "a", "url": "/x", "parameters": {"type": "object", "maximum": 10**30}}]
    response = await client.post("/v1/agents", json=AGENT | {"tools": tools})
    assert response.status_code in (201, 400)


async def test_a_closed_database_is_503(client, db):
    await db.close()
    response = await client.get("/v1/agents")
    assert (response.status_code, list(response.json())) == (503, ["detail"])
