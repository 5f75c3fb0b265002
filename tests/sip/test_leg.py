"""A leg, with a desk that only writes down what it is asked for."""

from __future__ import annotations

import asyncio

import pytest

from thunderbox.errors import LegError
from thunderbox.sip import leg as leg_module
from thunderbox.sip.causes import Past
from thunderbox.sip.leg import EVENTS, SipLeg
from thunderbox.sip.ring import Playout, Ticks
from thunderbox.voice.leg import Answered, Digit, EndCause, Ended, Held, Resumed


class Desk:
    """Writes down; ends the line at once if told so."""

    def __init__(self) -> None:
        self.wishes: list[tuple[object, ...]] = []
        self.leg: SipLeg | None = None
        self.ends = True
        self.can_press = True
        self.can_refer = True

    def pick_up(self, serial: int) -> None:
        self.wishes.append(("pick up",))

    def drop(self, serial: int, status: int, reason: str) -> None:
        self.wishes.append(("drop", status, reason))
        if self.ends and self.leg is not None:
            past = Past(self.leg.outbound, self.leg.up, False, status or 200)
            asyncio.get_running_loop().call_soon(self.leg.on_over, past, "over")

    async def press(self, serial: int, keys: str) -> bool:
        self.wishes.append(("press", keys))
        return self.can_press

    async def refer(self, serial: int, target: str) -> bool:
        self.wishes.append(("refer", target))
        return self.can_refer


def make(*, outbound: bool = False) -> tuple[SipLeg, Desk]:
    """A leg and its desk."""
    desk = Desk()
    wake = asyncio.get_running_loop().call_soon_threadsafe
    desk.leg = SipLeg(7, outbound=outbound, desk=desk, playout=Playout(), ticks=Ticks(wake))
    return desk.leg, desk


async def test_inbound_life() -> None:
    leg, desk = make()
    answering = asyncio.create_task(leg.answer())
    await asyncio.sleep(0)
    assert desk.wishes == [("pick up",)]
    leg.on_up()
    await answering
    leg.on_digit("5")
    leg.on_held()
    leg.on_resumed()
    leg.on_over(Past(False, True, False, 200), "Normal call clearing")
    leg.on_over(Past(False, True, False, 200), "again")
    leg.on_digit("6")
    events = [leg.events.get_nowait() for _ in range(leg.events.qsize())]
    assert events == [
        Digit("5"),
        Held(),
        Resumed(),
        Ended(EndCause.CALLER_HANGUP, 200, "Normal call clearing"),
    ]
    assert await leg.tick() is None


async def test_everything_is_harmless_after_the_end() -> None:
    leg, desk = make()
    leg.on_over(Past(False, False, False, 487), "Request Terminated")
    await leg.answer()
    await leg.refuse(404, "x")
    await leg.hang_up()
    await leg.send_digits("1")
    leg.play(bytes(640))
    leg.on_up()
    assert (leg.queued, leg.flush(), desk.wishes) == (0, 0, [])
    assert leg.events.get_nowait() == Ended(EndCause.CANCELLED, 487, "Request Terminated")


async def test_an_answer_without_media(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg_module, "ANSWER_SECONDS", 0.01)
    leg, _ = make()
    with pytest.raises(LegError, match="no media"):
        await leg.answer()


async def test_refusing() -> None:
    leg, desk = make()
    with pytest.raises(LegError, match="400"):
        await leg.refuse(200, "")
    await leg.refuse(404, "Unknown")
    assert desk.wishes == [("drop", 404, "Unknown")]
    assert leg.events.get_nowait() == Ended(EndCause.REFUSED, 404, "Unknown")


async def test_hanging_up_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg_module, "HANG_UP_SECONDS", 0.01)
    leg, desk = make()
    desk.ends = False
    leg.on_up()
    await leg.hang_up()
    assert leg.events.get_nowait() == Ended(EndCause.AGENT_END, 0, "")


async def test_outbound_answered() -> None:
    leg, _ = make(outbound=True)
    watch = asyncio.create_task(leg.watch_ringing(5, 5))
    leg.on_progress()
    leg.on_up()
    await watch
    assert leg.events.get_nowait() == Answered()


async def test_outbound_without_any_reply() -> None:
    leg, _ = make(outbound=True)
    await leg.watch_ringing(5, 0.01)
    assert leg.events.get_nowait().cause is EndCause.UNREACHABLE  # type: ignore[union-attr]


async def test_outbound_without_an_answer() -> None:
    leg, _ = make(outbound=True)
    leg.on_progress()
    await leg.watch_ringing(0.01, 5)
    assert leg.events.get_nowait().cause is EndCause.NO_ANSWER  # type: ignore[union-attr]


async def test_a_lost_registration_ends_what_rings_only() -> None:
    ringing, _ = make(outbound=True)
    await ringing.lose_registration(408, "lost")
    end = ringing.events.get_nowait()
    assert isinstance(end, Ended)
    assert end.cause is EndCause.REGISTRATION_LOST
    talking, desk = make(outbound=True)
    talking.on_up()
    await talking.lose_registration(408, "lost")
    assert desk.wishes == []


async def test_lost_media() -> None:
    leg, desk = make()
    leg.on_up()
    leg.on_media_lost()
    leg.on_media_lost()
    await asyncio.sleep(0)
    assert desk.wishes == [("drop", 0, "")]
    end = leg.events.get_nowait()
    assert isinstance(end, Ended)
    assert end.cause is EndCause.MEDIA_LOST


async def test_keys() -> None:
    leg, desk = make()
    leg.on_up()
    with pytest.raises(LegError, match="Keys"):
        await leg.send_digits("no")
    await leg.send_digits("1")
    desk.can_press = False
    with pytest.raises(LegError, match="takes no keys"):
        await leg.send_digits("2")
    assert desk.wishes == [("press", "1"), ("press", "2")]


async def test_the_end_gets_in_when_nobody_reads() -> None:
    leg, _ = make()
    leg.on_up()
    for _ in range(EVENTS + 5):
        leg.on_digit("1")
    leg.on_over(Past(False, True, False, 200), "")
    events = [leg.events.get_nowait() for _ in range(leg.events.qsize())]
    assert len(events) == EVENTS
    assert isinstance(events[-1], Ended)
