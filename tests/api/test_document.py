"""The OpenAPI document and the page made of it: complete, and without anything from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.openapi.spec import OpenAPI

from thunderbox.api.document import document
from thunderbox.api.reference import render

STATUSES = {400, 401, 402, 403, 404, 409, 410, 413, 416, 422, 429, 500, 502, 503}


@pytest.fixture(scope="module")
def made(routes: Litestar) -> dict[str, Any]:
    return document(routes)


def operations(made: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in made["paths"].items()
        for method, operation in item.items()
    ]


async def test_it_is_made_once(routes: Litestar, monkeypatch: pytest.MonkeyPatch):
    document(routes)
    monkeypatch.setattr(OpenAPI, "to_schema", lambda _: pytest.fail("it is made again"))
    monkeypatch.setattr("thunderbox.api.document._complete", None)
    transport = httpx.ASGITransport(routes)
    async with httpx.AsyncClient(transport=transport, base_url="http://box.test") as anybody:
        assert (await anybody.get("/v1/openapi.json")).json() == document(routes)


def test_it_is_openapi_31(made):
    assert made["openapi"].startswith("3.1")


async def test_it_is_served_without_a_key(anonymous, made):
    response = await anonymous.get("/v1/openapi.json")
    assert response.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    assert response.json() == made


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere(made):
    for reference in references(made):
        place: Any = made
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_schemas_are_named_without_the_modules_that_hold_them(made):
    names = made["components"]["schemas"].keys()
    assert {"CallViewPage", "OrganizationView"} <= names
    assert not [name for name in names if "." in name or "_" in name]


def test_operations_are_told_apart_and_summed_up(made):
    found = operations(made)
    names = [operation["operationId"] for _, _, operation in found]
    assert len(names) == len(set(names))
    for _, path, operation in found:
        assert operation["summary"], path
        assert operation["tags"], path


def test_every_operation_names_its_errors(made):
    for method, path, operation in operations(made):
        statuses = {int(status) for status in operation["responses"]}
        assert {500, 503} <= statuses <= STATUSES | {200, 201, 202, 204, 206}, (method, path)
        if operation.get("security") != []:
            assert {401, 429} <= statuses, (method, path)
        if "{" in path:
            assert 404 in statuses, (method, path)
        if "requestBody" in operation:
            assert {400, 413} <= statuses, (method, path)


def test_only_open_addresses_want_no_key(made):
    free = {path for _, path, operation in operations(made) if operation.get("security") == []}
    assert free == {
        "/v1/healthz",
        "/readyz",
        "/v1/auth/sign-in",
        "/v1/auth/sign-up",
        "/v1/invites/{token}",
        "/v1/recordings/{file_name}",
        "/v1/receipts/{file_name}",
        "/v1/voices/{voice_id}/sample",
    }


def test_a_body_is_required_where_an_empty_one_lacks_something(made):
    required = {
        f"{method.upper()} {path}": operation["requestBody"]["required"]
        for method, path, operation in operations(made)
        if "requestBody" in operation
    }
    assert required["POST /v1/agents"] is True
    assert required["PATCH /v1/agents/{agent_id}"] is False
    assert required["POST /v1/developer/api-keys"] is False


def test_limits_of_numbers_are_whole(made):
    schema = made["paths"]["/v1/agents/{agent_id}"]["get"]["parameters"][0]["schema"]
    assert (schema["minimum"], schema["maximum"]) == (1, 2**63 - 1)


async def test_the_page_names_every_operation_and_loads_nothing(anonymous, made):
    response = await anonymous.get("/docs")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    page = response.text
    for method, path, _ in operations(made):
        assert f">{method.upper()}</span>{path}" in page
    assert not re.search(r"<script|<link|<img|@import|url\(|(?:src|href)=.https?:", page)
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r'id="([^"]+)"', page))


async def test_the_page_escapes_what_it_shows(made):
    operation = {"summary": "S", "description": "<script> `a<b`", "tags": ["T"], "responses": {}}
    paths = {"/x": {"get": operation}}
    page = render(made | {"info": made["info"] | {"title": "<script>"}, "paths": paths})
    assert "<script>" not in page
    assert "&lt;script&gt; <code>a&lt;b</code>" in page


ALSO = [
    ("post", "/v1/call", {"200", "201", "402", "403", "404", "409"}),
    ("post", "/v1/agents/{agent_id}/transfer", {"200", "201", "403"}),
    ("patch", "/v1/agents/{agent_id}", {"200", "409"}),
    ("delete", "/v1/phone-numbers/{number_id}", {"200", "204"}),
    ("get", "/v1/recordings/{file_name}", {"200", "206", "403", "410", "416"}),
    ("patch", "/v1/billing", {"422"}),
    ("post", "/demo/appointments", {"201", "401", "409"}),
]


@pytest.mark.parametrize(("method", "path", "statuses"), ALSO)
def test_what_an_operation_answers_besides(made, method, path, statuses):
    assert statuses <= made["paths"][path][method]["responses"].keys()
