"""Measures lists of calls with a million of them in the database: any filter, and the export.

    python bench/api_lists.py [--calls 1000000] [--rounds 20] [--database FILE] [--try]

The database is made first (four minutes; --database keeps it for the next time): three years of
calls of 12 agents on 4 numbers with 200,000 callers, 98 % of them of one organization. Then every
combination of the filters agent, direction, status, number, dates and test calls is asked for by
its first page, through the whole application but without a network; and so are the first pages of
exports, up to their first bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
from box import report
from litestar import Litestar
from talk import percentiles

from thunderbox.api.app import create_app
from thunderbox.api.parts import Parts
from thunderbox.settings import Settings
from thunderbox.store import api_keys, organizations, users
from thunderbox.store.database import Database

GOAL = {"p99": 50}
DAY = 86_400_000
YEARS = 3 * 365
START = 1_700_000_000_000
LINES = ("+15550100000", "+15550100001", "+15550100002", "+15550100003")
RARE = "+14150000007"
PRODUCTS = ("spark", "bolt", "storm-base")
PROMPT = "You are the receptionist of a dental practice. " * 20


def main() -> None:
    """Make the database, measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=20, metavar="N")
    parser.add_argument("--database", type=Path, metavar="FILE")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.database or Path(folder) / "thunderbox.db"
        result = asyncio.run(measure(path, options.calls, options.rounds))
    report("api_lists", result, not options.trial)


async def measure(path: Path, number: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of each kind of list."""
    begun = time.perf_counter()
    db = await Database.open(path)
    key = await prepare(db, number)
    made_s = time.perf_counter() - begun
    parts = object.__new__(Parts)
    for name, value in {"db": db, "settings": Settings()}.items():
        object.__setattr__(parts, name, value)
    app = create_app(parts)
    transport = httpx.ASGITransport(app)
    times: dict[str, list[float]] = {}
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://box", headers=headers
    ) as client:
        await client.get("/v1/calls")
        for turn in range(rounds):
            for kind, query in questions(random.Random(turn)):
                begun = time.perf_counter()
                answer = await client.get("/v1/calls", params=query)
                times.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
                answer.raise_for_status()
        for query in ({}, {"to_number": LINES[0]}, {"agent_id": 3, "status": "failed"}):
            for turn in range(rounds):
                times.setdefault("export, first bytes", []).append(
                    await first_bytes(app, key, {**query, "format": ("json", "csv")[turn % 2]})
                )
    size = (await asyncio.to_thread(path.stat)).st_size
    await db.close()
    every = [ms for kind, found in times.items() for ms in found if kind.startswith("list")]
    return {
        "calls": number,
        "database_s": round(made_s, 1),
        "database_mb": round(size / 1e6),
        "goal_ms": GOAL,
        "lists": percentiles(every),
        "slowest_list_ms": round(max(every), 1),
        "kinds": {kind: percentiles(found) for kind, found in times.items()},
    }


async def first_bytes(app: Litestar, key: str, query: dict[str, Any]) -> float:
    """Milliseconds to the first bytes of an export's body; the rest is not waited for."""
    heard = asyncio.Event()
    body = str(httpx.QueryParams(query)).encode()

    async def receive() -> Any:
        await heard.wait()
        return {"type": "http.disconnect"} if asked else {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
        elif message["body"]:
            heard.set()

    asked: list[int] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/v1/calls/export",
        "raw_path": b"/v1/calls/export",
        "root_path": "",
        "scheme": "http",
        "query_string": body,
        "headers": [(b"authorization", f"Bearer {key}".encode()), (b"host", b"box")],
        "client": ("127.0.0.1", 1),
        "server": ("box", 80),
    }
    begun = time.perf_counter()
    task = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
    await heard.wait()
    ms = (time.perf_counter() - begun) * 1000
    asked.append(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return ms


def questions(chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every combination of filters, with values by chance."""
    for agent, direction, status, number, dates, real in product(
        (0, 1), (0, 1), (0, 1), ("", "from", "to", "either", "rare"), (0, 1), (0, 1)
    ):
        query: dict[str, Any] = {}
        if agent:
            query["agent_id"] = chance.randint(1, 13)
        if direction:
            query["direction"] = chance.choice(("inbound", "outbound", "mic", "web", "test"))
        if status:
            query["status"] = chance.choice(("completed", "failed", "in_progress"))
        match number:
            case "from":
                query["from_number"] = caller(chance)
            case "to":
                query["to_number"] = chance.choice(LINES)
            case "either":
                query["phone_number"] = chance.choice((*LINES, RARE))
            case "rare":
                query |= {"from_number": chance.choice(LINES), "to_number": RARE}
        if dates:
            begin = START + chance.randrange(YEARS) * DAY + chance.randrange(DAY)
            query["start_date"] = iso(begin)
            query["end_date"] = iso(begin + chance.choice((DAY // 3, 30 * DAY, 400 * DAY)))
        if real:
            query["exclude_test_calls"] = "true"
        yield ("list by number" if number else "list"), query


def iso(ms: int) -> str:
    """A time as a client sends it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


def caller(chance: random.Random) -> str:
    """One of the numbers that call."""
    return f"+1415{chance.randrange(200_000):07}"


async def prepare(db: Database, number: int) -> str:
    """Fill an empty database with calls; a key of the organization that has most."""
    key = api_keys.new_secret()
    async with db.transaction() as tx:
        if row := await tx.fetch_one("SELECT id FROM organizations ORDER BY id LIMIT 1"):
            await api_keys.insert(tx, row["id"], "Bench", key)
            return key
        ids = [(await organizations.insert(tx, name)).id for name in ("Acme", "Other")]
        owner = await users.insert(tx, "owner@example.com")
        await users.join(tx, ids[0], owner.id, "owner")
        await api_keys.insert(tx, ids[0], "Bench", key, owner.id)
    await asyncio.to_thread(fill, db.path, ids, number)
    return key


def fill(path: Path, ids: list[int], number: int) -> None:
    """Write the calls in order of time, as a box does."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    chance = random.Random(1)
    step = YEARS * DAY // number

    def rows() -> Iterator[tuple[Any, ...]]:
        for index in range(number):
            at = START + index * step + chance.randrange(step)
            direction = chance.choices(("inbound", "outbound", "mic", "widget"), (70, 20, 3, 7))[0]
            line = LINES[0] if chance.random() < 0.7 else chance.choice(LINES)
            other = caller(chance) if direction in ("inbound", "outbound") else "web"
            sides = (line, other) if direction == "outbound" else (other, line)
            status = chance.choices(("completed", "failed"), (95, 5))[0]
            yield (
                ids[1] if chance.random() < 0.02 else ids[0],
                chance.choice((None, *range(1, 13))),
                direction,
                *sides,
                at,
                at + 5_000,
                at + 90_000,
                status,
                "caller_hangup",
                PROMPT,
                "en-US-James1",
                chance.choice(PRODUCTS),
                chance.random() < 0.02,
            )

    with connection:
        connection.executemany(
            "INSERT INTO calls (org_id, agent_id, direction, from_number, to_number, started_at, "
            "answered_at, ended_at, status, end_reason, prompt, voice, product, is_test_call, "
            f"thinking_level, tools) VALUES ({'?, ' * 14}'base', '[]')",
            rows(),
        )
    connection.close()


if __name__ == "__main__":
    main()
