"""A box in a process of its own, on free ports, for tests that need the whole of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import httpx


class BoxProcess:
    """`thunderbox serve` as a context: ready inside, stopped with SIGINT after it."""

    def __init__(self, data: Path, free_port: Callable[[], int], **environment: str) -> None:
        self.data = data
        self.api_port, self.sip_port = free_port(), free_port()
        rtp_port = min(free_port() // 2 * 2, 60_000)
        self.environment = {
            **os.environ,
            "THUNDERBOX_DATA": str(data),
            "THUNDERBOX_API_PORT": str(self.api_port),
            "THUNDERBOX_SIP_HOST": "127.0.0.1",
            "THUNDERBOX_SIP_PORT": str(self.sip_port),
            "THUNDERBOX_SIP_RTP_PORT": str(rtp_port),
            **environment,
        }
        self.log = data.parent / f"{data.name}.log"
        self.process: subprocess.Popen[bytes]

    def run(self, *command: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """Run a command with this box's settings."""
        return subprocess.run(
            [sys.executable, "-m", "thunderbox.cli.main", *command],
            env=self.environment, cwd=self.data.parent, capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip

    def start(self) -> None:
        """Start and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "thunderbox.cli.main", "serve"],
                env=self.environment, cwd=self.data.parent, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{self.api_port}/readyz").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the box did not start:\n{self.log.read_text()}")

    def stop(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """Send a signal; the exit status and how long it took, in seconds."""
        begun = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(20), time.monotonic() - begun

    def __enter__(self) -> BoxProcess:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
