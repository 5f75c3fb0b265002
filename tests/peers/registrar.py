"""Registrar: Kamailio as the PBX of a trunk, with digest authentication, all in memory."""

from __future__ import annotations

import signal
from pathlib import Path
from types import TracebackType

from tests.peers.process import Peer

CONFIG = Path(__file__).with_name("registrar.cfg")


class Registrar:
    """One Kamailio: `async with Registrar(folder, port=...)`; `stop` and `start` make a loss.

    It asks `user` for a password on REGISTER and, as `caller`, on INVITE. Calls to `callee` go to
    `callee_port`, all others to whoever has registered.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        password: str = "secret",
        caller: str = "+15550100",
        callee: str = "+15550111",
        callee_port: int = 9,
    ) -> None:
        self.server = f"127.0.0.1:{port}"
        self.password = password
        self._folder = folder
        self._names = {
            "PORT": port,
            "PASSWORD": password,
            "CALLER": caller,
            "CALLEE": callee,
            "CALLEE_PORT": callee_port,
        }
        self._peer: Peer | None = None

    @property
    def peer(self) -> Peer:
        """The running program."""
        assert self._peer is not None, "Kamailio was not started"
        return self._peer

    async def start(self) -> None:
        """Start and wait until it listens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        text = CONFIG.read_text()
        for name, value in self._names.items():
            text = text.replace(f"@{name}@", str(value))
        config = self._folder / "kamailio.cfg"
        config.write_text(text)
        folder = str(self._folder)
        arguments = ["kamailio", "-f", str(config), "-DD", "-E", "-m", "16", "-w", folder]
        self._peer = await Peer.spawn([*arguments, "-Y", folder], self._folder)
        await self.peer.prints("INFO: ready")

    async def stop(self) -> None:
        """End it, with its children."""
        self.peer.signal(signal.SIGTERM)
        await self.peer.ends(10)

    async def registered(self, times: int = 1) -> None:
        """Wait until somebody has registered with the right password."""
        await self.peer.prints("registered ", times=times)

    async def __aenter__(self) -> Registrar:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()
