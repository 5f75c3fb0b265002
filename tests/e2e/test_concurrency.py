"""Many at once, and `kill -9` in between: one write wins, money adds up, nothing told is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.box import Box, Ports
from tests.e2e.conftest import StartBox
from tests.peers.process import until
from tests.peers.sipp import Sipp

pytestmark = pytest.mark.e2e

AGENT = {"name": "0", "prompt": "Be brief.", "voice": "en-US-James1"}
TOP_UP_CENTS = 7


async def test_of_fifty_conditional_patches_at_once_one_wins_every_round(box: Box) -> None:
    made = (await box.api.post("/v1/agents", json=AGENT)).json()
    url = f"/v1/agents/{made['id']}"
    winners: list[str] = []
    for turn in range(8):
        seen = (await box.get(url))["updated_at"]
        bodies = [{"name": f"{turn}-{n}", "if_updated_at": seen} for n in range(50)]
        answers = await asyncio.gather(*(box.api.patch(url, json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
        winners += [answer.json()["name"] for answer in answers if answer.status_code == 200]
        assert (await box.get(url))["name"] == winners[-1]
    versions = (await box.get(f"{url}/versions", limit=8))["results"]
    assert [version["snapshot"]["name"] for version in versions] == winners[::-1]


@dataclass
class Told:
    """What the box has said is done."""

    names: dict[int, int] = field(default_factory=dict)
    """The last name, a number, that each agent was given."""
    top_ups: set[str] = field(default_factory=set)
    charges: dict[int, int] = field(default_factory=dict)
    """What each call that is over has cost, in cents."""


@asynccontextmanager
async def busy(box: Box, told: Told, folder: Path, port: int, life: int) -> AsyncIterator[None]:
    """Four phones call and hang up, two agents are changed, and credit is added, all the time."""
    remote = f"127.0.0.1:{box.sip_port}"
    sipp = await Sipp.start(
        folder, "uac", port=port, remote=remote, calls=10_000, at_once=4, pause_ms=100
    )
    writers = [rename(box, told, agent_id) for agent_id in told.names]
    tasks = [asyncio.create_task(each) for each in (*writers, top_up(box, told, life))]
    tasks.append(asyncio.create_task(watch_calls(box, told)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await sipp.kill()
    assert all(isinstance(end, asyncio.CancelledError | httpx.TransportError) for end in ends), ends


async def rename(box: Box, told: Told, agent_id: int) -> None:
    while True:
        number = told.names[agent_id] + 1
        answer = await box.api.patch(f"/v1/agents/{agent_id}", json={"name": str(number)})
        assert answer.status_code == 200, answer.text
        told.names[agent_id] = number


async def top_up(box: Box, told: Told, life: int) -> None:
    number = 0
    while True:
        key = f"{life}-{number}"
        body = {"amount_cents": TOP_UP_CENTS, "idempotency_key": key}
        answer = await box.api.post("/v1/billing/top-up", json=body)
        assert answer.is_success, answer.text
        told.top_ups.add(key)
        number += 1


async def watch_calls(box: Box, told: Told) -> None:
    while True:
        for call in (await box.get("/v1/calls", limit=50, status="completed"))["results"]:
            told.charges[call["call_id"]] = call["billing_total_cents"]
        await asyncio.sleep(0.02)


async def check(box: Box, told: Told) -> None:
    """All that was told is there, once; what was under way when the box died is there or not."""
    for agent_id, last in told.names.items():
        versions = await box.get(f"/v1/agents/{agent_id}/versions", limit=100)
        names = [int(version["snapshot"]["name"]) for version in versions["results"]]
        assert names[0] in (last, last + 1)
        assert names == list(range(names[0], names[0] - len(names), -1))
        told.names[agent_id] = names[0]
    account = await box.get("/v1/billing")
    with closing(sqlite3.connect(box.server.data / "thunderbox.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = db.execute("SELECT amount_cents, kind, call_id, idempotency_key FROM ledger")
        entries: list[tuple[int, str, int | None, str | None]] = rows.fetchall()
        calls: dict[int, tuple[str, int | None]] = {
            row[0]: row[1:]
            for row in db.execute("SELECT id, status, billing_total_cents FROM calls")
        }
    assert account["balance_cents"] == sum(entry[0] for entry in entries)
    assert told.top_ups <= {entry[3] for entry in entries}
    charged = {call_id: -cents for cents, kind, call_id, _ in entries if kind == "call_usage"}
    assert len(charged) == sum(entry[1] == "call_usage" for entry in entries)
    ended = {number: cents for number, (status, cents) in calls.items() if status != "in_progress"}
    assert charged == {number: cents for number, cents in ended.items() if cents}
    assert told.charges.items() <= ended.items()


async def test_kill_9_while_calls_end_and_writes_come_loses_nothing_that_was_told(
    start_box: StartBox, tmp_path: Path, free_port: Ports
) -> None:
    told = Told()
    for life in range(4):
        box = await start_box()
        if life == 0:
            for _ in range(2):
                made: dict[str, Any] = (await box.api.post("/v1/agents", json=AGENT)).json()
                told.names[made["id"]] = 0
        await check(box, told)
        if life == 3:
            break
        before = (len(told.top_ups), len(told.charges), sum(told.names.values()))
        async with busy(box, told, tmp_path / f"life-{life}", free_port(), life):
            await until(
                lambda before=before: (
                    len(told.top_ups) > before[0] + 20
                    and len(told.charges) > before[1] + 5
                    and sum(told.names.values()) > before[2] + 40
                ),
                60,
                lambda: str(told),
            )
            box.server.kill()
        await box.api.aclose()
    assert len(told.charges) > 15
