"""A voice on its way through a network, in memory: packets with delays, losses and drift."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from thunderbox.rtc.jitter import FRAME, FRAME_MS, Conceal, JitterBuffer, Play
from thunderbox.rtc.microphone import DROP_MS

Delay = Callable[[int], float | None]
"""How long packet n is under way in ms; None: it is lost."""


@dataclass
class Heard:
    """What came out, a step per 20 ms."""

    steps: list[Play | Conceal | None] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    """Of each packet that was played: from when it was spoken until it was played, in ms."""
    numbers: list[int] = field(default_factory=list)
    """The packets that were played."""

    @property
    def made_up(self) -> int:
        """Steps that were made up before the last packet was played."""
        last = max(n for n, step in enumerate(self.steps) if isinstance(step, Play))
        return sum(isinstance(step, Conceal) for step in self.steps[:last])


def payload(number: int) -> bytes:
    """A packet that can be told from others."""
    return b"voice" + number.to_bytes(4, "big")


def through(
    buffer: JitterBuffer,
    packets: int,
    delay: Delay,
    *,
    sequence: int = 0,
    timestamp: int = 0,
    spoken: Callable[[int], float] = lambda number: number * FRAME_MS,
    stamped: Callable[[int], int] = lambda number: number * FRAME,
    shorten: bool = True,
    begin: float = 7.0,
) -> Heard:
    """Send packets through a network into the buffer, and pull every 20 ms until none is left.

    `shorten` leaves frames out while the delay is too long, as the microphone does in silence.
    """
    arrivals = sorted(
        (spoken(number) + under_way, number)
        for number in range(packets)
        if (under_way := delay(number)) is not None
    )
    heard = Heard()
    waiting = list(reversed(arrivals))
    now = begin
    end = spoken(packets - 1) + 1000
    while now < end:
        while waiting and waiting[-1][0] <= now:
            arrival, number = waiting.pop()
            buffer.push(
                (sequence + number) & 0xFFFF,
                (timestamp + stamped(number)) & 0xFFFFFFFF,
                payload(number),
                arrival,
            )
        while True:
            step = buffer.pull(now)
            heard.steps.append(step)
            if not isinstance(step, Play):
                break
            number = int.from_bytes(step.payload[-4:], "big")
            heard.numbers.append(number)
            heard.delays.append(now - spoken(number))
            if not shorten or buffer.excess_ms < DROP_MS:
                break
        now += FRAME_MS
    return heard


def jitter(milliseconds: float, lost: float = 0.0, seed: int = 1) -> Delay:
    """A way of 30 ms, with so much more at random, and so many packets of 1 lost."""
    chance = random.Random(seed)
    return lambda number: None if chance.random() < lost else 30 + chance.uniform(0, milliseconds)
