"""Measures one long call: does the box grow, do its answers get slower?

    python bench/long_call.py [--models starter|real-size] [--minutes 60]

A caller asks all the time. The memory of the box is read every 15 s; its growth is counted from
the third minute on, when every cache has been used once. What was measured is kept every minute and
when the bench is interrupted, so a run that is cut is not lost.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import numpy as np
from box import MODELS, Box, go_first, have_real_size, load, report, save
from phone import Phone
from talk import QUESTIONS, Turn, ask, hear_greeting, percentiles, voices

EVERY_SECONDS = 15.0
SETTLED_SECONDS = 120.0
KEEP_SECONDS = 60.0
WINDOW_SECONDS = 600.0
GOAL = {"growth_mb_an_hour": 10}


def main() -> None:
    """Measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", choices=MODELS, default="real-size")
    parser.add_argument("--minutes", type=float, default=60.0, metavar="N")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    if options.models == "real-size" and not have_real_size():
        raise SystemExit("Make the models first: make bench-models")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    keep = None if options.trial else partial(save, "long_call")
    report("long_call", measure(options.models, options.minutes, keep), not options.trial)


def measure(
    models: str, minutes: float, keep: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """One box, one call; `keep` is given what is known every minute."""
    sounds = voices(QUESTIONS)
    asked = list(sounds)
    go_first()
    before = load()
    turns: list[Turn] = []
    memory: list[tuple[float, float]] = []
    limit = int(minutes * 60) + 600
    with Box(models, CALLS_MAX_SECONDS=limit) as box:
        phone = Phone(box.sip_port)
        phone.dial()
        begun = time.monotonic()
        kept = 0.0
        try:
            hear_greeting(phone)
            while (now := time.monotonic() - begun) < minutes * 60 and not phone.ended:
                if not memory or now - memory[-1][0] >= EVERY_SECONDS:
                    memory.append((round(now, 1), box.memory_mb()))
                if keep is not None and now - kept >= KEEP_SECONDS:
                    kept = now
                    keep(result(models, before, turns, memory, lasted=False))
                question = asked[len(turns) % len(asked)]
                turns.append(ask(phone, question, sounds[question]))
        except KeyboardInterrupt:
            print("Interrupted: this is what was measured until now.", file=sys.stderr)
        memory.append((round(time.monotonic() - begun, 1), box.memory_mb()))
        lasted = not phone.ended
        ended = end_reason(box)
        phone.hang_up()
        box.stop()
        lag = box.loop_lag_ms()
    return {
        **result(models, before, turns, memory, lasted=lasted),
        "end_reason": ended,
        "event_loop_lag_ms": lag,
    }


def result(
    models: str,
    before: float,
    turns: list[Turn],
    memory: list[tuple[float, float]],
    *,
    lasted: bool,
) -> dict[str, Any]:
    """What is known of the call so far."""
    latencies = [turn.latency_ms for turn in turns if turn.latency_ms is not None]
    third = max(1, len(latencies) // 3)
    return {
        "models": models,
        "load": {"before": before, "after": load()},
        "minutes": round(memory[-1][0] / 60, 1),
        "lasted": lasted,
        "turns": len(turns),
        "unanswered": len(turns) - len(latencies),
        "voice_to_voice_ms": percentiles(latencies),
        "first_third_ms": percentiles(latencies[:third]),
        "last_third_ms": percentiles(latencies[-third:]),
        "by_ten_minutes_ms": windows(turns),
        "memory_mb": {"begin": memory[0][1], "end": memory[-1][1], **growth(memory)},
        "goal": GOAL,
        "memory_by_second": memory,
    }


def windows(turns: list[Turn]) -> list[dict[str, float | int | None]]:
    """The latencies of each ten minutes."""
    if not turns:
        return []
    first = turns[0].asked_at
    found: list[list[float]] = []
    for turn in turns:
        number = int((turn.asked_at - first) / 1e9 // WINDOW_SECONDS)
        while len(found) <= number:
            found.append([])
        if turn.latency_ms is not None:
            found[number].append(turn.latency_ms)
    return [percentiles(latencies) for latencies in found]


def end_reason(box: Box) -> str | None:
    """Why the box says that the call has ended; None while it goes on."""
    key = (box.folder / "data" / "secrets" / "bootstrap-api-key").read_text().strip()
    calls = httpx.get(
        f"http://127.0.0.1:{box.api_port}/v1/calls",
        params={"limit": 1},
        headers={"Authorization": f"Bearer {key}"},
        trust_env=False,
    ).json()["results"]
    return str(calls[0]["end_reason"]) if calls and calls[0]["end_reason"] else None


def growth(memory: list[tuple[float, float]]) -> dict[str, float | None]:
    """Megabytes gained once the box had settled, and what that makes in an hour (least squares)."""
    settled = [entry for entry in memory if entry[0] >= SETTLED_SECONDS]
    if len(settled) < 3:
        return {"growth_since_settled": None, "growth_an_hour": None}
    seconds, megabytes = np.array(settled).T
    slope = float(np.polyfit(seconds, megabytes, 1)[0])
    return {
        "growth_since_settled": round(float(megabytes[-1] - megabytes[0]), 1),
        "growth_an_hour": round(slope * 3600, 1),
    }


if __name__ == "__main__":
    main()
