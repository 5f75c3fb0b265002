"""Many calls, calls cut at any moment, and a box that is killed: afterwards all is well."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.box import Box, words_of
from tests.e2e.conftest import Speak, StartBox
from tests.e2e.line import call
from tests.e2e.sound import channels
from tests.peers.baresip import Baresip
from tests.peers.sipp import Sipp

pytestmark = pytest.mark.e2e


@pytest.fixture
async def box(start_box: StartBox) -> Box:
    """A box of the test's own, whose calls it counts."""
    return await start_box()


async def works(box: Box, speak: Speak, folder: Path, port: int) -> None:
    """A call in which everything works."""
    words = speak(5.0, "How much does a cleaning cost?", 8.0, name="good")
    ended = await call(box, folder, port, words, rows=3)
    rows = await box.transcript(ended["call_id"])
    assert ended["status"] == "completed"
    assert "80 dollars" in words_of(rows, "assistant")


async def test_two_hundred_calls_four_at_a_time_leave_the_box_well(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    sipp = await Sipp.start(
        tmp_path / "sipp",
        "uac",
        port=free_port(),
        remote=f"127.0.0.1:{box.sip_port}",
        calls=200,
        at_once=4,
        rate=20,
        pause_ms=300,
    )
    score = await sipp.score(120)
    assert (score.successful, score.failed) == (200, 0)
    await box.idle()
    assert (await box.get("/v1/calls", limit=1))["total"] == 200
    await works(box, speak, tmp_path / "phone", free_port())


async def test_the_fifth_call_at_once_is_busy(
    box: Box, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    four = await Sipp.start(
        tmp_path / "four",
        "uac",
        port=free_port(),
        remote=f"127.0.0.1:{box.sip_port}",
        calls=4,
        at_once=4,
        pause_ms=4000,
    )
    async with asyncio.timeout(20):
        while (await box.get("/readyz"))["parts"]["sip"]["lines_used"] < 4:
            await asyncio.sleep(0.05)
    fifth = await Sipp.start(
        tmp_path / "fifth",
        "refused",
        port=free_port(),
        remote=f"127.0.0.1:{box.sip_port}",
        keys=[("status", "486")],
    )
    score = await fifth.score()
    assert "SIP/2.0 486" in score.messages
    assert (await four.score()).failed == 0


async def test_fifty_calls_cut_at_random_moments_leave_the_box_well(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    moments = random.Random(7)
    words = speak(0.6, "What are your opening hours?", 20.0, name="cut")

    async def callers(name: str, count: int) -> None:
        async with Baresip(tmp_path / name, port=free_port(), say=words) as phone:
            for done in range(count):
                await phone.dial(box.sip)
                await phone.peer.prints("Call established", 20, times=done + 1)
                await asyncio.sleep(moments.uniform(0.0, 4.0))  # the random moment itself
                await phone.hang_up()
                await phone.peer.prints("terminate call", 20, times=done + 1)

    await asyncio.gather(*(callers(f"caller{n}", 17 if n else 16) for n in range(3)))
    await box.idle()
    page = await box.get("/v1/calls", limit=100)
    assert page["total"] == 50
    assert {row["end_reason"] for row in page["results"]} == {"caller_hangup"}
    await works(box, speak, tmp_path / "phone", free_port())


async def test_a_killed_box_remembers_its_call(
    start_box: StartBox, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    box = await start_box()
    words = speak(5.0, "What are your opening hours?", 20.0)
    async with Baresip(tmp_path / "phone", port=free_port(), say=words) as phone:
        await phone.dial(box.sip)
        await phone.answered()
        started = await box.newest_call()
        async with asyncio.timeout(30):
            while len(await box.transcript(started["call_id"])) < 3:
                await asyncio.sleep(0.05)
        before = await box.transcript(started["call_id"])
        await box.kill()
        box = await start_box()
    found = await box.get(f"/v1/calls/{started['call_id']}")
    assert (found["status"], found["end_reason"]) == ("failed", "interrupted")
    assert await box.transcript(started["call_id"]) == before
    path = await box.recording(started["call_id"], tmp_path / "killed.mp3")
    caller, _ = channels(path)
    spoken = before[-1]["end_ms"] / 1000
    assert len(caller) / 16_000 >= spoken - 2.0
