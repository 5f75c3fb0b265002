"""Measures sessions in web pages with LiveKit's own clients: joining, answers, eight at once.

    python bench/web_sessions.py --part join|answers|eight [--try]

join: from the call of `connect` to the first audible sound of the agent, ten times with the
Python client and ten times with livekit-client in Chromium, which has been started but has never
joined before. answers: voice to voice of the Python client beside that of a SIP phone, with one
box; the client's own buffers are part of it, whereas SIP is measured on the wire. eight: eight
Python clients talk with a box whose engines answer at once: what WebRTC had to conceal, how long
answers took, and how much processor a session cost. A run that is cut keeps nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
from box import MODELS, Box, go_first, load, report
from processor import used_s
from talk import QUESTIONS, Turn, converse, percentiles, voices
from web_talk import Door, ask, grown, questions, received, summed

from tests.peers.chromium import Chromium, Pages
from tests.peers.web_client import WebClient

GOALS = {
    "join_python_p95_ms": 300.0,
    "join_chromium_p95_ms": 500.0,
    "later_than_sip_p50_ms": 100.0,
    "processor_per_session_percent": 6.0,
    "concealed_share_percent": 0.1,
}
SESSIONS = 8
SECONDS = 60.0
SETTLE_S = 5.0


def main() -> None:
    """Measure one part, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parts: dict[str, Callable[[argparse.Namespace], Coroutine[Any, Any, dict[str, Any]]]] = {
        "join": join,
        "answers": answers,
        "eight": eight,
    }
    parser.add_argument("--part", choices=parts, required=True)
    parser.add_argument("--models", choices=(*MODELS, "instant"), default="starter")
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="joins or turns of each")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="that eight talk")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    go_first()
    before = load()
    result = asyncio.run(parts[options.part](options))
    loads = {"before": before, "after": load()}
    report(f"web_{options.part}", {"load": loads, **result}, not options.trial)


async def join(options: argparse.Namespace) -> dict[str, Any]:
    """How long a visitor waits for the first sound."""
    with Box("starter") as box:
        door = Door(box)
        # The first session makes the sound of the greeting.
        await join_python(door)
        python = [await join_python(door) for _ in range(options.runs)]
        chromium = await join_chromium(door, options.runs)
        await door.close()
    found = {"python": percentiles(python), "chromium": percentiles(chromium)}
    measured = {
        "join_python_p95_ms": found["python"]["p95"],
        "join_chromium_p95_ms": found["chromium"]["p95"],
    }
    every = {"python": rounded(python), "chromium": rounded(chromium)}
    return {"join_to_sound_ms": found, "all_ms": every, "goals": judge(measured)}


async def join_python(door: Door) -> float:
    """One join; ms until the agent is heard."""
    async with WebClient(*await door.session()) as visitor:
        heard = await visitor.voice_after(0)
        return (heard - visitor.joined_at) * 1e3


async def join_chromium(door: Door, runs: int) -> list[float]:
    """So many joins, each in a page of its own."""
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Pages() as pages:
        async with Chromium(Path(folder)) as browser:
            for _ in range(runs):
                url, token = await door.session()
                page = await browser.open(f"{pages.url}/visitor.html")
                await page.run(f"join({json.dumps(url)}, {json.dumps(token)}, true)")
                heard = await page.voice_after()
                found.append(heard - await page.run("seen.joinedAt"))
                await page.run("leave()")
    return found


async def answers(options: argparse.Namespace) -> dict[str, Any]:
    """Voice to voice by SIP and by WebRTC, in turn with the same box."""
    sounds, spoken = await asyncio.to_thread(voices, QUESTIONS), await questions()
    with Box(options.models) as box:
        by_sip = await asyncio.to_thread(
            lambda: list(converse(box.sip_port, options.runs, sounds, 0))
        )
        door = Door(box)
        async with WebClient(*await door.session()) as visitor:
            await visitor.voice_after(0)
            await visitor.quiet()
            by_web = [
                await ask(visitor, question, spoken[question])
                for number in range(options.runs)
                for question in (QUESTIONS[number % len(QUESTIONS)],)
            ]
            counted = await received(visitor)
        await door.close()
    found = {"sip": of(by_sip), "web": of(by_web)}
    later = (found["web"]["p50"] or 0) - (found["sip"]["p50"] or 0)
    return {
        "models": options.models,
        "voice_to_voice_ms": found,
        "client_buffer_ms": round(counted["buffer_ms"], 1),
        "all_ms": {
            "sip": [turn.latency_ms and round(turn.latency_ms, 1) for turn in by_sip],
            "web": [turn.latency_ms and round(turn.latency_ms, 1) for turn in by_web],
        },
        "goals": judge({"later_than_sip_p50_ms": round(later, 1)}),
    }


async def eight(options: argparse.Namespace) -> dict[str, Any]:
    """What a full house costs and hears."""
    spoken = await questions()
    with Box("instant", 2.0) as box:
        door = Door(box)
        async with AsyncExitStack() as house:
            await asyncio.sleep(SETTLE_S)
            idle = await processor_of(box, SETTLE_S)
            visitors = [
                await house.enter_async_context(WebClient(*await door.session()))
                for _ in range(SESSIONS)
            ]
            for visitor in visitors:
                await visitor.voice_after(0)
            before = [await received(visitor) for visitor in visitors]
            began, used = time.monotonic(), used_s(box.process.pid)
            end = began + options.seconds
            turns = await asyncio.gather(
                *(keep_asking(visitor, spoken, end, at) for at, visitor in enumerate(visitors))
            )
            busy = (used_s(box.process.pid) - used) / (time.monotonic() - began)
            after = [await received(visitor) for visitor in visitors]
        await door.close()
        box.stop()
        lag, peak = box.loop_lag_ms(), box.peak_memory_mb
    heard = summed([grown(*pair) for pair in zip(before, after, strict=True)])
    share = heard["concealed_ms"] / (heard["seconds"] * 1e3) * 100
    measured = {
        "processor_per_session_percent": round((busy - idle) / SESSIONS * 100, 2),
        "concealed_share_percent": round(share, 3),
    }
    return {
        "sessions": SESSIONS,
        "processor_percent": {"idle": round(idle * 100, 1), "busy": round(busy * 100, 1)},
        "received": heard,
        "voice_to_voice_ms": of([turn for each in turns for turn in each]),
        "unanswered": sum(turn.latency_ms is None for each in turns for turn in each),
        "event_loop_lag_ms": lag,
        "peak_memory_mb": peak,
        "goals": judge(measured),
    }


async def keep_asking(
    visitor: WebClient, spoken: dict[str, np.ndarray], end: float, first: int
) -> list[Turn]:
    """Ask one question after the other until a moment."""
    turns: list[Turn] = []
    await visitor.quiet()
    while time.monotonic() < end:
        question = QUESTIONS[(first + len(turns)) % len(QUESTIONS)]
        turns.append(await ask(visitor, question, spoken[question]))
    return turns


async def processor_of(box: Box, seconds: float) -> float:
    """Cores that the box uses while nobody calls."""
    before = used_s(box.process.pid)
    await asyncio.sleep(seconds)
    return (used_s(box.process.pid) - before) / seconds


def of(turns: list[Turn]) -> dict[str, float | int | None]:
    """Percentiles of the turns that were answered."""
    return percentiles([turn.latency_ms for turn in turns if turn.latency_ms is not None])


def rounded(values: list[float]) -> list[float]:
    """To tenths."""
    return [round(value, 1) for value in values]


def judge(measured: dict[str, float | int | None]) -> dict[str, Any]:
    """What was measured beside what is wanted."""
    return {
        name: {
            "goal": GOALS[name],
            "measured": value,
            "met": value is not None and value <= GOALS[name],
        }
        for name, value in measured.items()
    }


if __name__ == "__main__":
    main()
