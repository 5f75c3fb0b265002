"""Measures voice to voice on the wire, with its parts: a SIP call of a phone of our own.

    python bench/voice_to_voice.py [--models starter|real-size] [--turns 56] [--calls 8]

A figure is the time from the last voiced RTP packet that the caller sent to the first voiced one
that it received; the silence that decides the turn is part of it. The parts say when each engine
was done, counted from the same moment. "real-size" needs bench/real_size_models.py first. A run
that is cut (Ctrl-C, SIGTERM) keeps the turns that it has.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from box import MODELS, Box, gather, go_first, have_real_size, load, report
from talk import QUESTIONS, Turn, converse, percentiles, voices

PARTS = {
    "pause noticed": "transcribe begins",
    "words known": "transcribe ends",
    "first token": "generate first",
    "first clause": "speak begins",
    "first audio": "speak first",
    "turn decided": "released",
}
GOALS = {"starter": {"p50": 450, "p95": 800}, "real-size": {"p50": 750, "p95": 1300}}


def main() -> None:
    """Measure one set of models, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", choices=MODELS, default="starter")
    parser.add_argument("--turns", type=int, default=56, metavar="N")
    parser.add_argument("--calls", type=int, default=8, metavar="N")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    if options.models == "real-size" and not have_real_size():
        raise SystemExit("Make the models first: make bench-models")
    result = measure(options.models, options.turns, options.calls)
    report(f"voice_to_voice_{options.models.replace('-', '_')}", result, not options.trial)


def measure(models: str, turns: int, calls: int) -> dict[str, Any]:
    """One box; the turns in so many calls, one after the other."""
    sounds = voices(QUESTIONS)
    go_first()
    before = load()
    with Box(models) as box:
        each = -(-turns // calls)
        done: list[Turn] = []
        whole = gather(
            (
                turn
                for number in range(calls)
                for turn in converse(box.sip_port, each, sounds, number * each)
            ),
            done,
        )
        box.stop()
        notes = box.what_was_noted()
        lag = box.loop_lag_ms()
        ready_s, peak = box.ready_s, box.peak_memory_mb
    latencies = [turn.latency_ms for turn in done if turn.latency_ms is not None]
    return {
        "models": models,
        "load": {"before": before, "after": load()},
        "turns": len(done),
        "cut_short": not whole,
        "unanswered": len(done) - len(latencies),
        "voice_to_voice_ms": percentiles(latencies),
        "goal_ms": GOALS[models],
        "parts_ms": {name: percentiles(found) for name, found in parts(done, notes).items()},
        "event_loop_lag_ms": lag,
        "start_to_ready_s": ready_s,
        "peak_memory_mb": peak,
        "all_ms": [round(latency, 1) for latency in latencies],
    }


def parts(turns: Sequence[Turn], notes: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """When each part was done, in ms from the last voiced packet of the question.

    A pause within the question begins parts that are thrown away, so the last note of each kind
    before the answer counts, and nothing that comes after the answer began.
    """
    found: dict[str, list[float]] = {name: [] for name in PARTS}
    for turn in turns:
        if turn.latency_ms is None:
            continue
        for name, what in PARTS.items():
            times = [
                note["at"]
                for note in notes
                if note["what"] == what and turn.asked_at <= note["at"] <= turn.answered_at
            ]
            if times:
                pick = times[0] if name in ("first clause", "first audio") else times[-1]
                found[name].append((pick - turn.asked_at) / 1e6)
    return found


if __name__ == "__main__":
    main()
