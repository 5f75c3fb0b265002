"""Tools: runs the HTTP tools that an agent carries inline.

A tool is an OpenAI function schema with an `endpoint` (url, method, headers). The endpoint never
reaches the model. A url that begins with `/` is one of this box itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from thunderbox.voice.engine import Tool

log = logging.getLogger(__name__)

MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read; a longer one is an error for the model."""
CALL_ID_HEADER = "X-ThunderPhone-Call-ID"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tool's requests go."""

    url: str
    method: str
    headers: Mapping[str, str]
    timeout_s: float


class AgentTools:
    """The tools of one call; a voice.thinker.Tools."""

    def __init__(
        self,
        tools: Sequence[Mapping[str, Any]],
        client: httpx.AsyncClient,
        call_id: int,
        own_url: Callable[[], str],
        timeout_s: float,
    ) -> None:
        self._client = client
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
        except httpx.TimeoutException:
            return _error(f"{name} did not answer in {endpoint.timeout_s:g} s.")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.warning("Tool %s failed: %s", name, type(error).__name__)
            return _error(f"{name} cannot be reached.")

    async def _request(self, endpoint: Endpoint, arguments: dict[str, Any]) -> str:
        url = endpoint.url
        if url.startswith("/"):
            url = self._own_url() + url
        headers = {**endpoint.headers, CALL_ID_HEADER: str(self._call_id)}
        body: bytes | None = None
        query: dict[str, str] | None = None
        if endpoint.method in ("GET", "DELETE"):
            query = {key: _as_text(value) for key, value in arguments.items()}
        else:
            body = msgspec.json.encode(arguments, order="sorted")
            headers["Content-Type"] = "application/json"
        async with self._client.stream(
            endpoint.method,
            url,
            params=query,
            content=body,
            headers=headers,
            timeout=endpoint.timeout_s,
        ) as response:
            answer = bytearray()
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > MAX_ANSWER:
                    return _error(f"The answer is longer than {MAX_ANSWER} bytes.")
        text = answer.decode("utf-8", "replace").strip()
        if response.is_success:
            return text or '{"status":"ok"}'
        return text if _is_error_object(text) else _error(f"HTTP status {response.status_code}.")


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


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _error(sentence: str) -> str:
    return msgspec.json.encode({"error": sentence}).decode()


def _is_error_object(text: str) -> bool:
    try:
        answer = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return isinstance(answer, dict) and "error" in answer
