"""Client: sends one request to somebody else's server, and lets no one in.

Names are looked up once and checked (`network`, `rules`), redirects are not followed, proxies of
the environment are not asked, certificates are verified, and an answer is bounded in bytes and in
time, from the look-up to its last byte. Nothing here is logged.

A room that must not wait for the slow servers of another has a client of its own.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import httpcore
import httpx

from thunderbox.errors import OutgoingError
from thunderbox.outgoing.destination import Destination
from thunderbox.outgoing.network import CheckedNetwork, Resolver
from thunderbox.outgoing.pool import Pool
from thunderbox.outgoing.reading import read
from thunderbox.outgoing.rules import Rules

MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read where the caller says nothing else."""
OURS = frozenset(
    (
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "accept-encoding",
    )
)
"""Headers that say how a request travels; a caller's own are left out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes
    truncated: bool
    """Whether the body went on after the bytes that were to be read."""
    seconds: float
    """From the beginning of the request to the end of its answer."""

    @property
    def ok(self) -> bool:
        """Whether the server says that it did what it was asked."""
        return 200 <= self.status < 300


class Client:
    """The way out; closed with `close`."""

    def __init__(
        self,
        rules: Rules,
        *,
        connections: int = 32,
        resolver: Resolver | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        """`connections` at the same time at most, for each scheme; more requests wait.

        `certificates` None: those that the system and certifi trust.
        """
        resolver = resolver or Resolver()
        tls = certificates or _trusted()

        def pool(checked: Rules | None, *, encrypted: bool) -> Pool:
            return Pool(CheckedNetwork(resolver, checked, encrypted=encrypted), tls, connections)

        # Connections are used again only within a pool, and so only under the same rules.
        self._pools = {
            "https": pool(rules, encrypted=True),
            "http": pool(rules, encrypted=False),
        }
        self._own = pool(None, encrypted=False)

    async def send(
        self,
        method: str,
        url: str | Destination,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_bytes: int = MAX_ANSWER,
        own: bool = False,
    ) -> Answer:
        """Send a request and read its answer, of any status; `seconds` is for all of it.

        What is signed is `Destination.of(url).target`. `own` is for this box's own API, which is
        asked whatever the rules say. Raises OutgoingError, whose `reason` is one of few.
        """
        to = url if isinstance(url, Destination) else Destination.of(url)
        request = httpcore.Request(
            method.upper(),
            httpcore.URL(
                scheme=to.scheme.encode(),
                host=to.host.encode(),
                port=to.port,
                target=to.target.encode(),
            ),
            headers=_headers(method.upper(), to, headers or {}, body),
            content=body or None,
        )
        pool = self._own if own else self._pools[to.scheme]
        begun = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                async with pool.exchange(request) as response:
                    found = _readable(response.headers)
                    encoding = found.get("content-encoding", "")
                    content, truncated = await read(response.aiter_stream(), encoding, max_bytes)
        except (TimeoutError, httpcore.TimeoutException):
            raise OutgoingError(
                f"{to.host} did not answer within {seconds:g} s.", reason="timeout"
            ) from None
        except httpcore.LocalProtocolError:
            raise OutgoingError(
                "A header of the request has a name or a value that HTTP does not allow.",
                reason="not_allowed",
            ) from None
        except httpcore.RemoteProtocolError:
            raise OutgoingError(
                f"{to.host} broke off, or answered with something else than HTTP.",
                reason="answer",
            ) from None
        except httpcore.NetworkError as error:
            raise _broken(to, error) from None
        return Answer(response.status, found, content, truncated, time.monotonic() - begun)

    async def close(self) -> None:
        """Close every connection."""
        for pool in (*self._pools.values(), self._own):
            await pool.close()


_BARE = frozenset(("GET", "HEAD", "DELETE"))
"""Methods whose requests say nothing of a body where they have none."""


def _headers(
    method: str, to: Destination, given: Mapping[str, str], body: bytes
) -> list[tuple[bytes, bytes]]:
    headers = {"user-agent": "ThunderBox", "accept": "*/*"}
    if to.authorization:
        headers["authorization"] = to.authorization
    headers |= {name.lower(): value for name, value in given.items() if name.lower() not in OURS}
    travels = {"host": to.authority, "accept-encoding": "identity"}
    if body or method not in _BARE:
        travels["content-length"] = str(len(body))
    return [(name.encode(), value.encode()) for name, value in (travels | headers).items()]


def _readable(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("ascii").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _broken(to: Destination, error: BaseException) -> OutgoingError:
    """A connection that was not made, or ended: by its certificate, or otherwise."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"The certificate of {to.host} is not trusted ({cause.verify_message})."
            return OutgoingError(why, reason="tls")
        if isinstance(cause, ssl.SSLError):
            return OutgoingError(f"{to.host} does not speak TLS as it should.", reason="tls")
        cause = cause.__cause__ or cause.__context__
    return OutgoingError(f"The connection to {to.host} broke.", reason="connection")


@cache
def _trusted() -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
