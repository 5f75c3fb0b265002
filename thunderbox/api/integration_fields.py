"""What clients may write about an integration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from thunderbox.api import tools
from thunderbox.api.fields import shown
from thunderbox.errors import InvalidError
from thunderbox.store.integrations import Integration, NewIntegration

MAX_HEADERS = 50

DisplayName = Annotated[
    str,
    Meta(min_length=1, max_length=255, pattern=r"\S", description="a text of 1 to 255 characters"),
]
Spec = Annotated[dict[str, Any], Meta(description='an object whose type is "function"')]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Format = Annotated[
    Literal["standard"], Meta(description='"standard", the only form in which this box asks')
]
Endpoint = Annotated[
    dict[str, Any] | None, Meta(description="an object with url, method and headers, or null")
]


class Header(Struct, kw_only=True):
    """A header that every request carries."""

    key: str
    value: str


Headers = Annotated[
    list[Header],
    Meta(max_length=MAX_HEADERS, description="a list of at most 50 objects with key and value"),
]


class IntegrationWrite(Struct, kw_only=True):
    """The body of a create and of a PUT; a PATCH takes any subset.

    `endpoint` is another way to say `endpoint_url`, `endpoint_method` and `headers`.
    """

    display_name: DisplayName
    spec: Spec
    endpoint_url: str = ""
    endpoint_method: Method = "POST"
    headers: Headers = []
    endpoint: Endpoint = None
    request_format: Format = "standard"
    wizard_input: str = ""
    validation_status: Literal["untested", "validated", "error"] = "untested"


_ASKED = ("spec", "endpoint_url", "endpoint_method", "headers")
"""The fields that make up a request."""


def created(given: dict[str, Any]) -> NewIntegration:
    """A new integration of checked fields. Raises InvalidError."""
    return _ruled(given, given)


def patched(old: Integration, given: dict[str, Any]) -> NewIntegration:
    """The integration as a PATCH leaves it. Raises InvalidError."""
    values = {name: getattr(old, name) for name in NewIntegration.__struct_fields__}
    new = _ruled(values | given, given)
    if "validation_status" in given or all(
        getattr(new, name) == getattr(old, name) for name in _ASKED
    ):
        return new
    # What was tested is not what is asked from now on.
    return msgspec.structs.replace(new, validation_status="untested")


def _ruled(values: dict[str, Any], given: dict[str, Any]) -> NewIntegration:
    values = values | _of_endpoint(given.get("endpoint"))
    headers = [
        msgspec.structs.asdict(header) if isinstance(header, Header) else header
        for header in values["headers"]
    ]
    spec = _spec(values["spec"])
    endpoint = {
        "url": values["endpoint_url"],
        "method": values["endpoint_method"],
        "headers": {header["key"]: header["value"] for header in headers},
    }
    messages = {
        "endpoint.url": "endpoint_url",
        "endpoint.method": "endpoint_method",
        "endpoint.headers": "headers",
    }
    wrong: dict[str, list[str]] = {}
    # An integration may be kept before it has an endpoint.
    for message in tools.wrong_endpoint(endpoint) if endpoint["url"] else []:
        part = next(name for name in messages if message.startswith(f".{name}"))
        field = messages[part]
        wrong.setdefault(field, []).append(field + message.removeprefix(f".{part}"))
    if wrong:
        raise InvalidError(wrong)
    return NewIntegration(
        display_name=values["display_name"],
        spec=spec,
        endpoint_url=values["endpoint_url"],
        endpoint_method=str(values["endpoint_method"]).upper(),
        headers=headers,
        wizard_input=values["wizard_input"],
        validation_status=values["validation_status"],
    )


def _of_endpoint(endpoint: dict[str, Any] | None) -> dict[str, Any]:
    """The fields that an endpoint object stands for. Raises InvalidError."""
    if endpoint is None:
        return {}
    url, method = endpoint.get("url", ""), endpoint.get("method", "POST")
    headers = endpoint.get("headers") or {}
    wrong = []
    if not isinstance(url, str):
        wrong.append(f"endpoint.url is {shown(url)}, but must be a text.")
    if not isinstance(method, str):
        wrong.append(f"endpoint.method is {shown(method)}, but must be a text.")
    if isinstance(headers, dict):
        headers = [{"key": key, "value": value} for key, value in headers.items()]
    if not isinstance(headers, list) or not all(_is_header(header) for header in headers):
        wrong.append("endpoint.headers must be an object of header names and texts.")
    if wrong:
        raise InvalidError({"endpoint": wrong})
    return {"endpoint_url": url, "endpoint_method": method, "headers": headers}


def _spec(spec: dict[str, Any]) -> dict[str, Any]:
    """The function as the model is to see it. Raises InvalidError."""
    wrong = []
    if spec.get("type") != "function":
        wrong.append(f'spec.type is {shown(spec.get("type"))}, but must be "function".')
    function = spec.get("function")
    if function is None and "name" in spec:
        function = {k: spec[k] for k in ("name", "description", "parameters") if k in spec}
    if isinstance(function, dict):
        wrong += [f"spec{message}" for message in tools.wrong_function(function)]
    else:
        wrong.append("spec.function is missing; it must be an object with a name and parameters.")
    wrong += tools.wrong_timeout(spec, "spec.timeout")
    if wrong:
        raise InvalidError({"spec": wrong})
    own = {"timeout": spec["timeout"]} if spec.get("timeout") is not None else {}
    return {"type": "function", "function": function, **own}


def _is_header(header: object) -> bool:
    return (
        isinstance(header, dict)
        and isinstance(header.get("key"), str)
        and isinstance(header.get("value"), str)
    )
