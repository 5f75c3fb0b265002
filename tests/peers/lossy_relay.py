"""LossyRelay: a bad network between a web client and the box, the same one for the same seed.

It carries the signalling and writes its own addresses over those that the box names for its media;
what the client names is left out, so that every packet goes through here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import websockets
from livekit.protocol import rtc as messages
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the network is."""

    loss: float = 0.0
    """Share of packets that never arrive."""
    jitter: float = 0.0
    """Packets are late by up to so many seconds; most stay in their order."""
    overtaken: float = 0.0
    """Share of packets that the next ones overtake."""


class LossyRelay:
    """`async with LossyRelay(port, Weather(loss=0.05), seed=1) as relay`: use `relay.url`."""

    def __init__(self, port: int, weather: Weather, *, seed: int) -> None:
        self.passed = self.lost = 0
        self.weather = weather
        self._far, self._seed = f"127.0.0.1:{port}", seed
        self._server: Server | None = None
        self._paths: dict[Address, asyncio.Task[_Path]] = {}
        self._ahead: dict[ServerConnection, ClientConnection] = {}

    @property
    def url(self) -> str:
        """Where the box is reached through it."""
        assert self._server is not None
        return f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    async def __aenter__(self) -> LossyRelay:
        """Listen on a free port."""
        self._server = await serve(self._carry, "127.0.0.1", 0, process_request=self._ask)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break all and listen no more."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        for path in self._paths.values():
            (await path).close()

    # ------------------------------------------------------------ signalling

    async def _ask(self, near: ServerConnection, request: Request) -> Response | None:
        """Ask the box first: the client gets whatever it answers."""
        target = _without_candidates_in_query(request.path)
        sent = {"Authorization": found} if (found := request.headers.get("Authorization")) else {}
        if "Upgrade" not in request.headers:
            async with httpx.AsyncClient(trust_env=False) as http:
                answer = await http.get(f"http://{self._far}{target}", headers=sent)
            return near.respond(HTTPStatus(answer.status_code), answer.text)
        try:
            far = await connect(f"ws://{self._far}{target}", additional_headers=sent, proxy=None)
        except websockets.InvalidStatus as error:
            body = (error.response.body or b"").decode()
            return near.respond(HTTPStatus(error.response.status_code), body)
        self._ahead[near] = far
        return None

    async def _carry(self, near: ServerConnection) -> None:
        far = self._ahead.pop(near)
        async with far:
            ways = (self._up(near, far), self._down(far, near))
            with contextlib.suppress(websockets.ConnectionClosed):
                await asyncio.gather(*ways)

    async def _up(self, near: ServerConnection, far: ClientConnection) -> None:
        async for data in near:
            request = messages.SignalRequest.FromString(_binary(data))
            kind = request.WhichOneof("message")
            if kind == "trickle":
                continue
            if kind in ("offer", "answer"):
                description = getattr(request, kind)
                description.sdp = _without_candidates(description.sdp)
            await far.send(request.SerializeToString())
        await far.close()

    async def _down(self, far: ClientConnection, near: ServerConnection) -> None:
        async for data in far:
            response = messages.SignalResponse.FromString(_binary(data))
            kind = response.WhichOneof("message")
            if kind in ("offer", "answer"):
                description = getattr(response, kind)
                description.sdp = await self._through_here(description.sdp)
            elif kind == "trickle":
                candidate = json.loads(response.trickle.candidateInit)
                line = await self._candidate(candidate["candidate"])
                if line is None:
                    continue
                response.trickle.candidateInit = json.dumps({**candidate, "candidate": line})
            await near.send(response.SerializeToString())
        await near.close()

    async def _through_here(self, sdp: str) -> str:
        lines: list[str] = []
        for line in sdp.split("\r\n"):
            if line.startswith("a=candidate:"):
                candidate = await self._candidate(line.removeprefix("a="))
                if candidate is not None:
                    lines.append(f"a={candidate}")
            else:
                lines.append(line)
        return "\r\n".join(lines)

    async def _candidate(self, line: str) -> str | None:
        """The candidate with an address of ours; None for one that is no address of UDP."""
        parts = line.split(" ")
        if len(parts) < 8 or parts[2].lower() != "udp" or ":" in parts[4]:
            return None
        far = (parts[4], int(parts[5]))
        if far not in self._paths:
            self._paths[far] = asyncio.create_task(_Path.open(far, self, len(self._paths)))
        path = await self._paths[far]
        parts[4:6] = [path.near[0], str(path.near[1])]
        return " ".join(parts)

    # ------------------------------------------------------------ media

    def decide(self, way: str) -> _Decide:
        """The fate of one packet after the other on one way of one path."""
        rng = random.Random(f"{self._seed} {way}")
        free_at = 0.0

        def fate(now: float) -> float | None:
            nonlocal free_at
            lost, late, overtaken = rng.random(), rng.random(), rng.random()
            if lost < self.weather.loss:
                self.lost += 1
                return None
            self.passed += 1
            due = now + late * self.weather.jitter
            if overtaken < self.weather.overtaken:
                return due + 0.03
            # A queue: nothing leaves it before what came earlier.
            due = free_at = max(free_at, due)
            return due

        return fate


_Decide = Callable[[float], float | None]
"""When a packet that came now arrives; None: never."""


class _Path:
    """One address of the box: packets of a client to it, and back to the same client."""

    def __init__(self, far: Address, relay: LossyRelay, number: int) -> None:
        self.near: Address = ("", 0)
        self._far, self._relay, self._number = far, relay, number
        self._listener: asyncio.DatagramTransport | None = None
        self._clients: dict[Address, asyncio.Task[asyncio.DatagramTransport]] = {}

    @classmethod
    async def open(cls, far: Address, relay: LossyRelay, number: int) -> _Path:
        """Listen for clients on a free port."""
        self = cls(far, relay, number)
        up = relay.decide(f"{number} up")
        loop = asyncio.get_running_loop()

        def take(data: bytes, client: Address) -> None:
            if client not in self._clients:
                self._clients[client] = loop.create_task(self._socket(client))
            due = up(loop.time())
            if due is not None:
                loop.call_at(due, self._send_up, data, client)

        self._listener, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(take), local_addr=("127.0.0.1", 0)
        )
        self.near = self._listener.get_extra_info("sockname")
        return self

    def close(self) -> None:
        """Carry nothing more."""
        if self._listener is not None:
            self._listener.close()
        for socket in self._clients.values():
            if socket.done():
                socket.result().close()
            else:
                socket.cancel()

    async def _socket(self, client: Address) -> asyncio.DatagramTransport:
        """What the box sees of a client: an address of its own."""
        loop = asyncio.get_running_loop()
        down = self._relay.decide(f"{self._number} down {len(self._clients)}")

        def take(data: bytes, _: Address) -> None:
            due = down(loop.time())
            if due is not None:
                loop.call_at(due, self._send_down, data, client)

        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(take), remote_addr=self._far
        )
        return transport

    def _send_up(self, data: bytes, client: Address) -> None:
        socket = self._clients[client]
        if socket.done() and not socket.cancelled() and not socket.result().is_closing():
            socket.result().sendto(data)

    def _send_down(self, data: bytes, client: Address) -> None:
        if self._listener is not None and not self._listener.is_closing():
            self._listener.sendto(data, client)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)


def _binary(data: bytes | str) -> bytes:
    assert isinstance(data, bytes), f"signalling in text: {data!r}"
    return data


def _without_candidates(sdp: str) -> str:
    return "\r\n".join(line for line in sdp.split("\r\n") if not line.startswith("a=candidate:"))


def _without_candidates_in_query(target: str) -> str:
    """The same join request, whose first offer names no address."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "join_request" not in query:
        return target
    text = query["join_request"]
    wrapped = messages.WrappedJoinRequest.FromString(
        base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    )
    packed = wrapped.compression == messages.WrappedJoinRequest.GZIP
    request = messages.JoinRequest.FromString(
        gzip.decompress(wrapped.join_request) if packed else wrapped.join_request
    )
    request.publisher_offer.sdp = _without_candidates(request.publisher_offer.sdp)
    raw = request.SerializeToString()
    wrapped.join_request = gzip.compress(raw) if packed else raw
    query["join_request"] = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    return f"{parts.path}?{urlencode(query)}"
