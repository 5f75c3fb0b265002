"""Web talk: visitors of a box for benches, by LiveKit's own clients, and what they received."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from box import Box
from talk import ANSWER_SECONDS, QUESTIONS, THINK_S, VOICE, Turn

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from tests.peers.web_client import WebClient  # noqa: E402
from thunderbox.voice.engines.espeak import Espeak  # noqa: E402

QUIET_S = 0.7


class Door:
    """The API of a box, which opens sessions with its first agent."""

    def __init__(self, box: Box) -> None:
        key = (box.folder / "data" / "secrets" / "bootstrap-api-key").read_text().strip()
        self._api = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{box.api_port}",
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=20,
        )

    async def session(self) -> tuple[str, str]:
        """Address and token of a new session."""
        answer = await self._api.post("/v1/mic-session", json={"agent_id": 1})
        ticket = answer.raise_for_status().json()
        return ticket["server_url"], ticket["token"]

    async def close(self) -> None:
        """Ask no more."""
        await self._api.aclose()


async def questions() -> dict[str, np.ndarray]:
    """The sound of the questions, 16 kHz."""
    engine = Espeak()
    try:
        return {
            text: np.frombuffer(b"".join([part async for part in engine.speak(text, VOICE)]), "<i2")
            for text in QUESTIONS
        }
    finally:
        engine.close()


async def ask(visitor: WebClient, question: str, sound: np.ndarray) -> Turn:
    """Ask, and hear the answer out."""
    await asyncio.sleep(THINK_S)
    asked = await visitor.speak(sound)
    try:
        answered = await visitor.voice_after(asked, ANSWER_SECONDS)
    except TimeoutError:
        return Turn(question, int(asked * 1e9), 0, None)
    await visitor.quiet(QUIET_S, ANSWER_SECONDS)
    return Turn(question, int(asked * 1e9), int(answered * 1e9), (answered - asked) * 1e3)


async def received(visitor: WebClient) -> dict[str, float]:
    """What WebRTC counted of the agent's sound so far."""
    stats = await visitor.stats()
    found = [
        one.inbound_rtp
        for one in (*stats.publisher_stats, *stats.subscriber_stats)
        if one.WhichOneof("stats") == "inbound_rtp"
    ]
    sound = [one.inbound for one in found]
    return {
        "packets": sum(one.received.packets_received for one in found),
        "lost": sum(one.received.packets_lost for one in found),
        "seconds": sum(one.total_samples_received for one in sound) / 48_000,
        "concealed_ms": sum(one.concealed_samples for one in sound) / 48,
        "concealments": sum(one.concealment_events for one in sound),
        "buffer_ms": sum(one.jitter_buffer_delay for one in sound)
        / max(1, sum(one.jitter_buffer_emitted_count for one in sound))
        * 1e3,
    }


def grown(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was counted in between; the buffer's delay as it is now."""
    found = {name: round(after[name] - before[name], 1) for name in after}
    return {**found, "buffer_ms": round(after["buffer_ms"], 1)}


def summed(each: Sequence[dict[str, float]]) -> dict[str, Any]:
    """All visitors together, and the one that received worst."""
    total = {name: round(sum(one[name] for one in each), 1) for name in each[0]}
    total["buffer_ms"] = round(total["buffer_ms"] / len(each), 1)
    return {**total, "worst_concealed_ms": max(one["concealed_ms"] for one in each)}
