"""Receptionist: a handler of calls that answers, says a tone, and keeps what happens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from tests.peers.process import until
from tests.peers.waves import Samples, tone
from thunderbox.calls.ports import Invitation
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip.endpoint import Phone, Timing
from thunderbox.voice.leg import Digit, Ended, Leg, LegEvent, Tick

TONE_HZ = 440


class Conversation:
    """One call as the handler saw it."""

    def __init__(self, leg: Leg, invitation: Invitation | None = None) -> None:
        self.leg = leg
        self.invitation = invitation
        self.ticks: list[Tick] = []
        self.events: list[LegEvent] = []
        self.task: asyncio.Task[None] | None = None

    @property
    def far(self) -> Samples:
        """All that came in."""
        return np.frombuffer(b"".join(tick.far for tick in self.ticks), dtype="<i2")

    @property
    def near(self) -> Samples:
        """All that was sent."""
        return np.frombuffer(b"".join(tick.near for tick in self.ticks), dtype="<i2")

    @property
    def digits(self) -> str:
        """The keys that were pressed."""
        return "".join(event.digit for event in self.events if isinstance(event, Digit))

    @property
    def end(self) -> Ended | None:
        """How it ended, None while it goes on."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Ended) else None

    async def ended(self, seconds: float = 20) -> Ended:
        """Wait for the end."""
        await until(
            lambda: self.end, seconds, lambda: f"the end of {self.leg.name}, got {self.events}"
        )
        assert self.end is not None
        return self.end

    def has(self, kind: type[LegEvent]) -> bool:
        """Whether an event of a kind came."""
        return any(isinstance(event, kind) for event in self.events)

    async def follow(self) -> None:
        """Collect ticks and events until the end."""

        async def listen() -> None:
            while (tick := await self.leg.tick()) is not None:
                self.ticks.append(tick)

        listener = asyncio.create_task(listen())
        while self.end is None:
            self.events.append(await self.leg.events.get())
        await listener


class Receptionist:
    """Answers every call, says a tone for some seconds and follows the call to its end."""

    def __init__(self, speaks: float = 3.0) -> None:
        self.calls: list[Conversation] = []
        self._speech = tone(TONE_HZ, speaks, 16000).tobytes() if speaks else b""

    async def __call__(self, leg: Leg, invitation: Invitation) -> None:
        """Handle one call."""
        call = Conversation(leg, invitation)
        self.calls.append(call)
        await leg.answer()
        if self._speech:
            leg.play(self._speech)
        await call.follow()

    async def call(self, number: int = 0) -> Conversation:
        """Wait for a call."""
        await until(lambda: len(self.calls) > number, 20, f"call {number}")
        return self.calls[number]


@asynccontextmanager
async def phone(
    port: int,
    on_ring: Callable[[Leg, Invitation], Awaitable[None]],
    *,
    trunk: TrunkSettings | None = None,
    timing: Timing | None = None,
    **settings: Any,
) -> AsyncIterator[Phone]:
    """A running phone on 127.0.0.1; `SEPARATE_PROCESS=0 pytest tests/sip` has PJSIP in here."""
    settings.setdefault("separate_process", os.environ.get("SEPARATE_PROCESS") != "0")
    chosen = SipSettings(**{"host": "127.0.0.1", "port": port, "rtp_port": 20000, **settings})
    running = Phone(chosen, trunk or TrunkSettings(), on_ring, timing or Timing())
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


async def follow(leg: Leg) -> Conversation:
    """Start following an outbound leg."""
    call = Conversation(leg)
    call.task = asyncio.create_task(call.follow())
    return call
