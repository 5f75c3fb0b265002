"""Tool request: one signed HTTP request to the endpoint of a tool.

The arguments are the JSON body, keys sorted; of GET and DELETE, which have no body, the query.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from thunderbox.calls import signing

MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read."""
CALL_ID_HEADER = "X-ThunderPhone-Call-ID"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tool's requests go."""

    url: str
    method: str
    headers: Mapping[str, str]
    timeout_s: float
    address: str = ""
    """The IP address to connect to; empty: whichever the name in the URL leads to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    truncated: bool
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the endpoint says that it did what it was asked."""
        return 200 <= self.status < 300


async def send(
    client: httpx.AsyncClient,
    endpoint: Endpoint,
    arguments: object,
    *,
    secret: str,
    call_id: int | None = None,
) -> Answer:
    """Send it and read the answer, at most MAX_ANSWER bytes of it.

    Raises TimeoutError after `timeout_s` in all, httpx.HTTPError, httpx.InvalidURL, ValueError.
    """
    request = _build(client, endpoint, arguments)
    if call_id is not None:
        request.headers[CALL_ID_HEADER] = str(call_id)
    target = request.url.raw_path.decode("ascii")
    at_s = int(time.time())
    request.headers.update(signing.headers(secret, request.method, target, request.content, at_s))
    _connect_to(request, endpoint.address)
    begun = time.monotonic()
    async with asyncio.timeout(endpoint.timeout_s):
        response = await client.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER:
                    break
        finally:
            await response.aclose()
    return Answer(
        status=response.status_code,
        headers=dict(response.headers),
        body=bytes(body[:MAX_ANSWER]),
        truncated=len(body) > MAX_ANSWER,
        seconds=time.monotonic() - begun,
    )


def _build(client: httpx.AsyncClient, endpoint: Endpoint, arguments: object) -> httpx.Request:
    headers = dict(endpoint.headers)
    query: dict[str, str] | None = None
    body: bytes | None = None
    if endpoint.method in ("GET", "DELETE"):
        if isinstance(arguments, Mapping) and arguments:
            query = {str(key): _as_text(value) for key, value in arguments.items()}
    else:
        body = msgspec.json.encode(arguments, order="sorted")
        headers["Content-Type"] = "application/json"
    url = httpx.URL(endpoint.url)
    if query:
        url = url.copy_merge_params(query)
    return client.build_request(
        endpoint.method, url, content=body, headers=headers, timeout=endpoint.timeout_s
    )


def _connect_to(request: httpx.Request, address: str) -> None:
    """Go to an address that was checked, so that no second look-up leads elsewhere."""
    if not address:
        return
    request.extensions = {**request.extensions, "sni_hostname": request.url.host}
    # The Host header was set from the name when the request was built.
    request.url = request.url.copy_with(host=address)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
