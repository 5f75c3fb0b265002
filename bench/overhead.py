"""Measures what the box itself costs: voice to voice with engines that answer at once.

    python bench/overhead.py [--turns 50]

From each figure the configured silence (voice.pause_ms) is taken away; what is left is the way in
and out: RTP, jitter buffer, ticks, voice detection, event loop. Measured twice: with the box's
own voice detector, and with one that looks at nothing but the level and so has no delay.
"""

from __future__ import annotations

import argparse
from typing import Any

from box import Box, gather, go_first, load, report
from talk import Turn, converse, percentiles, voices

from thunderbox.settings import VoiceSettings

QUESTION = "What are your opening hours?"
GOAL = {"p95": 40}
TURNS_A_CALL = 5


def main() -> None:
    """Measure both, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=50, metavar="N")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    go_first()
    result = {
        "pause_ms": VoiceSettings().pause_ms,
        "goal_ms": GOAL,
        "detector_of_the_box": measure("instant", options.turns),
        "detector_without_delay": measure("instant-level", options.turns),
    }
    report("overhead", result, not options.trial)


def measure(models: str, turns: int) -> dict[str, Any]:
    """One box, calls of five turns: where a call's clock stands between two ticks is chance."""
    sounds = voices([QUESTION])
    before = load()
    pause = VoiceSettings().pause_ms
    # Learned pauses would differ from call to call.
    fixed = {"VOICE_SHORTEST_PAUSE_MS": pause, "VOICE_LONGEST_PAUSE_MS": pause}
    with Box(models, **fixed) as box:
        done: list[Turn] = []
        whole = gather(
            (
                turn
                for _ in range(-(-turns // TURNS_A_CALL))
                for turn in converse(box.sip_port, TURNS_A_CALL, sounds)
            ),
            done,
        )
        box.stop()
        lag = box.loop_lag_ms()
    left = [turn.latency_ms - pause for turn in done if turn.latency_ms is not None]
    return {
        "load": {"before": before, "after": load()},
        "turns": len(done),
        "cut_short": not whole,
        "unanswered": len(done) - len(left),
        "overhead_ms": percentiles(left),
        "event_loop_lag_ms": lag,
        "all_ms": [round(value, 1) for value in left],
    }


if __name__ == "__main__":
    main()
