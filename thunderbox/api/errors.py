"""Errors as the contract writes them: `{"detail": …}`, a map of fields, a `code` on 409.

Everything that leaves the API with a status of 400 or more was made here, except the two
answers whose shape is somebody else's: a taken demo slot and a repeated call request.
"""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from thunderbox.api import fields
from thunderbox.errors import InvalidError, RequestError, ThunderBoxError, TooManyError

log = logging.getLogger(__name__)

BODY_LIMIT = 1_048_576

_SENTENCES = {
    404: "There is nothing at this address; GET /docs shows every one that there is.",
    405: "This address does not take that method; the Allow header names those that it takes.",
    413: f"The body is larger than {BODY_LIMIT // 1_048_576} MiB; send less at once.",
    500: "Something went wrong inside the box; its log says what. Try again.",
}

AnyRequest = Request[Any, Any, Any]
Answer = Response[dict[str, Any]]


def handlers() -> ExceptionHandlersMap:
    """Every kind of exception with what answers it."""
    return {
        InvalidError: _invalid,
        RequestError: _request_error,
        ThunderBoxError: _failed_part,
        ValidationException: _wrong_parameter,
        HTTPException: _http_error,
        Exception: _unexpected,
    }


def answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
    """An error's response."""
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _invalid(request: AnyRequest, error: InvalidError) -> Answer:
    return answer(400, dict(error.fields))


def _request_error(request: AnyRequest, error: RequestError) -> Answer:
    body = {"detail": str(error)} | ({"code": error.code} if error.code else {})
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, TooManyError):
        headers["Retry-After"] = str(error.retry_after)
    return answer(error.status, body, headers)


def _failed_part(request: AnyRequest, error: ThunderBoxError) -> Answer:
    """The request is fine, but a part of the box is not: a line, an engine, the database."""
    log.error("%s %s failed: %s", request.method, request.url.path, error)
    return answer(503, {"detail": str(error)})


def _wrong_parameter(request: AnyRequest, error: ValidationException) -> Answer:
    """A path or query parameter that its type does not allow."""
    known = request.route_handler.parsed_fn_signature.parameters
    wrong: dict[str, Any] = {}
    for item in error.extra if isinstance(error.extra, list) else []:
        name = str(item.get("key", ""))
        if name in request.path_params:
            return answer(404, {"detail": _SENTENCES[404]})
        value = request.query_params.get(name)
        definition = known.get(name)
        wrong[name] = [
            f"{name} is missing."
            if value is None or definition is None
            else fields.refusal(name, value, definition.raw)
        ]
    return answer(400, wrong or {"detail": "The request is not understood."})


def _http_error(request: AnyRequest, error: HTTPException) -> Answer:
    """What Litestar itself refuses."""
    if error.status_code >= 500:
        return _unexpected(request, error)
    detail = _SENTENCES.get(error.status_code, error.detail)
    return answer(error.status_code, {"detail": detail}, error.headers)


def _unexpected(request: AnyRequest, error: Exception) -> Answer:
    """A bug: the log gets everything, the client nothing."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(500, {"detail": _SENTENCES[500]})
