"""Tools: runs the HTTP tools that an agent carries inline, or that are linked to it.

A tool is an OpenAI function schema with an `endpoint` (url, method, headers). The endpoint never
reaches the model. A url that begins with `/` is one of this box itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from thunderbox.calls import tool_request
from thunderbox.calls.tool_arguments import Arguments
from thunderbox.calls.tool_request import Endpoint
from thunderbox.errors import OutgoingError, SchemaError
from thunderbox.outgoing.client import MAX_ANSWER, Answer, Client
from thunderbox.voice.engine import Tool

log = logging.getLogger(__name__)

MAX_READ = 6_000
"""Characters of an answer that the model reads: what it knows of the call must have room, too."""


class AgentTools:
    """The tools of one call; a voice.thinker.Tools."""

    def __init__(
        self,
        tools: Sequence[Mapping[str, Any]],
        client: Client,
        call_id: int,
        own_url: Callable[[], str],
        timeout_s: float,
        secrets: Sequence[str],
    ) -> None:
        """`secrets` sign the requests, the newest first."""
        self._client = client
        self._secrets = secrets
        self._call_id = call_id
        self._own_url = own_url
        self._endpoints: dict[str, Endpoint] = {}
        self._arguments: dict[str, Arguments] = {}
        self._wrong: dict[str, int] = {}
        """Times in a row that a tool was given arguments that it does not take."""
        self._statuses: dict[str, int] = {}
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
            try:
                self._arguments[name] = Arguments(function.get("parameters") or {})
            except SchemaError as error:
                log.warning("The arguments of tool %s cannot be checked: %s", name, error)
        self.schemas: Sequence[Tool] = tuple(schemas)

    async def run(self, call_id: str, name: str, arguments: dict[str, Any]) -> str:
        """Carry out one call; what goes wrong becomes an error object for the model."""
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            known = ", ".join(self._endpoints) or "none"
            return _error(f"There is no tool {name}. Tools: {known}.")
        if wrong := self._refused(name, arguments):
            return _error(wrong)
        if not endpoint.url:
            return _error("This tool has no URL yet.")
        try:
            answer = await tool_request.send(
                self._client,
                endpoint,
                arguments,
                own_url=self._own_url(),
                secrets=self._secrets,
                call_id=self._call_id,
            )
        except OutgoingError as error:
            if error.reason == "timeout":
                return _error(f"{name} did not answer in {endpoint.timeout_s:g} s.")
            log.warning("Call %s: tool %s failed: %s", self._call_id, name, error)
            return _error(f"{name} cannot be reached.")
        self._statuses[call_id] = answer.status
        return _read(answer)

    def status_of(self, call_id: str) -> int | None:
        """The HTTP status that a tool answered with; once, and None where it did not answer."""
        return self._statuses.pop(call_id, None)

    def _refused(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the model is told of arguments that the tool does not take; empty: it takes them.

        It may correct itself once; who is wrong again stays wrong, and the caller waits.
        """
        known = self._arguments.get(name)
        wrong = known.wrong(arguments) if known is not None else ""
        if not wrong:
            self._wrong.pop(name, None)
            return ""
        self._wrong[name] = self._wrong.get(name, 0) + 1
        if self._wrong[name] == 1:
            return f"{wrong} Nothing was done. Correct the arguments and use {name} once more."
        return f"{wrong} Nothing was done. Do not try again; say that it did not work."


def _read(answer: Answer) -> str:
    """What the model reads of an answer."""
    if answer.truncated:
        return _error(f"The answer is longer than {MAX_ANSWER} bytes.")
    text = answer.body.decode("utf-8", "replace").strip()
    if not answer.ok and not _is_error_object(text):
        return _error(f"HTTP status {answer.status}.")
    if len(text) > MAX_READ:
        return f"{text[:MAX_READ]}… (cut: these are {MAX_READ} of {len(text)} characters)"
    return text or '{"status":"ok"}'


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
