"""Tools: runs the HTTP tools that an agent carries inline, or that are linked to it.

A tool is an OpenAI function schema with an `endpoint` (url, method, headers). The endpoint never
reaches the model. A url that begins with `/` is one of this box itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
import msgspec

from thunderbox.calls import tool_request
from thunderbox.calls.tool_request import MAX_ANSWER, Endpoint
from thunderbox.voice.engine import Tool

log = logging.getLogger(__name__)


class AgentTools:
    """The tools of one call; a voice.thinker.Tools."""

    def __init__(
        self,
        tools: Sequence[Mapping[str, Any]],
        client: httpx.AsyncClient,
        call_id: int,
        own_url: Callable[[], str],
        timeout_s: float,
        secret: str,
    ) -> None:
        """`secret` signs the requests."""
        self._client = client
        self._secret = secret
        self._call_id = call_id
        self._own_url = own_url
        self._endpoints: dict[str, Endpoint] = {}
        schemas: list[Tool] = []
        for tool in tools:
            function = tool.get("function") or {
                key: tool[key] for key in ("name", "description", "parameters") if key in tool
            }
            name = str(function.get("name", ""))
            if not name or name in self._endpoints:
                continue
            schemas.append({"type": "function", "function": function})
            self._endpoints[name] = _endpoint(tool, timeout_s)
        self.schemas: Sequence[Tool] = tuple(schemas)

    async def run(self, call_id: str, name: str, arguments: dict[str, Any]) -> str:
        """Carry out one call; what goes wrong becomes an error object for the model."""
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            known = ", ".join(self._endpoints) or "none"
            return _error(f"There is no tool {name}. Tools: {known}.")
        try:
            return await self._request(endpoint, arguments)
        except (TimeoutError, httpx.TimeoutException):
            return _error(f"{name} did not answer in {endpoint.timeout_s:g} s.")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.warning("Tool %s failed: %s", name, type(error).__name__)
            return _error(f"{name} cannot be reached.")

    async def _request(self, endpoint: Endpoint, arguments: dict[str, Any]) -> str:
        if not endpoint.url:
            return _error("This tool has no URL yet.")
        if endpoint.url.startswith("/"):
            endpoint = replace(endpoint, url=self._own_url() + endpoint.url)
        answer = await tool_request.send(
            self._client, endpoint, arguments, secret=self._secret, call_id=self._call_id
        )
        if answer.truncated:
            return _error(f"The answer is longer than {MAX_ANSWER} bytes.")
        text = answer.body.decode("utf-8", "replace").strip()
        if answer.ok:
            return text or '{"status":"ok"}'
        return text if _is_error_object(text) else _error(f"HTTP status {answer.status}.")


def _endpoint(tool: Mapping[str, Any], timeout_s: float) -> Endpoint:
    """A tool's endpoint block, or its flat form."""
    block = tool.get("endpoint") or tool
    headers = block.get("headers") or {}
    return Endpoint(
        url=str(block.get("url", "")),
        method=str(block.get("method", "POST")).upper(),
        headers={str(key): str(value) for key, value in headers.items()},
        timeout_s=float(block.get("timeout") or tool.get("timeout") or timeout_s),
    )


def _error(sentence: str) -> str:
    return msgspec.json.encode({"error": sentence}).decode()


def _is_error_object(text: str) -> bool:
    try:
        answer = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return isinstance(answer, dict) and "error" in answer
