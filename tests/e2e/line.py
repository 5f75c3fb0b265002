"""Calls to a box: of a telephone that says a WAV, and of a phone whose sound a test hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.box import Box
from tests.conftest import take_free_port
from tests.peers.baresip import Baresip
from tests.sip.receptionist import Receptionist, phone
from thunderbox.calls.ports import Destination
from thunderbox.voice.leg import Answered, Leg, LegEvent


async def call(
    box: Box, folder: Path, port: int, say: Path, rows: int | None = None
) -> dict[str, Any]:
    """Dial the box, say the WAV, hang up at its end or as soon as the transcript has so many
    rows; the call as the box recorded it."""
    async with Baresip(folder, port=port, say=say) as telephone:
        await telephone.dial(box.sip)
        await telephone.answered()
        if rows is None:
            await telephone.peer.prints("terminated (duration", 90)
        else:
            await box.transcript_of(rows, 60)
            await telephone.hang_up()
    return await box.ended_call()


@asynccontextmanager
async def calling(box: Box) -> AsyncIterator[Leg]:
    """A call to the box that was answered, from a phone of the test's own."""
    # PJSIP in a process of its own: started again and again within one, it can end that.
    async with phone(take_free_port(), Receptionist(), separate_process=True) as running:
        leg = await running.dial(Destination(box.sip, "test"), 20)
        while not isinstance(await asyncio.wait_for(leg.events.get(), 30), Answered):
            pass
        try:
            yield leg
        finally:
            await leg.hang_up()


async def follow(leg: Leg, seconds: float) -> list[bytes]:
    """What the phone hears until the end of the call, for at most so long."""
    heard: list[bytes] = []
    while len(heard) < seconds * 50 and (tick := await leg.tick()) is not None:
        heard.append(tick.far)
    return heard


def events_of(leg: Leg) -> list[LegEvent]:
    """What has happened on the phone's line."""
    return [leg.events.get_nowait() for _ in range(leg.events.qsize())]


def samples_of(frames: list[bytes]) -> np.ndarray:
    """Frames as one row of samples."""
    return np.frombuffer(b"".join(frames), "<i2").astype(int)
