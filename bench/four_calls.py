"""Measures four calls at once against one: answers, evenness of the RTP, the event loop.

    python bench/four_calls.py [--models starter|real-size] [--turns 10]

The evenness is measured where it counts, at the receiving phone: how far the time between two
packets, by the kernel's time stamps, is from 20 ms. All four callers keep asking, each a question
of its own, without waiting for one another.
"""

from __future__ import annotations

import argparse
import threading
from itertools import pairwise
from typing import Any

from box import MODELS, Box, go_first, have_real_size, load, report
from phone import FRAME_NS, Packet, Phone
from talk import QUESTIONS, Turn, ask, hear_greeting, percentiles, voices

GOALS = {"jitter_ms": {"p99": 5}, "lost": 0, "p95_against_one_call": 2.5, "lag_ms": {"p99": 5}}


def main() -> None:
    """Measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", choices=MODELS, default="starter")
    parser.add_argument("--turns", type=int, default=10, metavar="N", help="of each caller")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    if options.models == "real-size" and not have_real_size():
        raise SystemExit("Make the models first: make bench-models")
    go_first()
    one = measure(options.models, 1, options.turns)
    four = measure(options.models, 4, options.turns)
    times = four["voice_to_voice_ms"]["p95"] / one["voice_to_voice_ms"]["p95"]
    result = {
        "models": options.models,
        "goals": GOALS,
        "p95_against_one_call": round(times, 2),
        "one_call": one,
        "four_calls": four,
    }
    report(f"four_calls_{options.models.replace('-', '_')}", result, not options.trial)


def measure(models: str, calls: int, turns: int) -> dict[str, Any]:
    """One box, so many callers at once."""
    sounds = voices(QUESTIONS)
    before = load()
    callers = [_Caller(number, turns, sounds) for number in range(calls)]
    with Box(models) as box:
        for caller in callers:
            caller.start(box.sip_port)
        for caller in callers:
            caller.thread.join(turns * 40.0)
        peak = box.memory_mb("VmHWM")
        box.stop()
        lag = box.loop_lag_ms()
    done = [turn for caller in callers for turn in caller.turns]
    latencies = [turn.latency_ms for turn in done if turn.latency_ms is not None]
    gaps = [gap for caller in callers for gap in unevenness(caller.packets)]
    return {
        "load": {"before": before, "after": load()},
        "turns": len(done),
        "unanswered": turns * calls - len(latencies),
        "voice_to_voice_ms": percentiles(latencies),
        "packets": sum(len(caller.packets) for caller in callers),
        "packets_lost": sum(lost(caller.packets) for caller in callers),
        "jitter_ms": percentiles(gaps),
        "phone_sent_late_ms": percentiles([late for caller in callers for late in caller.late]),
        "event_loop_lag_ms": lag,
        "peak_memory_mb": peak,
    }


class _Caller:
    """One of the callers, on a thread of its own."""

    def __init__(self, number: int, turns: int, sounds: dict[str, bytes]) -> None:
        self._number, self._turns, self._sounds = number, turns, sounds
        self.turns: list[Turn] = []
        self.packets: list[Packet] = []
        self.late: list[float] = []
        self.thread: threading.Thread

    def start(self, port: int) -> None:
        """Call the box and begin to ask."""
        self.thread = threading.Thread(target=self._talk, args=(port,), daemon=True)
        self.thread.start()

    def _talk(self, port: int) -> None:
        phone = Phone(port)
        phone.dial()
        try:
            hear_greeting(phone)
            asked = list(self._sounds)
            for turn in range(self._turns):
                question = asked[(turn + 2 * self._number) % len(asked)]
                self.turns.append(ask(phone, question, self._sounds[question]))
        finally:
            phone.hang_up()
            self.packets, self.late = phone.packets, phone.sent_late_ms


def unevenness(packets: list[Packet]) -> list[float]:
    """How far the time between two packets in a row is from 20 ms."""
    return [
        abs(following.at - one.at - FRAME_NS) / 1e6
        for one, following in pairwise(packets)
        if following.sequence == (one.sequence + 1) & 0xFFFF
    ]


def lost(packets: list[Packet]) -> int:
    """Sequence numbers that never came."""
    return sum(
        ((following.sequence - one.sequence) & 0xFFFF) - 1 for one, following in pairwise(packets)
    )


if __name__ == "__main__":
    main()
