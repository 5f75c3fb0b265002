"""Network: connections that go to the address that was checked, and nowhere else.

A name is looked up once for a connection, what it leads to is checked, and the connection goes
to that very address; a second look-up, which could lead elsewhere, does not happen.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address

import httpcore
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from thunderbox.errors import OutgoingError
from thunderbox.outgoing.rules import SETTING, Address, Rules

MAX_LOOKUPS = 32
"""Names that are looked up at the same time."""
MAX_ADDRESSES = 4
"""Addresses of a name that are tried."""
ATTEMPT_S = 1.0
"""For an address that does not answer, where there is another."""

LookUp = Callable[[str], Sequence[str]]


def system(host: str) -> Sequence[str]:
    """What the system's resolver says. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in found]


class Resolver:
    """Looks names up on threads of its own, so that a slow name holds up nothing else.

    Whoever asks for a name while it is looked up shares the answer.
    """

    def __init__(self, look_up: LookUp = system) -> None:
        self._look_up = look_up
        self._running: dict[str, asyncio.Future[Sequence[str]]] = {}
        self._free = asyncio.Semaphore(MAX_LOOKUPS)

    async def addresses(self, host: str) -> list[Address]:
        """The addresses of a name, or the address that it is. Raises OutgoingError."""
        if _is_address(host):
            return [ip_address(host)]
        try:
            found = await self._shared(host)
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise OutgoingError(f"The name {host} cannot be found.", reason="dns")
        return [ip_address(address) for address in dict.fromkeys(found)]

    async def _shared(self, host: str) -> Sequence[str]:
        running = self._running.get(host)
        if running is None:
            async with self._free:
                running = self._running.get(host) or self._start(host)
        # A caller who gives up does not take the answer from the others.
        return await asyncio.shield(running)

    def _start(self, host: str) -> asyncio.Future[Sequence[str]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[str]] = loop.create_future()
        self._running[host] = future

        def settle(found: Sequence[str], error: Exception | None) -> None:
            self._running.pop(host, None)
            if future.done():
                return
            if error is None:
                future.set_result(found)
            else:
                future.set_exception(error)
                future.exception()  # nobody may be waiting for it any more

        def work() -> None:
            found: Sequence[str] = ()
            failed: Exception | None = None
            try:
                found = self._look_up(host)
            except (OSError, UnicodeError) as error:
                failed = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(settle, found, failed)

        # A thread that ends with the process: the system may take half a minute for a name.
        threading.Thread(target=work, name=f"look-up {host}", daemon=True).start()
        return future


class CheckedNetwork(AsyncNetworkBackend):
    """Opens connections for httpcore; `rules` None lets them go anywhere."""

    def __init__(self, resolver: Resolver, rules: Rules | None, *, encrypted: bool) -> None:
        self._resolver = resolver
        self._rules = rules
        self._encrypted = encrypted
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address that answers. Raises OutgoingError."""
        addresses = self._checked(host, await self._resolver.addresses(host))[:MAX_ADDRESSES]
        why = ""
        for left, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
            try:
                async with asyncio.timeout(ATTEMPT_S if left else timeout):
                    return await self._inner.connect_tcp(
                        str(address), port, None, local_address, socket_options
                    )
            except (TimeoutError, httpcore.ConnectTimeout):
                why = "no answer"
            except httpcore.ConnectError as error:
                why = _reason(error)
        raise OutgoingError(f"{host}:{port} cannot be reached ({why}).", reason="connection")

    def _checked(self, host: str, addresses: list[Address]) -> list[Address]:
        if self._rules is None:
            return addresses
        allowed = [
            address
            for address in addresses
            if self._rules.allows(address, encrypted=self._encrypted)
        ]
        if allowed:
            return allowed
        if not self._encrypted and any(
            self._rules.allows(address, encrypted=True) for address in addresses
        ):
            sentence = (
                f"http:// is only for networks that {SETTING} names; use https:// for {host}."
            )
        else:
            found = "" if _is_address(host) else f" leads to {addresses[0]}, which"
            sentence = (
                f"{host}{found} is not a public address. Name its network in {SETTING} to allow it."
            )
        raise OutgoingError(sentence, reason="not_allowed")


def _reason(error: BaseException) -> str:
    """Why a connection was not made, as the system says it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    return "no connection"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
