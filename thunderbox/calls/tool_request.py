"""Tool request: one signed HTTP request to the endpoint of a tool.

The arguments are the JSON body, keys sorted; of GET and DELETE, which have no body, the query.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from thunderbox.outgoing import signing
from thunderbox.outgoing.client import Answer, Client
from thunderbox.outgoing.destination import Destination

CALL_ID_HEADER = "X-ThunderPhone-Call-ID"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tool's requests go."""

    url: str
    """http(s), or a path of this box itself, which begins with /."""
    method: str
    headers: Mapping[str, str]
    timeout_s: float


async def send(
    client: Client,
    endpoint: Endpoint,
    arguments: object,
    *,
    own_url: str,
    secrets: Sequence[str],
    call_id: int | None = None,
) -> Answer:
    """Send it and read the answer, in `timeout_s` altogether. Raises OutgoingError."""
    own = endpoint.url.startswith("/")
    to = Destination.of(own_url + endpoint.url if own else endpoint.url)
    # What is set last stands: a tool's own headers cannot forge these.
    headers = dict(endpoint.headers)
    body = b""
    if endpoint.method in ("GET", "DELETE"):
        if isinstance(arguments, Mapping):
            to = replace(to, target=_with_query(to.target, arguments))
    else:
        body = msgspec.json.encode(arguments, order="sorted")
        headers["Content-Type"] = "application/json"
    if call_id is not None:
        headers[CALL_ID_HEADER] = str(call_id)
    headers |= signing.headers(secrets, endpoint.method, to.target, body, int(time.time()))
    return await client.send(
        endpoint.method, to, seconds=endpoint.timeout_s, headers=headers, body=body, own=own
    )


def _with_query(target: str, arguments: Mapping[str, Any]) -> str:
    """The path and query with the arguments; what the URL itself says stands before them."""
    path, _, query = target.partition("?")
    taken = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = urlencode(
        {
            name: _as_text(value)
            for name, value in arguments.items()
            if name not in taken and value is not None
        }
    )
    query = "&".join(part for part in (query, added) if part)
    return f"{path}?{query}" if query else path


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
