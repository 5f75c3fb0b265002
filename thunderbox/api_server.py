"""ApiServer: the sockets of the API, with and without TLS, and what answers on them.

Both belong to one server: they share its limits, and end together.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress

import uvicorn
from litestar import Litestar

from thunderbox.api.connections import Connection, Socket
from thunderbox.errors import StartError
from thunderbox.settings import Settings
from thunderbox.tls import Tls
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

HANDSHAKE_S = 10.0
"""A client has so long to agree on keys."""
HANDSHAKES = 128
"""Clients that may be about it at a time; more would only take files that calls need."""
CLOSE_S = 2.0
PAUSE_S = 0.5
"""Where no more files may be opened, another client is tried after so long."""


class ApiServer:
    """Listens from the moment that it is made, so that a port which is taken is said early."""

    def __init__(self, settings: Settings) -> None:
        """Raises StartError."""
        api, tls = settings.api, settings.tls
        self._plain = _listen(api.host, api.port, "api")
        self._secure: socket.socket | None = None
        if tls.mode != "off":
            try:
                self._secure = _listen(tls.host, tls.port, "tls")
            except StartError:
                self._plain.close()
                raise
        self._server: _Server | None = None
        self.serving: asyncio.Task[None] | None = None

    async def serve(self, app: Litestar, tls: Tls | None) -> None:
        """Answer from now on; returns when it does. Raises StartError."""
        config = uvicorn.Config(
            app,
            http=Connection,
            ws=Socket,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, tls, self._secure)
        self.serving = asyncio.create_task(self._server.serve(sockets=[self._plain]))
        while not self._server.started:
            if self.serving.done():
                raise StartError("The API server did not start; see the log above.")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Answer no more."""
        if self._server is not None and self.serving is not None:
            self._server.should_exit = True
            await asyncio.wait({self.serving}, timeout=CLOSE_S)

    def close(self) -> None:
        """Close the sockets."""
        self._plain.close()
        if self._secure is not None:
            self._secure.close()


class _Server(uvicorn.Server):
    """uvicorn on two sockets, without its signal handlers: the appliance stops it."""

    def __init__(self, config: uvicorn.Config, tls: Tls | None, secure: socket.socket | None):
        super().__init__(config)
        self._tls = tls
        self._secure = secure
        self._greetings = Tasks("handshakes")
        self._tasks = Tasks("API with TLS")

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the command line."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self._tls is not None and self._secure is not None:
            self._secure.listen(self.config.backlog)
            self._secure.setblocking(False)
            self._tasks.spawn(self._accept(self._tls, self._secure))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more, and let what is asked be answered."""
        await self._tasks.close()
        await self._greetings.close()
        await super().shutdown(sockets)

    async def _accept(self, tls: Tls, secure: socket.socket) -> None:
        """Take clients in, one by one: a server of asyncio's would count none that greets."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(secure)
            except OSError as error:
                log.warning("A client with TLS was not taken in: %s", error)
                await asyncio.sleep(PAUSE_S)
                continue
            if self._greetings.running >= HANDSHAKES:
                client.close()
            else:
                self._greetings.spawn(self._greet(tls, client))

    async def _greet(self, tls: Tls, client: socket.socket) -> None:
        """Agree on keys with a client, and let it ask."""
        with suppress(OSError):  # it has no certificate to believe in, speaks no TLS, or is gone
            await asyncio.get_running_loop().connect_accepted_socket(
                self._connection, client, ssl=tls.context, ssl_handshake_timeout=HANDSHAKE_S
            )

    def _connection(self) -> Connection:
        return Connection(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _listen(host: str, port: int, section: str) -> socket.socket:
    """A listening socket. Raises StartError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StartError(
            f"The API cannot listen on {host}:{port} ({error.strerror}). Stop the program that "
            f"uses the port, or choose another with {section}.port in the config or "
            f"THUNDERBOX_{section.upper()}_PORT."
        ) from error
    return listener
