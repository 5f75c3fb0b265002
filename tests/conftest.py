"""What every room's tests share: a data directory, free ports, an environment of our own.

All unit tests together have a minute, in several processes (`make unit`):

- An empty database is a copy of `tables`; making one takes as long as several tests.
- An application is served by `tests.served`. A fake of somebody else's server in its own process
  (tests/peers) is started once for a module, and forgets between its tests.
- A test waits for a condition or moves a clock. Where it is time that is tested, it sets a fraction
  of a second.
- Ports come from `free_port` and files are below `tmp_path`: other processes run beside.
- Clients of httpx share the certificates of the authorities, and passwords are hashed cheaply.
- Real telephones, browsers and boxes in processes of their own are for `@pytest.mark.e2e`, and so
  is what a real model does with its whole strength.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from httpx._transports import default as transports

from thunderbox import passwords
from thunderbox.store.database import Database

# The commands take these for good when they are imported; the processes of xdist have them.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what has been imported: it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Every client of httpx reads those of all authorities (20 ms), also for plain HTTP."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transports, "create_ssl_context", cache(transports.create_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_cheap() -> Iterator[None]:
    """A hash takes 0.1 s on purpose; the tests of the hashes themselves take the real hasher."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        patch.setattr(passwords, "_NOBODYS", cheap.hash("the password of nobody"))
        yield


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
