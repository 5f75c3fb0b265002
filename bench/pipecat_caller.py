"""The caller of the Pipecat bot: the same questions, the same measure as on the phone.

    python bench/pipecat_caller.py SETTINGS.json OUT.json

Runs in Pipecat's environment, for its WebSocket library. Sends 20 ms of mu-law every 20 ms.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import mulaw
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

FRAME = 160
LEVEL = 250
SILENCE = bytes([mulaw.SILENCE]) * FRAME
THINK_S = 0.4
QUIET_S = 1.5
ANSWER_SECONDS = 40.0


class Caller:
    """One connection: sound out on a clock, sound in with its time."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._frames: list[bytes] = []
        self._said = asyncio.Event()
        self._last_sent = 0.0
        self._voiced: list[float] = []

    async def send(self) -> None:
        """Send a frame every 20 ms, for ever."""
        due = time.monotonic()
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            frame = self._frames.pop(0) if self._frames else SILENCE
            payload = base64.b64encode(frame).decode()
            await self._socket.send(json.dumps({"event": "media", "media": {"payload": payload}}))
            if is_voiced(frame):
                self._last_sent = time.monotonic()
            if not self._frames:
                self._said.set()
            due += 0.02

    async def receive(self) -> None:
        """Note when sound with voice comes, for ever."""
        async for message in self._socket:
            now = time.monotonic()
            event: dict[str, Any] = json.loads(message)
            if event.get("event") == "media" and is_voiced(
                base64.b64decode(event["media"]["payload"])
            ):
                self._voiced.append(now)

    async def hear_out(self, after: float) -> float | None:
        """When the bot began to speak after a moment, once it has finished."""
        limit = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < limit:
            heard = [at for at in self._voiced if at > after]
            if heard and time.monotonic() - heard[-1] > QUIET_S:
                return heard[0]
            await asyncio.sleep(0.02)
        return None

    async def ask(self, codes: bytes) -> float | None:
        """Ask, hear the answer out; ms from the last voice sent to the first received."""
        await asyncio.sleep(THINK_S)
        codes += bytes([mulaw.SILENCE]) * (-len(codes) % FRAME)
        self._frames = [codes[at : at + FRAME] for at in range(0, len(codes), FRAME)]
        self._said.clear()
        await self._said.wait()
        begun = await self.hear_out(self._last_sent)
        return None if begun is None else round((begun - self._last_sent) * 1000, 1)


async def main(settings: dict[str, Any]) -> list[float | None]:
    """One call of some turns."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    sounds = [base64.b64decode(sound) for sound in settings["sounds"]]
    async with connect(f"ws://127.0.0.1:{settings['port']}", max_size=None) as socket:
        caller = Caller(socket)
        tasks = [asyncio.create_task(caller.send()), asyncio.create_task(caller.receive())]
        try:
            await caller.hear_out(0.0)
            found = [
                await caller.ask(sounds[turn % len(sounds)]) for turn in range(settings["turns"])
            ]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return found


def is_voiced(codes: bytes) -> bool:
    """Whether a piece of sound is louder than a line's noise."""
    return bool(np.abs(mulaw.decode(codes).astype(np.int32)).max(initial=0) > LEVEL)


if __name__ == "__main__":
    measured = asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
    Path(sys.argv[2]).write_text(json.dumps(measured), encoding="utf-8")
