"""ToolsServer: starts and ends the server of tests/peers/tools_server.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests.peers.tools_server import SECRET

ROOT = Path(__file__).parents[2]


class ToolsServer:
    """One running server: `with ToolsServer(secret) as server`."""

    def __init__(self, secret: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.peers.tools_server"],
            cwd=ROOT,
            env={**os.environ, SECRET: secret},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def seen(self) -> dict[str, Any]:
        """What it was asked so far, oldest first, and what was booked."""
        found: dict[str, Any] = httpx.get(f"{self.url}/seen", timeout=20, trust_env=False).json()
        return found

    def __enter__(self) -> ToolsServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
