"""/docs: the API reference as one page, made of the OpenAPI document; it loads nothing else."""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import Any

import jinja2
from litestar import Litestar, MediaType, Response, get

from thunderbox.api.document import Json, document
from thunderbox.api.request import ApiRequest

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@get("/docs", include_in_schema=False)
async def read_reference(request: ApiRequest) -> Response[str]:
    """The page; needs no key."""
    state = request.app.state
    page: str | None = state.get("reference")
    if page is None:
        page = state.reference = await asyncio.to_thread(_page, request.app)
    headers = {"Content-Security-Policy": POLICY}
    return Response(page, media_type=MediaType.HTML, headers=headers)


def _page(app: Litestar) -> str:
    return render(document(app))


def render(made: Json) -> str:
    """The page of an OpenAPI document."""
    source = files("thunderbox.api").joinpath("reference.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["kind"] = lambda schema: kind(schema, made)
    groups: dict[str, list[Json]] = {}
    for path, item in made["paths"].items():
        for method, operation in item.items():
            tag = operation.get("tags", ["Other"])[0]
            groups.setdefault(tag, []).append(_operation(method, path, operation, made))
    return environment.from_string(source).render(
        title=made["info"]["title"],
        version=made["info"]["version"],
        description=made["info"].get("description", ""),
        groups=groups,
        schemas=dict(sorted(made["components"]["schemas"].items())),
    )


def kind(schema: Json, made: Json) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(choice) for choice in schema["enum"])
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " | ".join(kind(one, made) for one in schema[several])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}), made)}"
    named: Any = schema.get("type", "any")
    text = " | ".join(named) if isinstance(named, list) else str(named)
    return text + _limits(schema)


def _limits(schema: Json) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < 2**53:
        return f" {low} to {high}"
    if low is not None:
        return f" from {low}"
    if schema.get("format"):
        return f" ({schema['format']})"
    if schema.get("maxLength"):
        return f" ({schema.get('minLength', 0)} to {schema['maxLength']} characters)"
    return ""


def _operation(method: str, path: str, operation: Json, made: Json) -> Json:
    """What the page shows of one operation."""
    body = operation.get("requestBody", {}).get("content", {})
    responses = []
    for status, response in sorted(operation["responses"].items()):
        if "$ref" in response:
            response = made["components"]["responses"][_name(response["$ref"])]
        content = response.get("content", {})
        schema = next(iter(content.values()))["schema"] if content else None
        responses.append(
            {"status": status, "text": response.get("description", ""), "schema": schema}
        )
    return {
        "id": operation.get("operationId", f"{method}{path}"),
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "open": operation.get("security") == [],
        "parameters": operation.get("parameters", []),
        "body": next(iter(body.values()))["schema"] if body else None,
        "responses": responses,
    }


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
