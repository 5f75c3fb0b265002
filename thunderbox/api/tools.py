"""Inline function tools: an OpenAI function schema, and the endpoint that carries it out.

    {"type": "function",
     "function": {"name": …, "description": …, "parameters": {"type": "object", …}},
     "endpoint": {"url": …, "method": "POST", "headers": {…}}}

An endpoint's URL is http(s), or a path beginning with "/", which means this box itself.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from thunderbox.api.fields import shown
from thunderbox.calls.tool_arguments import Arguments
from thunderbox.errors import InvalidError, SchemaError

MAX_TOOLS = 64
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Tool = dict[str, Any]


def check(tools: list[Tool], field: str = "tools") -> list[Tool]:
    """The tools, flat ones in the form above. Raises InvalidError for `field`."""
    if len(tools) > MAX_TOOLS:
        raise InvalidError({field: [f"{field} has {len(tools)} tools, but must have at most 64."]})
    checked = [_nested(tool) for tool in tools]
    wrong = [
        f"{field}[{number}]{message}"
        for number, tool in enumerate(checked)
        for message in _wrong(tool)
    ]
    names = [_name(tool) for tool in checked]
    wrong += [
        f"{field}[{number}].function.name is {shown(name)} a second time; give each tool its own."
        for number, name in enumerate(names)
        if name and name in names[:number]
    ]
    if wrong:
        raise InvalidError({field: wrong})
    return checked


def _nested(tool: Tool) -> Tool:
    """A tool whose name, parameters and URL stand at the top, in the form above."""
    if "function" in tool or "name" not in tool:
        return tool
    function = {k: tool[k] for k in ("name", "description", "parameters") if k in tool}
    endpoint = dict(tool.get("endpoint") or {}) if _is_object(tool.get("endpoint")) else {}
    endpoint |= {k: tool[k] for k in ("url", "method", "headers") if tool.get(k)}
    rest = {"timeout": tool["timeout"]} if "timeout" in tool else {}
    return {"type": "function", "function": function, "endpoint": endpoint, **rest}


def _wrong(tool: Tool) -> list[str]:
    """What is wrong with one tool; each message goes on from the tool's own name."""
    found = []
    if tool.get("type", "function") != "function":
        found.append(f'.type is {shown(tool["type"])}, but must be "function".')
    function = tool.get("function")
    if isinstance(function, dict):
        found += wrong_function(function)
    else:
        found.append(".function is missing; it must be an object with a name and parameters.")
    endpoint = tool.get("endpoint")
    if isinstance(endpoint, dict):
        found += wrong_endpoint(endpoint)
    else:
        found.append(".endpoint is missing; it must be an object with a url.")
    return found + wrong_timeout(tool, ".timeout")


def wrong_function(function: dict[str, Any]) -> list[str]:
    """What is wrong with a function schema; each message begins with `.function`."""
    found = []
    name = function.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        found.append(
            f".function.name is {shown(name)}, but must be 1 to 64 letters, digits, _ or -."
        )
    if not isinstance(function.get("description", ""), str):
        found.append(".function.description must be a text.")
    parameters = function.get("parameters")
    if parameters is None:
        return found
    if not isinstance(parameters, dict) or parameters.get("type", "object") != "object":
        found.append('.function.parameters must be a JSON schema of "type": "object".')
        return found
    if not _is_object(parameters.get("properties", {})):
        found.append(".function.parameters.properties must be an object.")
    required = parameters.get("required", [])
    if not isinstance(required, list) or not all(isinstance(item, str) for item in required):
        found.append(".function.parameters.required must be a list of property names.")
    if not found:
        try:
            Arguments(parameters)
        except SchemaError as error:
            found.append(f".function.parameters is no JSON schema that can be used: {error}.")
    return found


def wrong_endpoint(endpoint: dict[str, Any]) -> list[str]:
    """What is wrong with an endpoint; each message begins with `.endpoint`."""
    found = []
    url = endpoint.get("url")
    if not _is_url(url):
        found.append(
            f".endpoint.url is {shown(url)}, but must begin with http:// or https:// and name a "
            "host, or be a path of this box that begins with /."
        )
    method = endpoint.get("method", "POST")
    if not isinstance(method, str) or method.upper() not in METHODS:
        found.append(
            f".endpoint.method is {shown(method)}, but must be one of {', '.join(METHODS)}."
        )
    headers = endpoint.get("headers") or {}
    if not isinstance(headers, dict) or not all(map(_is_header, headers.items())):
        found.append(".endpoint.headers must be an object of header names and one-line texts.")
    found += wrong_timeout(endpoint, ".endpoint.timeout")
    return found


def wrong_timeout(block: dict[str, Any], name: str) -> list[str]:
    """What is wrong with the timeout of a tool, an endpoint or a spec."""
    timeout = block.get("timeout")
    if timeout is None or _is_seconds(timeout):
        return []
    return [f"{name} is {shown(timeout)}, but must be a number of seconds up to 120."]


def _is_url(url: object) -> bool:
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f\\]", url):
        return False
    if url.startswith("/"):
        return not url.startswith("//")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_header(item: tuple[Any, Any]) -> bool:
    name, value = item
    return (
        re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) is not None
        and isinstance(value, str)
        and not re.search(r"[\r\n\x00]", value)
    )


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 120


def _name(tool: Tool) -> Any:
    function = tool.get("function")
    return function.get("name") if isinstance(function, dict) else None
