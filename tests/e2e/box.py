"""A box as its owner runs it: `thunderbox serve` in a process of its own, and its REST API."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.peers.process import Peer

START_SECONDS = 60.0
"""Generous: the machine of a test may be busy. How fast it is, bench/ says."""


class RunningBox:
    """A running box; `await RunningBox.start(...)`, then `api`, `stop` or `kill`."""

    def __init__(self, peer: Peer, data: Path, api_port: int, sip_port: int) -> None:
        self.peer = peer
        self.data = data
        self.sip = f"sip:100@127.0.0.1:{sip_port}"
        self.sip_port = sip_port
        key = (data / "secrets" / "bootstrap-api-key").read_text().strip()
        self.url = f"http://127.0.0.1:{api_port}"
        self.api = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=20,
        )

    @classmethod
    async def start(
        cls, data: Path, api_port: int, sip_port: int, **settings: object
    ) -> RunningBox:
        """Start a box and wait until it says that it is ready."""
        environment = {
            "THUNDERBOX_API_PORT": api_port,
            "THUNDERBOX_SIP_PORT": sip_port,
            "THUNDERBOX_SIP_HOST": "127.0.0.1",
            **settings,
        }
        arguments = [sys.executable, "-m", "thunderbox", "serve", "--data", str(data)]
        exported = [f"{name}={value}" for name, value in environment.items()]
        peer = await Peer.spawn(["env", *exported, *arguments], data.parent)
        await peer.prints("Stop with Ctrl-C.", START_SECONDS)
        return cls(peer, data, api_port, sip_port)

    async def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET, decoded."""
        response = await self.api.get(path, params=query)
        response.raise_for_status()
        return response.json()

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

    async def transcript(self, call_id: int) -> list[dict[str, Any]]:
        """A call's transcript."""
        answer = await self.get(f"/v1/calls/{call_id}/transcript")
        rows: list[dict[str, Any]] = answer["transcripts"]
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
        await self.api.aclose()
        self.peer.signal(signal.SIGINT)
        return await self.peer.ends(seconds)

    async def kill(self) -> None:
        """kill -9."""
        await self.api.aclose()
        os.kill(self.peer.pid, signal.SIGKILL)
        await self.peer.ends()


def words_of(rows: list[dict[str, Any]], role: str) -> str:
    """All words of one side of a transcript, in lower case."""
    return " ".join(str(row["content"]) for row in rows if row["role"] == role).lower()
