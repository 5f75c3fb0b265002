"""Measures how many requests a second the API answers, beside a bare route that reads the same row.

    python bench/api_throughput.py [--seconds 10] [--clients 8] [--try]

One server process holds two applications on two ports: the whole API, asked for
`GET /v1/agents/{id}` with a key, and a Litestar application of one route that makes the same SQLite
read with the same library and answers with the row as JSON. Clients in another process ask both, a
second each in turn, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import socket
import tempfile
import time
from dataclasses import fields
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop
from box import report
from litestar import Litestar, get
from litestar.datastructures import State

from thunderbox.api.app import create_app
from thunderbox.api.parts import Parts
from thunderbox.settings import Settings
from thunderbox.store import agents, api_keys, organizations, users
from thunderbox.store.database import Database

GOAL = {"share_of_bare_route": 0.5}
SLICE_S = 1.0


def main() -> None:
    """Measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=10, metavar="N", help="for each of the two")
    parser.add_argument("--clients", type=int, default=8, metavar="N")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(
            target=run_server, args=(theirs, folder), daemon=True
        )
        server.start()
        try:
            result = uvloop.run(measure(ours.recv(), options.seconds, options.clients))
        finally:
            server.terminate()
            server.join(5)
    report("api_throughput", result, not options.trial)


async def measure(where: dict[str, Any], seconds: int, clients: int) -> dict[str, Any]:
    """Requests a second of both, in slices that take turns."""
    asked = {
        "api": request(where["api"], f"/v1/agents/{where['agent']}", where["key"]),
        "bare": request(where["bare"], f"/agents/{where['agent']}", where["key"]),
    }
    done = dict.fromkeys(asked, 0)
    times: dict[str, list[float]] = {name: [] for name in asked}
    for port, raw in asked.values():
        await slice_of(port, raw, clients, 0.5, [])
    for _ in range(seconds):
        for name, (port, raw) in asked.items():
            done[name] += await slice_of(port, raw, clients, SLICE_S, times[name])
    rates = {name: round(count / (seconds * SLICE_S)) for name, count in done.items()}
    return {
        "clients": clients,
        "seconds_each": seconds,
        "goal": GOAL,
        "requests_per_second": rates,
        "share_of_bare_route": round(rates["api"] / rates["bare"], 3),
        "p50_ms": {name: round(sorted(found)[len(found) // 2], 2) for name, found in times.items()},
    }


def request(port: int, path: str, key: str) -> tuple[int, bytes]:
    """A request as bytes: a client library would take longer than the server."""
    lines = (f"GET {path} HTTP/1.1", "Host: box", f"Authorization: Bearer {key}")
    return port, ("\r\n".join(lines) + "\r\n\r\n").encode()


async def slice_of(port: int, raw: bytes, clients: int, seconds: float, times: list[float]) -> int:
    """How many requests are answered in a while, by so many connections that are kept open."""
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(ask(port, raw, until, times) for _ in range(clients))))


async def ask(port: int, raw: bytes, until: float, times: list[float]) -> int:
    """One connection's requests, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while (begun := time.perf_counter()) < until:
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append((time.perf_counter() - begun) * 1000)
        count += 1
    writer.close()
    return count


def run_server(pipe: Connection, folder: str) -> None:
    """The process of both applications; it tells where they are."""
    uvloop.run(serve(pipe, Path(folder)))


async def serve(pipe: Connection, folder: Path) -> None:
    """Serve until the process is ended."""
    db = await Database.open(folder / "thunderbox.db")
    key = api_keys.new_secret()
    async with db.transaction() as tx:
        org = await organizations.insert(tx, "Acme")
        owner = await users.insert(tx, "owner@example.com")
        await users.join(tx, org.id, owner.id, "owner")
        await api_keys.insert(tx, org.id, "Bench", key, owner.id)
        new = agents.NewAgent(name="Reception", prompt="Be brief. " * 60, voice="en-US-James1")
        agent = await agents.insert(tx, org.id, new, owner.email)
    parts = object.__new__(Parts)
    for field in fields(Parts):
        object.__setattr__(parts, field.name, None)
    object.__setattr__(parts, "db", db)
    object.__setattr__(parts, "settings", no_limits())
    ports = {}
    for name, app in (("api", create_app(parts)), ("bare", bare(db))):
        listener = socket.create_server(("127.0.0.1", 0))
        ports[name] = listener.getsockname()[1]
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
    pipe.send({**ports, "key": key, "agent": agent.id})
    await asyncio.Event().wait()


def no_limits() -> Settings:
    """Settings under which a key may ask as often as it likes."""
    settings = Settings()
    limits = msgspec.structs.replace(settings.limits, requests_per_minute=0)
    return msgspec.structs.replace(settings, limits=limits)


def bare(db: Database) -> Litestar:
    """One route that reads an agent's row and answers with it."""

    @get("/agents/{agent_id:int}")
    async def read_agent(agent_id: int, state: State) -> dict[str, Any]:
        row = await state.db.fetch_one("SELECT * FROM agents WHERE id = ?", (agent_id,))
        return dict(row)

    return Litestar(
        [read_agent],
        state=State({"db": db}, deep_copy=False),
        openapi_config=None,
        logging_config=None,
    )


if __name__ == "__main__":
    main()
