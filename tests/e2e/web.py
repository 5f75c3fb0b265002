"""Sessions in web pages as a server of a site opens them, and what the box keeps of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.box import Box, Rows, Until, is_there
from tests.e2e.sound import channels, transcribe

PAGE = "http://localhost:3000"
"""Where the widget's page would be."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a client needs to join."""

    call_id: int
    room_name: str
    token: str
    url: str


async def mic_session(box: Box, agent_id: int = 1) -> Session:
    """Open a session with an agent, as a server does for its client."""
    answer = await box.api.post("/v1/mic-session", json={"agent_id": agent_id})
    assert answer.status_code == 201, answer.text
    return _session(answer.json())


async def quiet_session(box: Box) -> Session:
    """A session in which the visitor speaks first."""
    return await mic_session(box, await box.change_agent(inbound_speak_order="caller_first"))


async def widget_session(box: Box, key: str, origin: str = PAGE) -> Session:
    """Open a session with a publishable key, as the widget does in a page."""
    headers = {"Authorization": "", "X-API-Key": key, "Origin": origin}
    answer = await box.api.post("/v1/widget/session", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    return _session(answer.json())


async def publishable_key(
    box: Box, agent_id: int = 1, domains: Sequence[str] = ("localhost",)
) -> dict[str, Any]:
    """A key for pages of these sites, and of this machine."""
    shown = await box.api.patch(f"/v1/agents/{agent_id}", json={"widget_enabled": True})
    assert shown.status_code == 200, shown.text
    body = {"name": "Tests", "agent_id": agent_id, "allowed_domains": domains}
    made = await box.api.post("/v1/publishable-key", json=body)
    assert made.status_code == 201, made.text
    key: dict[str, Any] = made.json()
    return key


async def ended(box: Box, call_id: int, seconds: float = 20.0) -> dict[str, Any]:
    """A call, once it is over."""
    async with asyncio.timeout(seconds):
        while True:
            call: dict[str, Any] = await box.get(f"/v1/calls/{call_id}")
            if call["status"] != "in_progress":
                return call
            await asyncio.sleep(0.05)


async def rows_of(box: Box, call_id: int, until: Until, seconds: float = 20.0) -> Rows:
    """A call's transcript once it has so many rows, or is as it should be."""
    rows: Rows = []
    try:
        async with asyncio.timeout(seconds):
            while not is_there(rows := await box.transcript(call_id), until):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"after {seconds:g} s the transcript is only {rows}") from None
    return rows


async def both_sides(box: Box, call_id: int, folder: Path) -> tuple[str, str]:
    """The words in a call's recording: the visitor's, the agent's."""
    visitor, agent = channels(await box.recording(call_id, folder / f"{call_id}.mp3"))
    return await transcribe(visitor), await transcribe(agent)


def _session(answer: dict[str, Any]) -> Session:
    return Session(answer["call_id"], answer["room_name"], answer["token"], answer["server_url"])
