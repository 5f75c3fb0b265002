"""What every room's tests share: a data directory, free ports, an environment of our own."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from thunderbox.store.database import Database


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data directory."""
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every table and no row, to be copied: making one takes 20 transactions."""
    path = tmp_path_factory.mktemp("tables") / "thunderbox.db"

    async def make() -> None:
        await (await Database.open(path)).close()

    asyncio.run(make())
    return path


_TCP, _UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
_given: set[int] = set()


def take_free_port() -> int:
    """A port that is free for TCP and UDP at this moment, and the one after it, too.

    A telephone that is told its port also takes the next one. No port is given twice.
    """
    while True:
        with ExitStack() as stack:
            tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            tcp.bind(("127.0.0.1", 0))
            port = int(tcp.getsockname()[1])
            if _given & {port, port + 1} or port >= 65_535:
                continue
            try:
                for number, kind in ((0, _UDP), (1, _TCP), (1, _UDP)):
                    other = stack.enter_context(socket.socket(socket.AF_INET, kind))
                    other.bind(("127.0.0.1", port + number))
            except OSError:
                continue
            _given.update((port, port + 1))
            return port


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives another free port at every call; the port after it is free as well."""
    return take_free_port


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("THUNDERBOX_")]:
        monkeypatch.delenv(name)
