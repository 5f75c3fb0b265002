"""Measures one long call: does the box grow, do its answers get slower?

    python bench/long_call.py [--models starter|real-size] [--minutes 60]

A caller asks all the time. The memory of the box is read every 15 s; its growth is counted from
the third minute on, when every cache has been used once. The starter model loses the thread in
a call of so many turns and may hang up, so the models of real size are the default.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from box import MODELS, Box, go_first, have_real_size, load, report
from phone import Phone
from talk import QUESTIONS, Turn, ask, hear_greeting, percentiles, voices

EVERY_SECONDS = 15.0
SETTLED_SECONDS = 120.0
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
    report("long_call", measure(options.models, options.minutes), not options.trial)


def measure(models: str, minutes: float) -> dict[str, Any]:
    """One box, one call."""
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
        try:
            hear_greeting(phone)
            while (now := time.monotonic() - begun) < minutes * 60 and not phone.ended:
                if not memory or now - memory[-1][0] >= EVERY_SECONDS:
                    memory.append((round(now, 1), box.memory_mb()))
                question = asked[len(turns) % len(asked)]
                turns.append(ask(phone, question, sounds[question]))
            memory.append((round(time.monotonic() - begun, 1), box.memory_mb()))
            lasted = not phone.ended
        finally:
            phone.hang_up()
        box.stop()
        lag = box.loop_lag_ms()
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
        "memory_mb": {"begin": memory[0][1], "end": memory[-1][1], **growth(memory)},
        "goal": GOAL,
        "event_loop_lag_ms": lag,
        "memory_by_second": memory,
    }


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
