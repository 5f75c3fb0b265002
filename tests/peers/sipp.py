"""SIPp: callers and callees that follow a script, message by message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.process import Peer

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Score:
    """What came of a run."""

    status: int
    successful: int
    failed: int
    messages: str
    """Every SIP message sent and received."""


class Sipp:
    """One SIPp process: `sipp = await Sipp.start(...)`, then `await sipp.score()`."""

    def __init__(self, peer: Peer, messages: Path) -> None:
        self.peer = peer
        self._messages = messages

    @classmethod
    async def start(
        cls,
        folder: Path,
        scenario: str,
        *,
        port: int,
        remote: str = "",
        user: str = "100",
        calls: int = 1,
        at_once: int = 1,
        rate: int = 20,
        pause_ms: int = 500,
        transport: str = "u1",
        keys: Sequence[tuple[str, str]] = (),
    ) -> Sipp:
        """Run `uac` or `uas` (built in) or the scenario file of that name beside this module."""
        folder.mkdir(parents=True, exist_ok=True)
        file = SCENARIOS / f"{scenario}.xml"
        messages = folder / f"messages-{port}.log"
        arguments = ["sipp", *(["-sf", str(file)] if file.exists() else ["-sn", scenario])]
        arguments += ["-i", "127.0.0.1", "-p", str(port), "-m", str(calls), "-l", str(at_once)]
        arguments += ["-r", str(rate), "-d", str(pause_ms), "-t", transport, "-s", user]
        arguments += ["-nostdin", "-trace_msg", "-message_file", str(messages)]
        for name, value in keys:
            arguments += ["-key", name, value]
        if remote:
            arguments.append(remote)
        return cls(await Peer.spawn(arguments, folder), messages)

    @property
    def messages(self) -> str:
        """Every SIP message so far."""
        return self._messages.read_text(errors="replace") if self._messages.exists() else ""

    async def score(self, seconds: float = 60) -> Score:
        """Wait for the end and count."""
        status = await self.peer.ends(seconds)
        return Score(
            status, self._count("Successful call"), self._count("Failed call"), self.messages
        )

    async def kill(self) -> None:
        """End it at once."""
        await self.peer.kill()

    def _count(self, row: str) -> int:
        found = re.findall(rf"{row}\s*\|\s*\d+\s*\|\s*(\d+)", self.peer.output)
        return int(found[-1]) if found else 0
