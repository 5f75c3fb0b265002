"""Measures four calls at once against one: answers, evenness of the RTP, the event loop.

    python bench/four_calls.py [--models starter|real-size] [--turns 10]

The evenness is measured where it counts, at the receiving phone: how far the time between two
packets, by the kernel's time stamps, is from 20 ms. All four callers keep asking, each a question
of its own, without waiting for one another.
"""

from __future__ import annotations

import argparse
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import pairwise
from typing import Any

from box import MODELS, Box, ends_kindly, gather, go_first, have_real_size, load, report
from phone import FRAME_NS, Packet, Phone
from talk import QUESTIONS, Turn, ask, hear_greeting, percentiles, voices

GOALS = {
    "jitter_p99_ms": 5.0,
    "packets_lost": 0.0,
    "event_loop_lag_p99_ms": 5.0,
    "p95_against_one_call": 2.5,
}
STARTER_GOALS = {"peak_memory_mb": 900.0}
TURN_SECONDS = 60.0
"""More than a question and its answer ever take."""


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
    four = None
    with ends_kindly():
        one = measure(options.models, 1, options.turns)
        if not one["cut_short"]:
            with suppress(KeyboardInterrupt):
                four = measure(options.models, 4, options.turns)
    result = {
        "models": options.models,
        "cut_short": four is None or four["cut_short"],
        "goals": judge(options.models, one, four) if four is not None else {},
        "one_call": one,
        "four_calls": four,
    }
    keep = not options.trial and four is not None
    report(f"four_calls_{options.models.replace('-', '_')}", result, keep)


def judge(models: str, one: dict[str, Any], four: dict[str, Any]) -> dict[str, Any]:
    """What was measured with four calls beside what is wanted; None where nothing was."""
    alone, beside = (found["voice_to_voice_ms"]["p95"] for found in (one, four))
    measured = {
        "jitter_p99_ms": four["jitter_ms"]["p99"],
        "packets_lost": four["packets_lost"],
        "event_loop_lag_p99_ms": four["event_loop_lag_ms"].get("p99"),
        "p95_against_one_call": round(beside / alone, 2) if alone and beside else None,
        "peak_memory_mb": four["peak_memory_mb"],
    }
    goals = GOALS | (STARTER_GOALS if models == "starter" else {})
    return {
        name: {"goal": goal, "measured": value, "met": value is not None and value <= goal}
        for name, goal in goals.items()
        for value in (measured[name],)
    }


def measure(
    models: str,
    calls: int,
    turns: int,
    beside: Callable[[Box], AbstractContextManager[None]] | None = None,
) -> dict[str, Any]:
    """One box, so many callers at once, and what happens beside them."""
    sounds = voices(QUESTIONS)
    before = load()
    heard: queue.SimpleQueue[Turn | None] = queue.SimpleQueue()
    callers = [_Caller(number, turns, sounds, heard.put) for number in range(calls)]
    done: list[Turn] = []
    with Box(models) as box:
        for caller in callers:
            caller.start(box.sip_port)
        try:
            with beside(box) if beside else nullcontext():
                whole = gather(_turns(heard, callers), done)
        finally:
            for caller in callers:
                caller.leave()
        box.stop()
        lag, peak = box.loop_lag_ms(), box.peak_memory_mb
    latencies = [turn.latency_ms for turn in done if turn.latency_ms is not None]
    wanted = turns * calls if whole else len(done)
    gaps = [gap for caller in callers for gap in unevenness(caller.packets)]
    return {
        "load": {"before": before, "after": load()},
        "turns": len(done),
        "cut_short": not whole,
        "unanswered": wanted - len(latencies),
        "voice_to_voice_ms": percentiles(latencies),
        "packets": sum(len(caller.packets) for caller in callers),
        "packets_lost": sum(lost(caller.packets) for caller in callers),
        "jitter_ms": percentiles(gaps),
        "phone_sent_late_ms": percentiles([late for caller in callers for late in caller.late]),
        "event_loop_lag_ms": lag,
        "peak_memory_mb": peak,
        "all_ms": [round(latency, 1) for latency in latencies],
    }


def _turns(heard: queue.SimpleQueue[Turn | None], callers: Sequence[_Caller]) -> Iterator[Turn]:
    """The turns of all callers as they come, until each has hung up."""
    talking = len(callers)
    while talking:
        try:
            turn = heard.get(timeout=TURN_SECONDS)
        except queue.Empty:
            return
        if turn is None:
            talking -= 1
        else:
            yield turn


class _Caller:
    """One of the callers, on a thread of its own; tells each turn, and None at the end."""

    def __init__(
        self,
        number: int,
        turns: int,
        sounds: dict[str, bytes],
        tell: Callable[[Turn | None], None],
    ) -> None:
        self._number, self._turns, self._sounds, self._tell = number, turns, sounds, tell
        self._phone: Phone
        self._thread: threading.Thread

    @property
    def packets(self) -> list[Packet]:
        """What came."""
        return self._phone.packets

    @property
    def late(self) -> list[float]:
        """How late each packet was sent, in ms."""
        return self._phone.sent_late_ms

    def start(self, port: int) -> None:
        """Call the box and begin to ask."""
        self._phone = Phone(port)
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Hang up, if that is still to be done, and ask no more."""
        if self._thread.is_alive():
            self._phone.hang_up()
            self._thread.join(5)

    def _talk(self) -> None:
        try:
            self._phone.dial()
            hear_greeting(self._phone)
            asked = list(self._sounds)
            for turn in range(self._turns):
                if self._phone.ended:
                    return
                question = asked[(turn + 2 * self._number) % len(asked)]
                self._tell(ask(self._phone, question, self._sounds[question]))
        finally:
            self._phone.hang_up()
            self._tell(None)


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
