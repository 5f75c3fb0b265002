"""RemoteServer: an OpenAI-compatible server that does the work of an engine.

Every way in which it can fail becomes an EngineError. Its sentence holds no key, and nothing that
the server said: servers repeat keys in their errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import httpx

from thunderbox.errors import EngineError, RefusedError

T = TypeVar("T")
Kind = Literal["chat", "transcription", "speech"]

_CONNECTIONS = 16
"""Requests at once; four calls with a speculative reply each need eight."""

_KEEP_ALIVE_S = 4.0
"""Less than the 5 s after which uvicorn, under most of these servers, closes an idle connection."""

_CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """Where a remote engine is, and how it is asked."""

    kind: Kind
    base_url: str
    """Up to and including the version: http://10.0.0.5:8000/v1."""

    model: str
    api_key: str = field(default="", repr=False)
    timeout_s: float = 3.0
    """For the connection and the first answer together, then for each next piece."""

    voice: str = ""
    locale: str = "en-US"
    """Of the voice."""

    @property
    def name(self) -> str:
        """What sentences call it."""
        return f"remote {self.kind} at {self.base_url}"

    @property
    def section(self) -> str:
        """Where its settings are."""
        return f"remote_{self.kind}"


class RemoteClient:
    """The connections to one server, shared by all calls."""

    def __init__(self, server: RemoteServer) -> None:
        self.server = server
        # Without compression the size of an answer is what was received.
        headers = {"Accept-Encoding": "identity"}
        if server.api_key:
            headers["Authorization"] = f"Bearer {server.api_key}"
        self._client = httpx.AsyncClient(
            headers=headers,
            trust_env=False,
            follow_redirects=False,
            timeout=server.timeout_s,
            limits=httpx.Limits(
                max_connections=_CONNECTIONS,
                max_keepalive_connections=_CONNECTIONS,
                keepalive_expiry=_KEEP_ALIVE_S,
            ),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether requests are refused."""
        return self._closed

    @asynccontextmanager
    async def post(self, path: str, **request: Any) -> AsyncIterator[httpx.Response]:
        """A successful answer, to be read within the block; leaving early cuts the connection.

        Raises EngineError, also for what happens while the answer is read.
        """
        if self._closed:
            raise EngineError(f"The {self.server.name} is closed.")
        self._loop = asyncio.get_running_loop()
        url = self.server.base_url.rstrip("/") + path
        try:
            async with self._client.stream("POST", url, **request) as response:
                if not response.is_success:
                    raise self._refusal(response.status_code)
                yield response
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise self._explain(error) from None

    async def read(self, response: httpx.Response, most: int) -> AsyncGenerator[bytes, None]:
        """The answer as it comes. Raises EngineError above `most` bytes."""
        size = 0
        async for chunk in response.aiter_raw():
            size += len(chunk)
            if size > most:
                raise EngineError(
                    f"The {self.server.name} sent more than {most} bytes, so its answer was "
                    f"dropped. Check {self.server.section}.model."
                )
            yield chunk

    async def timely(self, pieces: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """The same pieces, as long as each comes in time. Raises EngineError."""
        async with aclosing(pieces):
            while True:
                try:
                    async with asyncio.timeout(self.server.timeout_s):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise self.late() from None
                yield piece

    def late(self) -> EngineError:
        """No answer in time."""
        server = self.server
        return EngineError(
            f"The {server.name} did not answer in {server.timeout_s:g} s. Look at its load, or "
            f"raise {server.section}.timeout_seconds."
        )

    def malformed(self, what: object) -> EngineError:
        """An answer that is not what OpenAI's would be."""
        return EngineError(
            f"The {self.server.name} gave an answer that cannot be used: {what}. Check "
            f"{self.server.section}.base_url and {self.server.section}.model."
        )

    def close(self) -> None:
        """Cut all connections; may be called on any thread, and twice."""
        if self._closed:
            return
        self._closed = True
        loop = self._loop
        if loop is None or not loop.is_running():
            return
        closing = asyncio.run_coroutine_threadsafe(self._client.aclose(), loop)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            with suppress(TimeoutError):
                closing.result(_CLOSE_S)

    def _refusal(self, status: int) -> EngineError:
        name, section = self.server.name, self.server.section
        if status in (400, 413, 422):
            return RefusedError(
                f"The {name} refuses this request (status {status}). Its log says why."
            )
        if status in (401, 403):
            return EngineError(f"The {name} refuses the key ({status}). Set {section}.api_key.")
        if status in (404, 405):
            return EngineError(
                f"The {name} does not know the path or the model (status {status}). Check "
                f"{section}.base_url, which usually ends in /v1, and {section}.model."
            )
        if 300 <= status < 400:
            return EngineError(
                f"The {name} answers with a redirect (status {status}). Set {section}.base_url "
                "to the address where it leads."
            )
        if status == 429:
            return EngineError(f"The {name} has too much to do (status 429).")
        return EngineError(f"The {name} failed (status {status}). Look at its log.")

    def _explain(self, error: Exception) -> EngineError:
        server = self.server
        if self._closed:
            return EngineError(f"The {server.name} is closed.")
        match error:
            case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return EngineError(
                    f"The {server.name} shows a certificate that is not trusted. Give it one of a "
                    f"public authority, or use http:// in {server.section}.base_url."
                )
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.InvalidURL():
                return EngineError(
                    f"The {server.name} cannot be reached ({type(error).__name__}). Check that it "
                    f"runs, and {server.section}.base_url."
                )
            case httpx.PoolTimeout():
                return EngineError(
                    f"The {server.name} has too much to do: {_CONNECTIONS} requests wait for it."
                )
            case httpx.TimeoutException():
                return self.late()
            case _:
                return EngineError(
                    f"The {server.name} broke off ({type(error).__name__}). Look at its log."
                )
