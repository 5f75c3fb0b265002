"""Witness: compares each answer that a test gets with what the OpenAPI document says of it."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any

import httpx
import jsonschema_rs
from litestar import Litestar

from thunderbox.api.document import document

Json = dict[str, Any]


class Witness:
    """Knows the document of an application."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._checks: dict[tuple[str, str, int], jsonschema_rs.Draft202012Validator] = {}

    async def see(self, response: httpx.Response) -> None:
        """An event hook of a client: raises AssertionError for an answer nobody wrote down."""
        found = self.operation(response.request.method, response.request.url.path)
        if found is None:
            return
        path, operation = found
        asked = f"{response.request.method} {path}"
        told = operation["responses"].get(str(response.status_code))
        assert told is not None, f"{asked} answers {response.status_code}, which is not documented"
        told = self._resolved(told)
        kind = response.headers.get("content-type", "").partition(";")[0]
        await response.aread()
        if not response.content:
            return
        kinds = told.get("content", {})
        assert kind in kinds, f"{asked} answers {kind}, but the document says {list(kinds)}"
        if kind.endswith("json"):
            check = self._check(response.request.method, path, response.status_code, kinds[kind])
            wrong = [
                f"{one.instance_path}: {one.message}" for one in check.iter_errors(response.json())
            ]
            assert not wrong, f"{asked} {response.status_code}: {wrong}"

    def operation(self, method: str, path: str) -> tuple[str, Json] | None:
        """The path, as the document writes it, and the operation that answers there."""
        path = path.rstrip("/") or "/"
        for pattern, known in self._paths:
            if pattern.fullmatch(path):
                operation = self._made["paths"][known].get(method.lower())
                return None if operation is None else (known, operation)
        return None

    @cached_property
    def _made(self) -> Json:
        return document(self._app)

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        """Every path; those without parameters come first."""
        known = sorted(self._made["paths"], key=lambda path: (path.count("{"), path))
        return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in known]

    def _resolved(self, value: Json) -> Json:
        while "$ref" in value:
            place: Any = self._made
            for step in value["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            value = place
        return value

    def _check(self, method: str, path: str, status: int, kind: Json) -> Any:
        at = (method, path, status)
        if at not in self._checks:
            schemas = self._named_in(kind["schema"])
            schema = {**kind["schema"], "components": {"schemas": schemas}}
            self._checks[at] = jsonschema_rs.Draft202012Validator(schema)
        return self._checks[at]

    def _named_in(self, schema: Json) -> Json:
        """The schemas that a schema names, and those that they name; all take long to prepare."""
        found: Json = {}
        names = _names(schema)
        while names:
            name = names.pop()
            if name not in found:
                found[name] = self._made["components"]["schemas"][name]
                names += _names(found[name])
        return found


def _names(schema: Json) -> list[str]:
    return re.findall(r'"#/components/schemas/([^"/]+)"', json.dumps(schema))
