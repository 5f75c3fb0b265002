"""CarriersServer: starts and ends the server of tests/peers/carriers_server.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.peers.carriers_server import ACCOUNT, KEY
from thunderbox.carrier_settings import CarriersSettings

ROOT = Path(__file__).parents[2]
CREDENTIALS: dict[str, dict[str, str]] = {
    "twilio": {"account_sid": ACCOUNT, "auth_token": KEY},
    "telnyx": {"api_key": KEY},
    "signalwire": {"project_id": ACCOUNT, "api_token": KEY, "space_url": "acme.signalwire.com"},
    "vonage": {"api_key": "key", "api_secret": KEY},
}
"""What opens the account at each provider."""


class CarriersServer:
    """One running server."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.peers.carriers_server"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def settings(self, timeout_seconds: float = 10) -> CarriersSettings:
        """How clients find it."""
        return CarriersSettings(
            twilio_url=self.url,
            twilio_trunking_url=self.url,
            telnyx_url=self.url,
            signalwire_url=self.url,
            vonage_url=self.url,
            timeout_seconds=timeout_seconds,
        )

    def behave(self, status: int, **how: Any) -> None:
        """Have the next requests answered in this way."""
        httpx.post(f"{self.url}/behave", json={"status": status, **how}, timeout=20)

    def seen(self) -> list[dict[str, Any]]:
        """What it was asked so far, oldest first."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/seen", timeout=20).json()
        return found

    def forget(self) -> None:
        """Have it as at its start."""
        httpx.post(f"{self.url}/forget", timeout=20).raise_for_status()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
