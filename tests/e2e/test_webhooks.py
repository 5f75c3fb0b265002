"""Webhooks of a box as it is run: nothing is lost, whatever receivers and the box itself do.

The storm is short here. Its long form, 10,000 events and 20 times `kill -9`, takes some minutes:

    STORM_EVENTS=10000 STORM_KILLS=20 .venv/bin/pytest tests/e2e/test_webhooks.py -s --timeout 1800
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from thunderphone import verify_signature

from tests.box import Box, Ports
from tests.e2e.conftest import StartBox
from tests.peers.hooks import Arrival, Hook, slow, steady, unreliable
from tests.peers.process import until
from tests.peers.sipp import Sipp

pytestmark = pytest.mark.e2e

EVENTS = int(os.environ.get("STORM_EVENTS", "150"))
KILLS = int(os.environ.get("STORM_KILLS", "1"))
AT_ONCE = 8
CALLS = 20
"""Calls that the reports are about; of one call events come one after the other."""
DELAY_MS = 1000
ENDPOINTS = "/v1/developer/webhook-endpoints"
QUIET = {
    "SIP_ENABLED": "false",
    "GRADING_ENABLED": "false",
    "WEBHOOKS_RETRY_SECONDS": 1,
    "LIMITS_REQUESTS_PER_MINUTE": 0,
}


@asynccontextmanager
async def hooks(*found: Hook) -> AsyncIterator[None]:
    for hook in found:
        await hook.start()
    try:
        yield
    finally:
        for hook in found:
            await hook.stop()


def put_call(data: Path) -> int:
    """A call that is over, which reports can be about."""
    with closing(sqlite3.connect(data / "thunderbox.db", timeout=10)) as db, db:
        made = db.execute(
            "INSERT INTO calls (org_id, direction, from_number, to_number, started_at, ended_at, "
            "status, prompt, voice, product, thinking_level, tools) VALUES (1, 'inbound', "
            "'+14155550100', '+15550100', 1777000000000, 1777000009000, 'completed', '', '', "
            "'spark', 'base', '[]')"
        )
        return int(made.lastrowid or 0)


@dataclass
class Storm:
    """Reports that are filed as quickly as the box takes them, and how often it was killed."""

    start_box: StartBox
    box: Box
    call_ids: list[int]
    filed: set[str] = field(default_factory=set)
    """The trace ids of the reports that the box has confirmed."""
    lives: list[list[int]] = field(default_factory=lambda: [[now_ms()]])
    """When the box was there: [ready, killed], in ms."""

    async def run(self) -> None:
        """File EVENTS reports, and kill the box KILLS times between."""
        alive = asyncio.Event()
        alive.set()
        filing = [asyncio.create_task(self._file(alive)) for _ in range(AT_ONCE)]
        for kill in range(1, KILLS + 1):
            await until(
                lambda due=kill * EVENTS // (KILLS + 1): len(self.filed) >= due,  # type: ignore[misc]
                seconds=600,
                what="reports",
            )
            alive.clear()
            self.lives[-1].append(now_ms())
            await self.box.kill()
            self.box = await self.start_box(**QUIET)
            self.lives.append([now_ms()])
            alive.set()
        await asyncio.gather(*filing)

    async def _file(self, alive: asyncio.Event) -> None:
        while len(self.filed) < EVENTS:
            await alive.wait()
            call_id = self.call_ids[len(self.filed) % len(self.call_ids)]
            path = f"/v1/calls/{call_id}/issue-reports"
            try:
                answer = await self.box.api.post(path, json={"title": "Wrong price"})
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            assert answer.status_code == 201, answer.text
            self.filed.add(answer.json()["trace_id"])

    def calm(self, arrival: Arrival) -> bool:
        """Whether the box lived from the event to its arrival."""
        happened = ms_of(arrival.event["created_at"])
        return any(
            life[0] <= happened and (len(life) == 1 or arrival.at < life[1]) for life in self.lives
        )


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def ms_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def missing(hook: Hook, filed: set[str]) -> set[str]:
    return filed - {arrival.event["data"]["trace_id"] for arrival in hook.arrivals}


@pytest.mark.timeout(1800)
async def test_nothing_is_lost_while_receivers_fail_and_the_box_is_killed(start_box: StartBox):
    box = await start_box(**QUIET)
    chance = random.Random(7)
    calm, late, shaky, gone = (
        Hook(manner) for manner in (steady, slow(0.05), unreliable(chance), steady)
    )
    every = {"steady": calm, "slow": late, "unreliable": shaky, "restarted": gone}
    async with hooks(*every.values()):
        secrets = {}
        for label, hook in every.items():
            body = {"label": label, "url": hook.url, "events": ["issue.reported"]}
            made = await box.api.post(ENDPOINTS, json=body)
            secrets[label] = made.json()["secret"]
        await gone.stop()
        storm = Storm(start_box, box, [put_call(box.server.data) for _ in range(CALLS)])
        begun = time.monotonic()
        raging = asyncio.create_task(storm.run())
        await until(lambda: len(storm.filed) >= EVENTS // 3, seconds=900, what="reports")
        await gone.start()
        await raging
        filed_in = time.monotonic() - begun
        for hook in every.values():
            await until(lambda one=hook: not missing(one, storm.filed), seconds=900, what="events")  # type: ignore[misc]
    began_at = storm.lives[0][0]
    last = {
        label: round((max(one.at for one in hook.arrivals) - began_at) / 1000, 1)
        for label, hook in every.items()
    }

    for label, hook in every.items():
        ids: dict[str, set[str]] = {}
        for arrival in hook.arrivals:
            ids.setdefault(arrival.event["data"]["trace_id"], set()).add(arrival.event["event_id"])
            assert arrival.headers["x-thunderphone-signature"] == v1(secrets[label], arrival.body)
        assert {len(found) for found in ids.values()} == {1}, "a duplicate has another event id"
    delays = sorted(
        arrival.at - ms_of(arrival.event["created_at"])
        for arrival in calm.arrivals
        if storm.calm(arrival)
    )
    p99 = delays[len(delays) * 99 // 100]
    repeated = {label: len(hook.arrivals) - len(storm.filed) for label, hook in every.items()}
    p50 = delays[len(delays) // 2]
    print(
        f"\n{len(storm.filed)} events, {KILLS} kills: filed in {filed_in:.1f} s, "
        f"the last one there after so many s: {last}; steady receiver p50 {p50} ms, "
        f"p99 {p99} ms; more than once: {repeated}"
    )
    assert len(delays) > EVENTS * 0.7 and p99 < DELAY_MS


def v1(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def test_the_life_of_an_n8n_trigger(box: Box):
    """Activate, find it again, hear of something, deactivate, and once more."""
    hook = Hook(steady)
    async with hooks(hook):
        events = ["call.graded", "issue.reported"]
        made = await box.api.post(
            ENDPOINTS, json={"label": "n8n", "url": hook.url, "events": events}
        )
        assert made.status_code == 201
        endpoint = made.json()
        assert isinstance(endpoint["id"], str) and isinstance(endpoint["secret"], str)
        listed = (await box.api.get(ENDPOINTS)).json()
        assert isinstance(listed, list)
        assert any(one["url"] == hook.url and set(one["events"]) == set(events) for one in listed)
        path = f"/v1/calls/{put_call(box.server.data)}/issue-reports"
        await box.api.post(path, json={"title": "Zoë was rude"})
        await until(lambda: bool(hook.arrivals), what="an event")
        (arrival,) = hook.arrivals
        assert arrival.headers["x-thunderphone-signature"] == v1(endpoint["secret"], arrival.body)
        assert arrival.event["type"] == "issue.reported"
        assert (await box.api.delete(f"{ENDPOINTS}/{endpoint['id']}")).is_success
        assert (await box.api.delete(f"{ENDPOINTS}/{endpoint['id']}")).status_code == 404
        await box.api.post(path, json={"title": "Nobody hears of this"})
        assert len(hook.arrivals) == 1


async def test_receivers_of_a_call_check_what_they_get(box: Box, tmp_path: Path, free_port: Ports):
    """The checks of the official client and of the examples, on both ways of delivery."""
    endpoint, single = Hook(steady), Hook(steady)
    async with hooks(endpoint, single):
        new = {"label": "CRM", "url": endpoint.url, "events": ["telephony.complete"]}
        made = (await box.api.post(ENDPOINTS, json=new)).json()
        legacy = (await box.api.put("/v1/webhook", json={"url": single.url})).json()
        try:
            sipp = await Sipp.start(
                tmp_path,
                "uac",
                port=free_port(),
                remote=f"127.0.0.1:{box.sip_port}",
                pause_ms=200,
            )
            assert (await sipp.score()).successful == 1
            await until(
                lambda: bool(endpoint.arrivals) and _ended(single) is not None,
                what="the end of the call at both receivers",
            )
        finally:
            await box.api.delete(f"{ENDPOINTS}/{made['id']}")
            await box.api.put("/v1/webhook", json={"url": ""})
    told, twin = endpoint.arrivals[0], _ended(single)
    assert twin is not None
    for arrival, secret, name in (
        (told, made["secret"], "telephony.complete"),
        (twin, legacy["secret"], "call.complete"),
    ):
        assert verify_signature(
            arrival.headers["x-thunderphone-signature-v2"],
            secret=secret,
            method="POST",
            path=arrival.path,
            body=arrival.body,
        )
        assert arrival.headers["x-thunderphone-signature"] == v1(secret, arrival.body)
        again = json.dumps(arrival.event, sort_keys=True, separators=(",", ":"))
        assert again.encode() == arrival.body
        assert arrival.event["type"] == name
    assert told.event["event_id"] == twin.event["event_id"]
    call = await box.get(f"/v1/calls/{told.event['data']['call_id']}")
    data = told.event["data"]
    for shared in ("direction", "from_number", "to_number", "start_time", "end_time", "status"):
        assert data[shared] == call[shared]
    assert data["end_reason"] == "caller_hangup" and data["billable_minutes"] == 1
    transcript = await box.get(f"/v1/calls/{call['call_id']}/transcript")
    assert data["transcripts"] == transcript["transcripts"]
    async with httpx.AsyncClient(trust_env=False) as stranger:
        recording = await stranger.get(data["recording_url"])
    assert recording.status_code == 200 and recording.headers["content-type"] == "audio/mpeg"


def _ended(hook: Hook) -> Arrival | None:
    """The end of a call; the single webhook hears of other things, too."""
    found = [one for one in hook.arrivals if one.event["type"] == "call.complete"]
    return found[0] if found else None
