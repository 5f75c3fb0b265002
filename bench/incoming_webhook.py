"""Measures calls whose webhook says who answers: from the call to its answer, over SIP.

    python bench/incoming_webhook.py [--calls 20] [--try]

The webhook is a program of its own on loopback. Four ways: no webhook at all; one that answers
after 200 ms, with a prompt that the box has never seen; one that takes the question and never
answers; one that is not there. Then four calls at once with the first of these webhooks.
Each call is measured to the 200 OK, and from there to the first voiced packet of the greeting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from box import Box, free_port, gather, go_first, load, report
from phone import Phone
from talk import GREETING_SECONDS, percentiles

GOAL = {"webhook of 200 ms, p95": 400, "webhook that never answers": [2000, 2300]}
SLOW_MS = 200
AT_ONCE = 4
PAUSE_S = 0.3
"""Between two calls."""


def main() -> None:
    """Measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=20, metavar="N")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    parser.add_argument("--serve", metavar="CONFIG", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        asyncio.run(serve(json.loads(options.serve)))
        return
    go_first()
    before = load()
    found: list[tuple[str, Timing]] = []
    with Box(OUTGOING_ALLOW_NETWORKS="127.0.0.0/8") as box:
        whole = gather(measure(box, options.calls), found)
    ways: dict[str, list[Timing]] = {}
    for way, timing in found:
        ways.setdefault(way, []).append(timing)
    result = {
        "load": {"before": before, "after": load()},
        "goal_ms": GOAL,
        "cut_short": not whole,
        "ways": {way: summary(timings) for way, timings in ways.items()},
    }
    report("incoming_webhook", result, not options.trial)


Timing = tuple[float, float, float | None]
"""Milliseconds from INVITE to 200 OK, from 180 to 200 OK, and from there to the greeting."""


def summary(timings: Sequence[Timing]) -> dict[str, Any]:
    """The percentiles of some calls."""
    return {
        "call_to_answer_ms": percentiles([timing[0] for timing in timings]),
        "ringing_to_answer_ms": percentiles([timing[1] for timing in timings]),
        "shortest_ms": round(min(timing[0] for timing in timings), 1),
        "answer_to_greeting_ms": percentiles(
            [timing[2] for timing in timings if timing[2] is not None]
        ),
    }


def measure(box: Box, calls: int) -> Iterator[tuple[str, Timing]]:
    """Calls of each way."""
    key = (box.folder / "data" / "secrets" / "bootstrap-api-key").read_text().strip()
    url = f"http://127.0.0.1:{box.api_port}"
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as api:
        agent = api.get("/v1/agents").raise_for_status().json()[0]
        config = {"prompt": agent["prompt"], "voice": agent["voice"], "tools": []}
        call(box)  # the first one makes the sound of the greeting
        for _ in range(calls):
            yield "no webhook", call(box)
        with asked(api, {"after_ms": SLOW_MS, "config": config}):
            for _ in range(calls):
                yield "webhook of 200 ms", call(box)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for _ in range(-(-calls // AT_ONCE)):
                    for done in [pool.submit(call, box) for _ in range(AT_ONCE)]:
                        yield "four at once, webhook of 200 ms", done.result()
        with asked(api, None):
            for _ in range(calls):
                yield "webhook that never answers", call(box)
        with endpoint(api, f"http://127.0.0.1:{free_port()}"):
            for _ in range(calls):
                yield "webhook that is not there", call(box)


def call(box: Box) -> Timing:
    """One call, up to its greeting."""
    phone = Phone(box.sip_port)
    try:
        phone.dial()
        greeting = phone.voice_after(0, GREETING_SECONDS)
    finally:
        phone.hang_up()
    time.sleep(PAUSE_S)
    return (
        (phone.answered_at - phone.called_at) / 1e6,
        (phone.answered_at - phone.rang_at) / 1e6,
        None if greeting is None else (greeting.at - phone.answered_at) / 1e6,
    )


@contextmanager
def asked(api: httpx.Client, answer: dict[str, Any] | None) -> Iterator[None]:
    """While this is open, a server is asked about every call; None: it never answers."""
    command = [sys.executable, __file__, "--serve", json.dumps(answer)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        with endpoint(api, f"http://127.0.0.1:{int(server.stdout.readline())}"):
            yield
    finally:
        server.kill()
        server.wait(10)


@contextmanager
def endpoint(api: httpx.Client, url: str) -> Iterator[None]:
    """While this is open, the box asks this URL."""
    body = {"label": "bench", "url": url, "events": ["telephony.incoming"]}
    made = api.post("/v1/developer/webhook-endpoints", json=body).raise_for_status().json()
    try:
        yield
    finally:
        api.delete(f"/v1/developer/webhook-endpoints/{made['id']}").raise_for_status()


async def serve(answer: dict[str, Any] | None) -> None:
    """The webhook; it prints its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        question = json.loads(await reader.readexactly(length))
        if answer is None:
            await reader.read()
            return
        # Another beginning each time, so that nothing of it can have been read before.
        number = question["data"]["call_id"]
        config = answer["config"] | {"prompt": f"Call {number}. {answer['config']['prompt']}"}
        body = json.dumps(config).encode()
        await asyncio.sleep(answer["after_ms"] / 1000)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    main()
