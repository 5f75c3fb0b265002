"""Those who follow a call: they come, go and fail, and the call does not notice."""

from __future__ import annotations

import logging

import pytest

from tests.fakes.audience import FakeAudience
from tests.fakes.seats import FakeSeat
from thunderbox.calls.gallery import SEATS, Gallery
from thunderbox.errors import ConflictError
from thunderbox.voice.audience import AgentState, Caption, Speaks
from thunderbox.voice.leg import SILENCE, Tick

TICK = Tick(far=SILENCE, near=SILENCE, spoken=0)
HELLO = Caption(Speaks.AGENT, 1, "Hello.", final=True)


class Broken(FakeAudience):
    """Fails whenever it is told something."""

    def sound(self, tick: Tick) -> None:
        """Fails."""
        super().sound(tick)
        raise ValueError

    def agent_state(self, state: AgentState) -> None:
        """Fails."""
        super().agent_state(state)
        raise ValueError


def test_everybody_is_told_everything() -> None:
    gallery, one, two = Gallery("Call 1"), FakeAudience(), FakeAudience()
    gallery.add(one)
    gallery.add(two)
    gallery.sound(TICK)
    gallery.caption(HELLO)
    gallery.agent_state(AgentState.SPEAKING)
    for each in (one, two):
        assert each.ticks == [TICK]
        assert each.told == [HELLO, AgentState.SPEAKING]


def test_who_comes_late_knows_what_the_agent_does() -> None:
    gallery, late = Gallery("Call 1"), FakeAudience()
    gallery.agent_state(AgentState.THINKING)
    gallery.add(late)
    assert late.told == [AgentState.THINKING]


def test_who_has_left_is_told_nothing() -> None:
    gallery, one = Gallery("Call 1"), FakeAudience()
    gallery.add(one)
    gallery.remove(one)
    gallery.remove(one)
    gallery.caption(HELLO)
    assert one.told == []


def test_one_that_fails_is_told_nothing_more_and_the_others_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gallery, broken, one = Gallery("Call 1"), Broken(), FakeAudience()
    gallery.add(broken)
    gallery.add(one)
    with caplog.at_level(logging.ERROR):
        gallery.sound(TICK)
        gallery.sound(TICK)
    assert len(broken.ticks) == 1
    assert len(one.ticks) == 2
    assert [record.message for record in caplog.records] == [
        "Call 1: one who followed the call failed, and does no more"
    ]


def test_one_that_fails_as_it_comes_does_not_stay() -> None:
    gallery, broken = Gallery("Call 1"), Broken()
    gallery.agent_state(AgentState.LISTENING)
    gallery.add(broken)
    gallery.sound(TICK)
    assert broken.ticks == []


def test_there_are_five_seats_and_a_vacant_one_is_given_away() -> None:
    gallery = Gallery("Call 1")
    seats = [FakeSeat(f"s{number}") for number in range(SEATS + 1)]
    for seat in seats[:SEATS]:
        gallery.admit(seat)
    with pytest.raises(ConflictError, match="5 supervisors follow this call"):
        gallery.check_seats()
    seats[2].vacant = True
    gallery.admit(seats[SEATS])
    gallery.caption(HELLO)
    assert seats[2].captions == []
    assert seats[SEATS].captions == [HELLO]


async def test_the_end_of_the_call_sends_everybody_away(caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(FakeSeat):
        async def close(self) -> None:
            raise OSError

    gallery, stuck, seat, page = Gallery("Call 1"), Stuck("a"), FakeSeat("b"), FakeAudience()
    gallery.admit(stuck)
    gallery.admit(seat)
    gallery.add(page)
    await gallery.close()
    assert seat.closed
    gallery.caption(HELLO)
    gallery.add(page)
    gallery.caption(HELLO)
    assert page.captions == []
    with pytest.raises(ConflictError, match="over"):
        gallery.admit(FakeSeat("c"))
