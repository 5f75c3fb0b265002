"""ReceiverProcess: starts and ends the receiver of tests/peers/receiver_server.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.peers.process import Peer, until

ROOT = Path(__file__).parents[2]


class ReceiverProcess:
    """A running receiver: `async with ReceiverProcess() as receiver`. It answers `{}` at once."""

    def __init__(self) -> None:
        self.url = ""
        self._peer: Peer | None = None

    @property
    def peer(self) -> Peer:
        """The running program."""
        assert self._peer is not None, "the receiver was not started"
        return self._peer

    @property
    def heard(self) -> list[dict[str, Any]]:
        """What it was sent so far, oldest first: `path`, `headers`, and `body` as a text."""
        whole = self.peer.output[: self.peer.output.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines()[1:]]

    async def says(self, answer: object, *, status: int = 200, after: float | None = 0.0) -> None:
        """Answer so from now on: JSON, or a text as it is; never where `after` is None."""
        body = answer if isinstance(answer, str) else json.dumps(answer)
        told = {"status": status, "body": body, "after": after}
        await self.peer.type(json.dumps(told) + "\n")

    async def hears(self, count: int = 1) -> dict[str, Any]:
        """Wait for so many requests; the last of them."""
        await until(lambda: len(self.heard) >= count, what=f"{count} requests")
        return self.heard[count - 1]

    async def __aenter__(self) -> ReceiverProcess:
        """Start and wait for its URL."""
        command = [sys.executable, "-m", "tests.peers.receiver_server"]
        self._peer = await Peer.spawn(command, ROOT)
        await self._peer.prints("\n")
        self.url = self._peer.output.splitlines()[0]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.peer.kill()
