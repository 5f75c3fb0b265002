"""served: an ASGI application on a port of loopback, within the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

END_S = 10.0
"""For its connections to close."""


@asynccontextmanager
async def served(app: Any, **how: Any) -> AsyncIterator[int]:
    """The port where it is served by uvicorn; `how` are settings of `uvicorn.Config`.

    Begins and ends at once: uvicorn's own loop looks up every 0.1 s only, and catches signals.
    """
    config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None, **how)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    await server.on_tick(0)
    state = server.server_state
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        for listener in server.servers:
            listener.close()
        for connection in list(state.connections):
            connection.shutdown()
        async with asyncio.timeout(END_S):
            while state.connections or state.tasks:
                await asyncio.sleep(0.001)
            for listener in server.servers:
                await listener.wait_closed()
