"""Process: a peer that runs as a program of its own, ended by its own process id."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

DEADLINE = 20.0


async def until(
    condition: Callable[[], object],
    seconds: float = DEADLINE,
    what: str | Callable[[], str] = "",
) -> None:
    """Wait until something is true. Raises TimeoutError that says what was not."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        if loop.time() > deadline:
            said = what if isinstance(what, str) else what()
            raise TimeoutError(f"not within {seconds:g} s: {said or condition}")
        await asyncio.sleep(0.02)


class Peer:
    """A running program and what it printed so far."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self.name = name
        self.output = ""
        self._process = process
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def spawn(cls, arguments: Sequence[str], directory: Path) -> Peer:
        """Start a program. Raises FileNotFoundError that names a missing one."""
        if shutil.which(arguments[0]) is None:
            raise FileNotFoundError(f"{arguments[0]} is not installed")
        process = await asyncio.create_subprocess_exec(
            *arguments,
            cwd=directory,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process, arguments[0])

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    async def type(self, text: str) -> None:
        """Write to the program's standard input."""
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(ConnectionError):
            stdin.write(text.encode())
            await stdin.drain()

    async def prints(self, text: str, seconds: float = DEADLINE, times: int = 1) -> None:
        """Wait until the program has printed something. Raises TimeoutError with its output."""
        try:
            await until(lambda: self.output.count(text) >= times, seconds, f"{text!r}")
        except TimeoutError as error:
            raise TimeoutError(f"{self.name}: {error}; it printed:\n{self.output}") from None

    async def ends(self, seconds: float = DEADLINE) -> int:
        """Wait for the program's end; returns its exit status."""
        try:
            async with asyncio.timeout(seconds):
                status = await self._process.wait()
                await self._reader
        except TimeoutError:
            raise TimeoutError(f"{self.name} goes on; it printed:\n{self.output}") from None
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End the program at once."""
        if self._process.returncode is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
        await self.ends()

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        while chunk := await stdout.read(4096):
            self.output += chunk.decode(errors="replace")
