"""Pool: connections to the servers of others, used again for a while by requests to the same place.

httpcore's own pool looks at every connection for every request; with many at a time, that costs
more than the requests.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpcore
from httpcore import AsyncHTTPConnection, Request, Response

from thunderbox.outgoing.network import CheckedNetwork

KEEP_S = 3.0
"""How long an idle connection is kept: less than servers keep theirs, so that none is used that
the other side is closing."""

Place = tuple[bytes, bytes, int | None]
"""Scheme, host and port."""


class Pool:
    """One request at a time on each connection; closed with `close`."""

    def __init__(self, network: CheckedNetwork, tls: ssl.SSLContext, connections: int) -> None:
        """`connections` at the same time at most; more requests wait in turn."""
        self._network = network
        self._tls = tls
        self._free = asyncio.Semaphore(connections)
        self._most = connections
        self._idle: dict[Place, list[AsyncHTTPConnection]] = {}

    @asynccontextmanager
    async def exchange(self, request: Request) -> AsyncGenerator[Response, None]:
        """Send a request; its answer is read inside. Raises what httpcore and the network do."""
        place = (request.url.scheme, request.url.host, request.url.port)
        async with self._free:
            connection = await self._take(place)
            try:
                response = await connection.handle_async_request(request)
                try:
                    yield response
                finally:
                    await response.aclose()
            except BaseException:
                await connection.aclose()
                raise
            if connection.is_idle() and not connection.is_closed():
                self._idle.setdefault(place, []).append(connection)
        await self._tidy()

    async def close(self) -> None:
        """Close what is idle; nothing may be asked any more."""
        for connections in self._idle.values():
            for connection in connections:
                await connection.aclose()
        self._idle.clear()

    async def _take(self, place: Place) -> AsyncHTTPConnection:
        while kept := self._idle.get(place):
            connection = kept.pop()
            if not kept:
                del self._idle[place]
            if not connection.has_expired():
                return connection
            await connection.aclose()
        scheme, host, port = place
        return AsyncHTTPConnection(
            httpcore.Origin(scheme, host, port or 0),
            ssl_context=self._tls,
            keepalive_expiry=KEEP_S,
            network_backend=self._network,
        )

    async def _tidy(self) -> None:
        """Close the oldest of the idle ones where it has expired, or too many are idle."""
        while self._idle:
            place = next(iter(self._idle))
            oldest = self._idle[place][0]
            too_many = sum(map(len, self._idle.values())) > self._most
            if not too_many and not oldest.has_expired():
                break
            self._idle[place].remove(oldest)
            if not self._idle[place]:
                del self._idle[place]
            await oldest.aclose()
