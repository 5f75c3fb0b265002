"""Dialects: how a client of LiveKit asks to join, in the old way (v0) and the new (v1).

In v1 the client sends one protobuf in the query, with its first offer in it, and has one peer
connection. In v0 it sends plain parameters, and there are two: it offers one to publish on, the
server offers another to subscribe on.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from thunderbox.errors import RequestError

BASE = "/rtc"
VALIDATE = "/validate"
LONGEST_JOIN = 256 * 1024
"""Bytes of a request to join, unpacked."""
PARAMETERS = 64
GZIP = 16 + zlib.MAX_WBITS


class Dialect(Enum):
    """The two ways."""

    V0 = "v0"
    V1 = "v1"


@dataclass(frozen=True, slots=True)
class JoinAttempt:
    """What a client says when it knocks."""

    dialect: Dialect
    client: str
    """Its SDK and version, for the log."""
    resumes: bool = False
    """Whether it was in and wants to go on with the connection that it has."""
    participant_sid: str = ""
    """Who it was then; empty when it comes for the first time."""
    offer: rtc.SessionDescription | None = None
    tracks: tuple[rtc.AddTrackRequest, ...] = ()
    """What it publishes right away (v1)."""
    attributes: tuple[tuple[str, str], ...] = ()


def dialect_of(path: str) -> tuple[Dialect, bool] | None:
    """The dialect of a path, and whether it only asks if its token is good; None for another."""
    asks = path.endswith(VALIDATE)
    base = path.removesuffix(VALIDATE).rstrip("/")
    dialects = {BASE: Dialect.V0, f"{BASE}/v1": Dialect.V1}
    return (dialects[base], asks) if base in dialects else None


def parameters_of(query: bytes) -> dict[str, str]:
    """The parameters of a query; the first counts. Raises RequestError."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=PARAMETERS)
    except (ValueError, UnicodeDecodeError):
        raise RequestError("The parameters of the request cannot be read.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def token_of(headers: Iterable[tuple[bytes, bytes]], parameters: dict[str, str]) -> str:
    """The access token: of the header where there is one, else of the query."""
    for name, value in headers:
        if name.lower() == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].decode("latin-1").strip()
    return parameters.get("access_token", "")


def read_join(dialect: Dialect, parameters: dict[str, str]) -> JoinAttempt:
    """What a client says when it knocks. Raises RequestError."""
    if dialect is Dialect.V0:
        return JoinAttempt(
            dialect=dialect,
            client=_client(parameters.get("sdk", ""), parameters.get("version", "")),
            resumes=parameters.get("reconnect", "") in ("1", "true"),
            participant_sid=parameters.get("sid", ""),
        )
    request = _join_request(parameters.get("join_request", ""))
    info = request.client_info
    sdk = models.ClientInfo.SDK.Name(info.sdk) if info.sdk in _SDKS else ""
    return JoinAttempt(
        dialect=dialect,
        client=_client(sdk, info.version),
        resumes=request.reconnect,
        participant_sid=request.participant_sid,
        offer=request.publisher_offer if request.publisher_offer.sdp else None,
        tracks=tuple(request.add_track_requests),
        attributes=tuple(request.participant_attributes.items()),
    )


_SDKS = frozenset(models.ClientInfo.SDK.values())


def _client(sdk: str, version: str) -> str:
    """An SDK as the log shows it: what a stranger sends is cut and cleaned."""
    text = f"{sdk or 'unknown client'} {version}".strip()[:40]
    return "".join(c for c in text if c.isascii() and c.isprintable())


def _join_request(text: str) -> rtc.JoinRequest:
    try:
        # Clients write it with and without padding, in either alphabet.
        plain = text.replace("+", "-").replace("/", "_").rstrip("=")
        packed = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
        wrapped = rtc.WrappedJoinRequest.FromString(packed)
        content = wrapped.join_request
        if wrapped.compression == rtc.WrappedJoinRequest.GZIP:
            content = inflate(content, GZIP, LONGEST_JOIN)
        request = rtc.JoinRequest.FromString(content)
    except (binascii.Error, DecodeError, ValueError, zlib.error):
        content = b""
    if not content:
        raise RequestError("The parameter join_request is no request to join.")
    return request


def inflate(packed: bytes, window: int, longest: int) -> bytes:
    """Unpack; raises ValueError or zlib.error for rubbish and for more than `longest` bytes."""
    machine = zlib.decompressobj(window)
    content = machine.decompress(packed, longest)
    if not machine.eof:
        raise ValueError("cut off, or too much")
    return content
