"""Measures how soon the agent falls silent when the caller talks over it.

    python bench/interruption.py [--models starter|real-size|instant] [--turns 40]

A figure is the time from the first voiced RTP packet of the caller to the last voiced one of the
agent. The rule is half a second of speech (voice.interrupt_ms), so that much of it is meant.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from box import MODELS, Box, gather, go_first, have_real_size, load, report
from phone import Packet, Phone
from talk import ANSWER_SECONDS, THINK_S, hear_greeting, percentiles, voices

from thunderbox.settings import VoiceSettings

QUESTION = "What are your opening hours?"
OBJECTION = "How much does a cleaning cost if I come on Monday?"
"""Without a pause: at once transcribed as a whole question, a part of it would be answered."""
CALL = 10
"""Interruptions in a call."""
AFTER_MS = (700, 900, 1100)
"""When the caller begins to talk, from the beginning of the answer; in turn."""
GAP_MS = 300
"""Silence that ends the answer which was interrupted; gaps between words are shorter."""
GOAL = {"p95": 700}


def main() -> None:
    """Measure, print JSON and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", choices=(*MODELS, "instant"), default="real-size")
    parser.add_argument("--turns", type=int, default=40, metavar="N")
    parser.add_argument("--try", dest="trial", action="store_true", help="do not keep the result")
    options = parser.parse_args()
    if options.models == "real-size" and not have_real_size():
        raise SystemExit("Make the models first: make bench-models")
    report("interruption", measure(options.models, options.turns), not options.trial)


def measure(models: str, turns: int) -> dict[str, Any]:
    """One box, some calls."""
    sounds = voices([QUESTION, OBJECTION])
    go_first()
    before = load()
    stops: list[float | None] = []
    with Box(models, tone_seconds=4.0) as box:
        whole = gather(calls(box, sounds, turns), stops)
    found = [stop for stop in stops if stop is not None]
    return {
        "models": models,
        "interrupt_ms": VoiceSettings().interrupt_ms,
        "load": {"before": before, "after": load()},
        "interruptions": len(stops),
        "cut_short": not whole,
        "not_interrupted": len(stops) - len(found),
        "stop_ms": percentiles(found),
        "goal_ms": GOAL,
        "all_ms": [round(stop, 1) for stop in found],
    }


def calls(box: Box, sounds: dict[str, bytes], turns: int) -> Iterator[float | None]:
    """Some calls, one after the other, until there were so many interruptions."""
    done = 0
    while done < turns:
        phone = Phone(box.sip_port)
        phone.dial()
        try:
            hear_greeting(phone)
            for stop in interrupt(phone, sounds, min(CALL, turns - done)):
                done += 1
                yield stop
        finally:
            phone.hang_up()


def interrupt(phone: Phone, sounds: dict[str, bytes], times: int) -> Iterator[float | None]:
    """Ask, then talk over each answer, so many times; None: the agent was not speaking."""
    time.sleep(THINK_S)
    said = phone.say(sounds[QUESTION])
    phone.finish(said)
    for number in range(times):
        answer = phone.voice_after(said.last, ANSWER_SECONDS)
        if answer is None:
            yield None
            return
        after = AFTER_MS[number % len(AFTER_MS)] / 1000
        time.sleep(max(0.0, answer.at / 1e9 + after - time.monotonic()))
        said = phone.say(sounds[OBJECTION])
        phone.finish(said)
        last = last_of_answer(phone.packets, answer.at)
        yield (last - said.first) / 1e6 if last > said.first else None


def last_of_answer(packets: list[Packet], begun: int) -> int:
    """When the last voiced packet of an answer came."""
    voiced = [packet.at for packet in packets if packet.voiced and packet.at >= begun]
    for one, following in pairwise(voiced):
        if following - one > GAP_MS * 1_000_000:
            return one
    return voiced[-1]


if __name__ == "__main__":
    main()
