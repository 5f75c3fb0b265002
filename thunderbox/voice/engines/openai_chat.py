"""OpenAIChat: a language model behind POST /chat/completions (vLLM, llama-server and others)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from thunderbox.errors import EngineError
from thunderbox.voice.engine import GREEDY, Message, Sampling, Tool
from thunderbox.voice.engines.chat_stream import ChatStream
from thunderbox.voice.engines.remote import RemoteClient, RemoteServer

_PATH = "/chat/completions"
_MOST_BYTES = 2 * 1024 * 1024
"""Of a streamed reply: a token takes about 300."""

_WARM_S = 60.0
"""Reading a long prompt ahead of time may take longer than a caller would wait."""


class OpenAIChat:
    """A language model of a remote server."""

    def __init__(self, server: RemoteServer) -> None:
        self.name = server.model
        self._client = RemoteClient(server)

    @property
    def ready(self) -> bool:
        """Whether the engine can be asked."""
        return not self._client.closed

    async def generate(
        self,
        conversation: str,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling = GREEDY,
    ) -> AsyncGenerator[str, None]:
        """Pieces of the next assistant message as they come; an empty one says that it goes on.

        Closing the generator cuts the connection, which ends the work there. Raises EngineError.
        """
        body = self._body(messages, tools, sampling.max_tokens + sampling.thinking_tokens) | {
            "temperature": sampling.temperature,
            "stream": True,
        }
        if sampling.json_schema is not None:
            schema = {"name": "answer", "schema": json.loads(sampling.json_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        async with aclosing(self._client.timely(self._pieces(body))) as pieces:
            async for piece in pieces:
                yield piece

    async def warm(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Let the server read the prompt, for its cache; what it has to evaluate is not known."""
        body = self._body(messages, tools, max_tokens=1)
        async with self._client.post(_PATH, json=body, timeout=_WARM_S) as response:
            async for _ in self._client.read(response, _MOST_BYTES):
                pass
        return 0

    async def forget(self, conversation: str) -> None:
        """Nothing is kept here; the server's cache looks after itself."""

    def close(self) -> None:
        """Cut the connections; running replies fail."""
        self._client.close()

    def _body(
        self, messages: Sequence[Message], tools: Sequence[Tool], max_tokens: int
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._client.server.model,
            "messages": [openai_message(message) for message in messages],
            "max_tokens": max_tokens,
        }
        if tools:
            body["tools"] = list(tools)
        return body

    async def _pieces(self, body: dict[str, Any]) -> AsyncGenerator[str, None]:
        stream, said = ChatStream(), False
        async with self._client.post(_PATH, json=body) as response:
            kind = response.headers.get("content-type", "")
            if not kind.lower().startswith("text/event-stream"):
                raise self._client.malformed("it is not streamed")
            async for chunk in self._client.read(response, _MOST_BYTES):
                for piece in self._feed(stream, chunk):
                    said = said or bool(piece)
                    yield piece
                if stream.done:
                    break
        try:
            calls = stream.finish()
        except ValueError as error:
            raise self._client.malformed(error) from None
        if calls:
            yield calls
        elif not said:
            raise EngineError(
                f"The {self._client.server.name} answered without a word. If its model thinks "
                "before it speaks, turn that off at the server."
            )

    def _feed(self, stream: ChatStream, chunk: bytes) -> list[str]:
        try:
            return stream.feed(chunk)
        except UnicodeDecodeError:
            raise self._client.malformed("its text is not UTF-8") from None
        except (ValueError, msgspec.MsgspecError) as error:
            raise self._client.malformed(error) from None


def openai_message(message: Message) -> dict[str, Any]:
    """A message with the fields that OpenAI's API knows, in the form in which it takes them."""
    content = message.get("content") or ""
    if message["role"] == "tool":
        if not message.get("tool_call_id"):
            # An answer to no call that was made is refused; the model may still read it.
            return {"role": "user", "content": content}
        return {"role": "tool", "tool_call_id": message["tool_call_id"], "content": content}
    plain: dict[str, Any] = {"role": message["role"], "content": content}
    if message.get("tool_calls"):
        plain["tool_calls"] = [_openai_call(call) for call in message["tool_calls"]]
    return plain


def _openai_call(call: Any) -> dict[str, Any]:
    function = call["function"]
    arguments = function.get("arguments") or {}
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return {
        "id": call.get("id", ""),
        "type": "function",
        "function": {"name": function["name"], "arguments": arguments},
    }
