"""A box as its owner runs it: `thunderbox serve` in a process of its own, and its REST API."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

START_SECONDS = 60.0
"""Generous: the machine of a test may be busy. How fast it is, bench/ says."""

Ports = Callable[[], int]
Rows = list[dict[str, Any]]
"""A transcript."""
Until = int | Callable[[Rows], bool]
READY = b"Stop with Ctrl-C."


class Server:
    """The process on free ports of loopback: `with Server(data, free_port) as server`.

    It is ready inside and killed at the end; `settings` are those of the environment, without
    their `THUNDERBOX_`.
    """

    def __init__(self, data: Path, free_port: Ports, **settings: object) -> None:
        self.data = data
        self.api_port, self.sip_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.api_port}"
        self.log = data.parent / f"{data.name}.log"
        chosen = {
            "DATA": data,
            "API_PORT": self.api_port,
            "SIP_HOST": "127.0.0.1",
            "SIP_PORT": self.sip_port,
            # PJSIP goes on from here to the next ports that are free.
            "SIP_RTP_PORT": min(free_port() // 2 * 2, 60_000),
            # Where the servers of tests listen.
            "OUTGOING_ALLOW_NETWORKS": "127.0.0.0/8",
            **settings,
        }
        own = {name: value for name, value in os.environ.items() if "THUNDERBOX" not in name}
        self.environment = own | {f"THUNDERBOX_{name}": str(chosen[name]) for name in chosen}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> str:
        """The API key of the first start."""
        return (self.data / "secrets" / "bootstrap-api-key").read_text().strip()

    @property
    def printed(self) -> str:
        """All that it has printed, of every start."""
        return self.log.read_text()

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until it says that it is ready. Raises AssertionError with its words."""
        begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "thunderbox", "serve"],
                env=self.environment,
                cwd=self.data.parent,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while READY not in (printed := self.log.read_bytes()[begins:]):
            if not self.runs or time.monotonic() > deadline:
                raise AssertionError(f"the box did not start:\n{printed.decode()}")
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT, seconds: float = 10) -> int:
        """Send a signal, Ctrl-C's by default; the exit status. Raises TimeoutExpired."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(seconds)

    def kill(self) -> None:
        """kill -9, if it still runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def run(self, *command: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """Run a command with this box's settings."""
        return subprocess.run(
            [sys.executable, "-m", "thunderbox", *command],
            env=self.environment,
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


class Box:
    """A running server to one test, which calls it and asks its API."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sip_port = server.sip_port
        self.sip = f"sip:100@127.0.0.1:{server.sip_port}"
        self.key = server.key
        self.api = httpx.AsyncClient(
            base_url=server.url,
            headers={"Authorization": f"Bearer {self.key}"},
            trust_env=False,
            timeout=20,
        )

    async def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET, decoded."""
        response = await self.api.get(path, params=query)
        response.raise_for_status()
        return response.json()

    async def change_agent(self, **fields: Any) -> int:
        """Let a changed copy of the first agent answer, until the end of the test; its id."""
        copy = await self.api.post("/v1/agents/1/duplicate", json={})
        assert copy.status_code == 201, copy.text
        agent_id: int = copy.json()["id"]
        changed = await self.api.patch(f"/v1/agents/{agent_id}", json=fields)
        assert changed.status_code == 200, changed.text
        await self._assign(agent_id)
        return agent_id

    async def leave(self) -> None:
        """Leave it to the next test: no call runs, and the first agent answers."""
        try:
            if self.server.runs:
                await self.idle()
                await self._assign(1)
        finally:
            await self.api.aclose()

    async def _assign(self, agent_id: int) -> None:
        path = "/v1/phone-numbers/1"
        assigned = await self.api.patch(path, json={"inbound_agent_id": agent_id})
        assert assigned.status_code == 200, assigned.text

    async def idle(self, seconds: float = 20) -> None:
        """Wait until no call is in progress."""
        async with asyncio.timeout(seconds):
            while (await self.get("/v1/calls", status="in_progress", limit=1))["total"]:
                await asyncio.sleep(0.05)

    async def newest_call(self) -> dict[str, Any]:
        """The newest call. Raises LookupError when there is none."""
        page = await self.get("/v1/calls", limit=1)
        if not page["results"]:
            raise LookupError("the box had no call yet")
        call: dict[str, Any] = page["results"][0]
        return call

    async def ended_call(self, seconds: float = 20) -> dict[str, Any]:
        """The newest call, once it is over."""
        async with asyncio.timeout(seconds):
            while True:
                call = await self.newest_call()
                if call["status"] != "in_progress":
                    return call
                await asyncio.sleep(0.05)

    async def transcript(self, call_id: int) -> Rows:
        """A call's transcript."""
        answer = await self.get(f"/v1/calls/{call_id}/transcript")
        rows: Rows = answer["transcripts"]
        return rows

    async def transcript_of(self, until: Until, seconds: float = 20) -> Rows:
        """The transcript of the newest call once it has so many rows, or is as it should be."""
        call_id = (await self.newest_call())["call_id"]
        rows: Rows = []
        try:
            async with asyncio.timeout(seconds):
                while not is_there(rows := await self.transcript(call_id), until):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError(f"after {seconds:g} s the transcript is only {rows}") from None
        return rows

    async def recording(self, call_id: int, path: Path) -> Path:
        """Fetch a call's recording by its signed link."""
        link = (await self.get(f"/v1/calls/{call_id}/audio"))["url"]
        async with httpx.AsyncClient(trust_env=False) as stranger:
            response = await stranger.get(link)
        response.raise_for_status()
        await asyncio.to_thread(path.write_bytes, response.content)
        return path

    async def stop(self, seconds: float = 10) -> int:
        """Ctrl-C; the exit status."""
        return await asyncio.to_thread(self.server.stop, seconds=seconds)

    async def kill(self) -> None:
        """kill -9."""
        await asyncio.to_thread(self.server.kill)


def is_there(rows: Rows, until: Until) -> bool:
    """Whether a transcript has what is waited for."""
    return len(rows) >= until if isinstance(until, int) else until(rows)


def words_of(rows: Rows, role: str) -> str:
    """All words of one side of a transcript, in lower case."""
    return " ".join(str(row["content"]) for row in rows if row["role"] == role).lower()
