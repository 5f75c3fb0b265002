"""OpenAIServer: starts and ends the server of tests/peers/openai_server.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.peers.openai_server import KEY
from thunderbox.voice.engines.remote import Kind, RemoteServer

ROOT = Path(__file__).parents[2]


def script(*replies: dict[str, Any]) -> str:
    """A prompt with the replies of the server's model `script`: each has `say`, `calls` (a name
    and arguments each) or both, and may come `after` some seconds."""
    return json.dumps(list(replies))


class OpenAIServer:
    """One running server."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.peers.openai_server"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self.seen()

    def settings(self, kind: Kind, model: str = "words", timeout_s: float = 10.0) -> RemoteServer:
        """How an engine finds it; the model says how it behaves."""
        return RemoteServer(kind, f"{self.url}/v1", model, KEY, timeout_s, voice="nova")

    def seen(self) -> list[dict[str, Any]]:
        """What it was asked so far, oldest first."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/seen", timeout=20).json()
        return found

    def asked(self, prompt: str) -> dict[str, Any]:
        """The newest request of an agent whose prompt begins so: others ask, too."""
        bodies = [one["body"] for one in self.seen() if "messages" in one["body"]]
        return [one for one in bodies if one["messages"][0]["content"].startswith(prompt)][-1]

    def kill(self) -> None:
        """End it at once; its connections break."""
        self._process.kill()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
