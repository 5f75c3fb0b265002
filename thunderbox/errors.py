"""Every error that ThunderBox raises on purpose, as one tree.

ThunderBoxError             something a person can act on; its text is a sentence
├── StartError              the box cannot start: a port, a model, a file; says what to do
│   └── ConfigError         a setting is wrong: names file, key, value and what is allowed
├── RequestError            a request cannot be carried out; carries the HTTP status it means
│   ├── InvalidError        400, with a map of field name to messages
│   ├── UnauthorizedError   401
│   ├── PaymentError        402
│   ├── ForbiddenError      403
│   ├── NotFoundError       404
│   ├── ConflictError       409, with a machine-readable code
│   ├── GoneError           410: a link that has expired
│   ├── UnprocessableError  422, with a machine-readable code
│   ├── TooManyError        429, with the seconds to wait
│   ├── CarrierError        502: a provider of numbers refused, failed or did not answer
│   ├── RoomError           502: a room for a browser cannot be had
│   └── FullError           503: there are as many sessions as the box takes at a time
├── StoreError              the database failed, or is closed
│   └── DuplicateError      a row with these unique values is already there
├── ModelError              a model cannot be fetched, imported or removed; says what to do
├── EngineError             a speech or language engine failed or broke its deadline
│   └── RefusedError        a remote engine refuses one request, and may well take the next
├── SchemaError             a JSON schema of a tool that cannot be used; says why
├── OutgoingError           a request to somebody else's server failed; carries the reason
└── LegError                a call's line failed: no free line, unreachable, no media
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal


class ThunderBoxError(Exception):
    """Root of everything raised on purpose; `str(error)` is a sentence for a person."""


class StartError(ThunderBoxError):
    """The box cannot start."""


class ConfigError(StartError):
    """A setting is wrong."""


class RequestError(ThunderBoxError):
    """A request cannot be carried out; `status` is the HTTP status, `code` machine-readable."""

    status = 400
    code: str | None = None

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        if code is not None:
            self.code = code


class InvalidError(RequestError):
    """400: one or more fields are wrong; `fields` maps each to its messages."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(messages) for name, messages in fields.items()}
        super().__init__(" ".join(f"{name}: {' '.join(m)}" for name, m in self.fields.items()))


class UnauthorizedError(RequestError):
    """401: no valid key."""

    status = 401


class PaymentError(RequestError):
    """402: the balance is used up."""

    status = 402


class ForbiddenError(RequestError):
    """403: the key is valid but the operation is not allowed."""

    status = 403


class NotFoundError(RequestError):
    """404: absent, or another organization's."""

    status = 404


class ConflictError(RequestError):
    """409: somebody else was faster."""

    status = 409
    code = "conflict"


class GoneError(RequestError):
    """410: a link that has expired."""

    status = 410


class UnprocessableError(RequestError):
    """422: the request is fine, but something has to be done first."""

    status = 422


class TooManyError(RequestError):
    """429: too many requests; the next one may come after `retry_after` seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: int, *, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after = retry_after


class CarrierError(RequestError):
    """502: a provider of numbers refused, failed or did not answer."""

    status = 502


class RoomError(RequestError):
    """502: a room for a browser cannot be had."""

    status = 502
    code = "media_unavailable"


class FullError(RequestError):
    """503: there are as many sessions as the box takes at a time."""

    status = 503
    code = "box_full"


class StoreError(ThunderBoxError):
    """The database failed, or is closed."""


class DuplicateError(StoreError):
    """A row with these unique values is already there."""


class ModelError(ThunderBoxError):
    """A model cannot be fetched, imported or removed."""


class EngineError(ThunderBoxError):
    """A speech or language engine failed or broke its deadline."""


class RefusedError(EngineError):
    """A remote engine refuses one request."""


class SchemaError(ThunderBoxError):
    """A JSON schema of a tool cannot be used."""


OutgoingReason = Literal["timeout", "dns", "tls", "connection", "not_allowed", "answer"]
"""`not_allowed`: the URL, its port or its address may not be asked; `answer`: none in HTTP."""


class OutgoingError(ThunderBoxError):
    """A request to somebody else's server failed; its text names no secret."""

    def __init__(self, detail: str, *, reason: OutgoingReason) -> None:
        super().__init__(detail)
        self.reason: OutgoingReason = reason


class LegError(ThunderBoxError):
    """A call's line failed: no free line, unreachable, no media."""
