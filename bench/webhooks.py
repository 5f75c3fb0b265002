"""Measures webhooks: how long an event takes to its receivers, and how many are delivered a second.

    python bench/webhooks.py [--endpoints 20] [--seconds 20] [--rate 5] [--burst 150] [--try]

One process has what a box has for webhooks: the database (with every commit on disk), the outbox
and the courier. An event is the end of a call of ten turns, written in the transaction that ends
the call. The receivers are a process of their own, which answers at once. First so many calls end
each second, and the delay is from the beginning of that transaction to the event at each endpoint;
then as many as the burst end at once.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop
from box import report

from thunderbox.calls.ports import SystemClock
from thunderbox.events import outbox
from thunderbox.events.courier import AT_ONCE, Courier
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.store import calls, organizations, turns, webhook_endpoints
from thunderbox.store.calls import NewCall
from thunderbox.store.database import Database
from thunderbox.store.turns import NewTurn
from thunderbox.store.webhook_endpoints import NewWebhookEndpoint

GOAL = {"delay_p99_ms": 100}
WARM_UP = 5
PATIENCE_S = 120.0
TURNS = 10


def main() -> None:
    """Measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--endpoints", type=int, default=20, metavar="N")
    parser.add_argument("--seconds", type=int, default=20, metavar="N", help="of the steady part")
    parser.add_argument("--rate", type=float, default=5, metavar="N", help="events a second")
    parser.add_argument("--burst", type=int, default=150, metavar="N", help="events at once")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    receivers = multiprocessing.get_context("spawn").Process(
        target=run_receivers, args=(theirs,), daemon=True
    )
    receivers.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            result = uvloop.run(measure(ours, Path(folder), options))
    finally:
        receivers.terminate()
        receivers.join(5)
    report("webhooks", result, not options.trial)


async def measure(
    receivers: Connection, folder: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Both parts, one after the other."""
    port = await asyncio.to_thread(receivers.recv)
    db = await Database.open(folder / "thunderbox.db")
    async with db.transaction() as tx:
        org_id = (await organizations.insert(tx, "Acme")).id
        for number in range(options.endpoints):
            url = f"http://127.0.0.1:{port}/{number}"
            new = NewWebhookEndpoint(label=str(number), url=url)
            await webhook_endpoints.insert(tx, org_id, new, webhook_endpoints.new_secret())
    client = Client(Rules(["127.0.0.0/8"]), connections=AT_ONCE)
    courier = Courier(db, client, SystemClock(), str, first_wait_s=30)
    await courier.start()
    try:
        for _ in range(WARM_UP):
            await end_call(db, org_id)
        await arrived(receivers, WARM_UP * options.endpoints)
        begun = time.time()
        ended: dict[int, float] = {}
        count = round(options.seconds * options.rate)
        for number in range(count):
            await asyncio.sleep(begun + number / options.rate - time.time())
            call_id, at = await end_call(db, org_id)
            ended[call_id] = at
        came = await arrived(receivers, count * options.endpoints)
        delays = sorted((at - ended[call_id]) * 1000 for call_id, at in came)

        begun = time.time()
        for _ in range(options.burst):
            await end_call(db, org_id)
        written_s = time.time() - begun
        came = await arrived(receivers, options.burst * options.endpoints)
        burst_s = max(at for _, at in came) - begun
    finally:
        await courier.close()
        await client.close()
        await db.close()
    return {
        "endpoints": options.endpoints,
        "goal": GOAL,
        "steady": {
            "events_per_second": options.rate,
            "deliveries": len(delays),
            "delay_p50_ms": round(delays[len(delays) // 2], 1),
            "delay_p99_ms": round(delays[len(delays) * 99 // 100], 1),
            "delay_worst_ms": round(delays[-1], 1),
        },
        "burst": {
            "events": options.burst,
            "deliveries": len(came),
            "written_in_s": round(written_s, 2),
            "delivered_in_s": round(burst_s, 2),
            "events_per_second": round(options.burst / burst_s, 1),
            "deliveries_per_second": round(len(came) / burst_s),
        },
    }


async def end_call(db: Database, org_id: int) -> tuple[int, float]:
    """A call of some turns ends; its id, and when the transaction began."""
    new = NewCall(
        org_id=org_id,
        agent_id=None,
        phone_number_id=None,
        direction="inbound",
        from_number="+14155550100",
        to_number="+15550100",
        started_at=0,
        prompt="Be brief. " * 60,
        voice="en-US-James1",
        product="spark",
        thinking_level="base",
        tools=[],
    )
    async with db.transaction() as tx:
        call_id = await calls.insert(tx, new)
        for number in range(TURNS):
            said = NewTurn(
                role="user" if number % 2 else "assistant",
                content="We are open from nine to five, Monday to Friday. " * 2,
                start_ms=number * 3000,
                end_ms=number * 3000 + 2500,
            )
            await turns.append(tx, call_id, said)
    at = time.time()
    async with db.transaction() as tx:
        await calls.finish(
            tx,
            call_id,
            status="completed",
            end_reason="caller_hangup",
            sip_status=None,
            ended_at=30_000,
        )
        await outbox.call_ended(tx, call_id)
    return call_id, at


async def arrived(receivers: Connection, count: int) -> list[tuple[int, float]]:
    """Call and time of so many events, once they are there."""
    receivers.send(count)
    if not await asyncio.to_thread(receivers.poll, PATIENCE_S):
        raise TimeoutError(f"{count} events have not arrived within {PATIENCE_S:.0f} s")
    found: list[tuple[int, float]] = receivers.recv()
    return found


def run_receivers(pipe: Connection) -> None:
    """The process of the receivers."""
    uvloop.run(receive(pipe))


async def receive(pipe: Connection) -> None:
    """Answer at once; tell what came when so much has come as was asked for."""
    came: list[tuple[int, float]] = []
    wanted = 0

    def tell() -> None:
        nonlocal wanted
        if wanted and len(came) >= wanted:
            pipe.send(came[:wanted])
            del came[:wanted]
            wanted = 0

    def asked() -> None:
        nonlocal wanted
        wanted = pipe.recv()
        tell()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                at = time.time()
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                call_id = body.split(b'"call_id":')[1].split(b",")[0]
                came.append((int(call_id), at))
                tell()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    asyncio.get_running_loop().add_reader(pipe.fileno(), asked)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
