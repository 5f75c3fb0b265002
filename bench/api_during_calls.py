"""Measures what 300 requests a second to the REST API cost four calls that run meanwhile.

    python bench/api_during_calls.py [--models starter|real-size] [--turns 10] [--rate 300]

Four callers talk with a box of their own, as in bench/four_calls.py, three times: alone, while
another process asks the API at a steady rate, and alone again, so that one sees how much two runs
differ by themselves. Eight of ten requests read (agents, numbers, calls, a transcript, the balance,
who asks), two of ten change an agent. Times of the API count from when a request was due.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import httpx
import uvloop
from box import MODELS, Box, go_first, have_real_size, report
from four_calls import measure
from talk import percentiles

GOALS = {
    "more_jitter_p99_ms": 1.0,
    "packets_lost": 0.0,
    "event_loop_lag_p99_ms": 5.0,
    "later_answers_p50_ms": 10.0,
    "later_answers_p95_ms": 20.0,
}
CONNECTIONS = 16
AGENT = {"name": "Bench", "prompt": "Be brief. " * 60, "voice": "en-US-James1"}
START_S = 20.0


def main() -> None:
    """Measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", choices=MODELS, default="starter")
    parser.add_argument("--turns", type=int, default=10, metavar="N", help="of each caller")
    parser.add_argument("--rate", type=int, default=300, metavar="N", help="requests a second")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    if options.models == "real-size" and not have_real_size():
        raise SystemExit("Make the models first: make bench-models")
    go_first()
    load = Load(options.rate)
    runs: dict[str, dict[str, Any]] = {}
    for name, beside in (("quiet", None), ("with_requests", load.on), ("quiet_again", None)):
        runs[name] = measure(options.models, 4, options.turns, beside)
        if runs[name]["cut_short"]:
            break
    whole = not any(run["cut_short"] for run in runs.values())
    result = {
        "models": options.models,
        "cut_short": not whole,
        "goals": compare(**runs) if whole else {},
        "api": load.result,
        **runs,
    }
    report("api_during_calls", result, whole and not options.trial)


def compare(
    quiet: dict[str, Any], with_requests: dict[str, Any], quiet_again: dict[str, Any]
) -> dict[str, Any]:
    """What the requests cost beyond the worse of the two runs without, beside what they may."""

    def more(what: str, which: str) -> float:
        without = max(run[what][which] for run in (quiet, quiet_again))
        return round(with_requests[what][which] - without, 1)

    measured = {
        "more_jitter_p99_ms": more("jitter_ms", "p99"),
        "packets_lost": with_requests["packets_lost"],
        "event_loop_lag_p99_ms": with_requests["event_loop_lag_ms"]["p99"],
        "later_answers_p50_ms": more("voice_to_voice_ms", "p50"),
        "later_answers_p95_ms": more("voice_to_voice_ms", "p95"),
    }
    return {
        name: {"goal": goal, "measured": measured[name], "met": measured[name] <= goal}
        for name, goal in GOALS.items()
    }


class Load:
    """Requests at a steady rate from a process of its own."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.result: dict[str, Any] = {}

    @contextmanager
    def on(self, box: Box) -> Iterator[None]:
        """Within this, the box's API is asked."""
        key = (box.folder / "data" / "secrets" / "bootstrap-api-key").read_text().strip()
        ours, theirs = multiprocessing.Pipe()
        asking = multiprocessing.get_context("spawn").Process(
            target=run, args=(theirs, box.api_port, key, self._rate), daemon=True
        )
        asking.start()
        try:
            if not ours.poll(START_S):
                raise SystemExit("The requests could not be begun.")
            ours.recv()
            yield
            ours.send("stop")
            if not ours.poll(START_S):
                raise SystemExit("The API did not answer any more.")
            self.result = ours.recv()
        finally:
            asking.terminate()
            asking.join(5)


def run(pipe: Connection, port: int, key: str, rate: int) -> None:
    """The process that asks."""
    uvloop.run(ask(pipe, port, key, rate))


async def ask(pipe: Connection, port: int, key: str, rate: int) -> None:
    """Ask until told to stop, then tell how long answers took."""
    headers = {"Authorization": f"Bearer {key}"}
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        agent = (await client.post("/v1/agents", json=AGENT)).raise_for_status().json()["id"]
        call = 1
        for _ in range(int(START_S / 0.05)):
            if (await client.get(f"/v1/calls/{call}")).is_success:
                break
            await asyncio.sleep(0.05)
    mix = [
        ("GET", f"/v1/agents/{agent}"),
        ("GET", "/v1/calls?limit=20"),
        ("PATCH", f"/v1/agents/{agent}"),
        ("GET", "/v1/phone-numbers"),
        ("GET", f"/v1/calls/{call}"),
        ("GET", "/v1/agents"),
        ("GET", f"/v1/calls/{call}/transcript"),
        ("PATCH", f"/v1/agents/{agent}"),
        ("GET", "/v1/billing"),
        ("GET", "/v1/whoami"),
    ]
    times: dict[str, list[float]] = {"GET": [], "PATCH": []}
    begun = time.perf_counter()
    due = iter(range(1_000_000_000))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), stop.set)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not stop.is_set():
            number = next(due)
            at = begun + number / rate
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            method, path = mix[number % len(mix)]
            body = json.dumps({"name": f"Bench {number}"}).encode() if method == "PATCH" else b""
            head = f"{method} {path} HTTP/1.1\r\nHost: box\r\nAuthorization: Bearer {key}\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"{method} {path}: {answer.decode()}")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            times[method].append((time.perf_counter() - at) * 1000)
        writer.close()

    pipe.send("begun")
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    seconds = time.perf_counter() - begun
    asked = sum(map(len, times.values()))
    pipe.send(
        {
            "wanted_per_second": rate,
            "requests_per_second": round(asked / seconds, 1),
            "seconds": round(seconds, 1),
            "ms": {method: percentiles(found) for method, found in times.items()},
        }
    )


if __name__ == "__main__":
    main()
