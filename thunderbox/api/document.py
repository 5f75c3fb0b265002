"""The OpenAPI document: what Litestar knows of the routes, and every error that they answer with.

Guards, parameters and bodies say which errors an address has; what else it refuses stands in its
`errors`, a tuple of statuses beside its summary. `also` names further statuses of success, with the
same body; 204 has none. `also_as` names further content types of the usual answer, as texts.
"""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar._openapi.plugin import OpenAPIPlugin
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

from thunderbox.api.auth import ORGANIZATION
from thunderbox.api.fields import MAX_ID

Json = dict[str, Any]

_DETAIL: Json = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "code": {"type": "string", "description": "The same for programs, where there is one."},
        "retryable": {"type": "boolean", "description": "Whether trying again may help."},
    },
}
_FIELDS: Json = {
    "type": "object",
    "description": "Each wrong field with its messages.",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}
_ERRORS = {
    400: "Fields or parameters are wrong, or the request as a whole",
    401: "No valid key or token, or a wrong password",
    402: "The balance is used up",
    403: "The role of who asks, or a limit, does not allow it",
    404: "Nothing there, or somebody else's",
    409: "Somebody else was faster, or it is there already",
    410: "A link or an invite is over",
    413: "The body is too large",
    416: "The range lies beyond the end",
    422: "Something has to be done first",
    429: "Too many requests; Retry-After has the seconds to wait",
    500: "A bug; the log has the details",
    502: "Another server failed",
    503: "A part of the box is not working",
}
_making = threading.Lock()
_PAGE = re.compile(rb"Page_[\w.]+\.(\w+)_(?=\")")
"""The name of a page of something, as Litestar makes it of the modules."""
_KEY_GUARDS = ("require_key", "require_identity", "require_person")


class DocumentPlugin(JsonRenderPlugin):
    """Answers with the document."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """The document as JSON."""
        return msgspec.json.encode(document(request.app))


def document(app: Litestar) -> Json:
    """The whole document, made once (in 0.3 s; from any thread)."""
    with _making:
        made: Json | None = app.state.get("document")
        if made is None:
            made = _complete(app)
            app.state.document = made
        return made


def _complete(app: Litestar) -> Json:
    # Litestar keeps this one, and hands it to `render` without making it again.
    schema = app.plugins.get(OpenAPIPlugin).provide_openapi_schema()
    made: Json = _tidy(msgspec.json.decode(_PAGE.sub(rb"\1Page", msgspec.json.encode(schema))))
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {"Error": _DETAIL, "FieldErrors": _FIELDS}
    components["responses"] = {f"Error{status}": _response(status) for status in _ERRORS}
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or route.path_format not in made["paths"]:
            continue
        item = made["paths"][route.path_format]
        for handler, _ in route.route_handler_map.values():
            for method in handler.http_methods:
                if method.lower() in item:
                    _add_errors(item[method.lower()], handler, schemas)
    return made


def _add_errors(operation: Json, handler: HTTPRouteHandler, schemas: Json) -> None:
    """Name every error of one operation, and how it wants to be asked."""
    guards = " ".join(getattr(guard, "__name__", "") for guard in handler.resolve_guards())
    parameters = operation.get("parameters", [])
    places = {parameter["in"] for parameter in parameters}
    statuses = {500, 503, *handler.opt.get("errors", ())}
    if any(name in guards for name in _KEY_GUARDS):
        statuses |= {401, 429}
    elif "require_publishable_key" in guards:
        statuses |= {401, 403, 429}
        operation["security"] = [{"publishable": []}]
    else:
        operation["security"] = []
    if "require_key" in guards:
        # People name the organization that is meant, and may name a wrong one.
        statuses |= {400, 404}
        operation["parameters"] = [*parameters, _organization()]
    if any(name in guards for name in ("require_admin", "require_owner", "require_person")):
        statuses.add(403)
    if "path" in places:
        statuses.add(404)
    if "query" in places:
        statuses.add(400)
    if "requestBody" in operation:
        statuses |= {400, 413}
        operation["requestBody"]["required"] = _is_required(operation["requestBody"], schemas)
    responses = operation["responses"]
    usual = next(iter(responses.values()))
    for kind in handler.opt.get("also_as", ()):
        usual["content"][kind] = {"schema": {"type": "string"}}
    for status in handler.opt.get("also", ()):
        responses[str(status)] = {"description": HTTPStatus(status).phrase} | (
            {"content": usual["content"]} if status != 204 and "content" in usual else {}
        )
    # Litestar's own idea of a 400 is none that this box answers with.
    responses.pop("400", None)
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Error{status}"})


def _response(status: int) -> Json:
    schema: Json = {"$ref": "#/components/schemas/Error"}
    if status == 400:
        schema = {"anyOf": [{"$ref": "#/components/schemas/FieldErrors"}, schema]}
    response: Json = {
        "description": f"{HTTPStatus(status).phrase}: {_ERRORS[status]}.",
        "content": {"application/json": {"schema": schema}},
    }
    if status == 416:
        del response["content"]
    if status == 429:
        seconds = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."}
        response["headers"] = {"Retry-After": seconds}
    return response


def _organization() -> Json:
    return {
        "name": ORGANIZATION,
        "in": "header",
        "required": False,
        "description": "The organization that a person means; keys ignore it.",
        "schema": {"type": "integer", "minimum": 1},
    }


def _is_required(body: Json, schemas: Json) -> bool:
    """Whether an empty body, which means an object without fields, lacks something."""
    schema = next(iter(body["content"].values()))["schema"]
    name = re.sub(r".*/", "", schema.get("$ref", ""))
    return bool(schemas.get(name, schema).get("required"))


def _tidy(value: Any) -> Any:
    """Limits that are whole numbers as such: 2**63 - 1 is no number that a float can hold."""
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return min(int(value), MAX_ID)
    return value
