"""docs/api.md names every endpoint, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from litestar import Litestar

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


def served(app: Litestar) -> set[str]:
    """Every method and path; what Litestar adds of itself is left out."""
    return {
        f"{method} {re.sub(r':[a-z]+}', '}', route.path)}"
        for route in app.routes
        for method in route.methods - {"OPTIONS"}
        if not route.path.startswith("/v1/openapi.json/")
    }


def documented() -> set[str]:
    return set(re.findall(r"^\| `([A-Z]+ /\S+)` \|", DOCS.read_text(), re.MULTILINE))


def test_every_endpoint_is_documented(routes: Litestar):
    assert served(routes) - documented() == set()


def test_every_documented_endpoint_is_there(routes: Litestar):
    assert documented() - served(routes) == set()


async def test_the_openapi_document_names_every_endpoint(routes: Litestar, anonymous):
    paths = (await anonymous.get("/v1/openapi.json")).json()["paths"]
    named = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    pages = {"GET /docs", "GET /widget/demo"}
    files = {f"GET /widget/{{version}}/{name}" for name in ("widget.js", "style.css")}
    assert served(routes) - named == {"GET /v1/openapi.json"} | pages | files


async def test_paths_answer_with_and_without_a_slash_at_the_end(client):
    for path in ("/v1/healthz", "/readyz", "/v1/agents", "/v1/calls", "/v1/openapi.json", "/docs"):
        for form in (path, path + "/"):
            assert (await client.get(form)).status_code == 200, form
