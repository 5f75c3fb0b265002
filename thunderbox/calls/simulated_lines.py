"""Simulated lines: what joins an agent and a simulated caller, a line in memory or the phone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from thunderbox.calls.outbound import RING_MARGIN_S, outcome
from thunderbox.calls.ports import Destination, Dialer
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import LegError
from thunderbox.voice.leg import Leg
from thunderbox.voice.loopback import Loopback

Talk = Callable[[Leg], Awaitable[object]]
"""One party's side, from the answer to the end."""

LONGEST_S = 300
"""A test call is cut after so long."""
RING_S = 10.0
END_S = 15.0
"""How long the other side may take to notice the end."""
CALLER = "simulator"
"""What stands for the simulated caller's number."""


async def in_memory(name: str, agent: Talk, caller: Talk) -> None:
    """Let both talk on a line in memory until the agent's side is over."""
    line = Loopback(name)
    talking = asyncio.ensure_future(agent(line.near))
    others = [asyncio.create_task(line.run()), asyncio.ensure_future(caller(line.far))]
    try:
        await asyncio.wait({talking}, timeout=LONGEST_S)
        await line.far.hang_up()
        await talking
    finally:
        for task in (talking, *others):
            task.cancel()
        await asyncio.gather(talking, *others, return_exceptions=True)


async def over_sip(
    switchboard: Switchboard, dialer: Dialer, address: str, calling: Talk, answering: Talk
) -> None:
    """Let the box's phone call itself at `address`, host:port, until both sides are over.

    Raises LegError when no line is free or the phone does not reach itself.
    """
    user = f"test-{secrets.token_hex(8)}"
    over = asyncio.Event()

    async def answer(leg: Leg) -> None:
        try:
            await leg.answer()
            await answering(leg)
        finally:
            over.set()

    with switchboard.expecting(user, answer):
        leg = await dialer.dial(Destination(to=f"sip:{user}@{address}", caller=CALLER), RING_S)
        ended = await outcome(leg, RING_S + RING_MARGIN_S)
    if ended is not None:
        raise LegError(f"The phone did not reach itself: {ended.cause.value}.")
    try:
        async with asyncio.timeout(LONGEST_S):
            await calling(leg)
    except TimeoutError:
        pass
    finally:
        await leg.hang_up()
    try:
        async with asyncio.timeout(END_S):
            await over.wait()
    except TimeoutError:
        raise LegError("The other side of the test call did not end.") from None
