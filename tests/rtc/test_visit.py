"""What a visitor's page is shown, and a supervisor's, as the call goes on."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from tests.rtc.served import tone
from thunderbox.calls.ports import Ticket
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.listening import ListeningSeat
from thunderbox.rtc.messages import Cast, Visitor
from thunderbox.rtc.mixing import mixed
from thunderbox.rtc.room import Parting, Room
from thunderbox.rtc.speaking import FRAMES, Meter
from thunderbox.rtc.tokens import Grant
from thunderbox.rtc.visit import MISSED, Visit
from thunderbox.voice.audience import AgentState, Caption, Speaks
from thunderbox.voice.leg import (
    SILENCE,
    Answered,
    Digit,
    EndCause,
    Ended,
    Held,
    LegEvent,
    Resumed,
    Tick,
    Typed,
)

VOICE = tone(20, 300)


class Session:
    """A connection that keeps what it is told."""

    def __init__(self, cast: Cast) -> None:
        self.visitor = Visitor(cast)
        self.hears_ms: int | None = 100
        self.captions: list[Caption] = []
        self.told: list[rtc.SignalResponse] = []
        self.sent: list[bytes] = []
        self.closed: list[models.DisconnectReason] = []

    def caption(self, caption: Caption) -> None:
        self.captions.append(caption)

    def send_response(self, response: rtc.SignalResponse) -> None:
        self.told.append(response)

    def send(self, frame: bytes, periods: int) -> None:
        self.sent.append(frame)

    async def close(self, reason: models.DisconnectReason) -> None:
        self.closed.append(reason)

    def speakers(self) -> list[tuple[str, bool]]:
        found = [one.speakers_changed.speakers for one in self.told]
        return [(speaker.sid, speaker.active) for speakers in found for speaker in speakers]


class Bench:
    """A room with a client that comes and goes."""

    def __init__(self, *, hidden: bool = False) -> None:
        self.cast = Cast("mic-1", "Agent", "visitor", hidden=hidden)
        self.room = Room(
            Ticket("mic-1", "token"),
            Grant("mic-1", "visitor", "t", hidden, 0),
            self.cast,
            join_seconds=60,
            rejoin_seconds=60,
        )

    def comes(self) -> Session:
        session = Session(self.cast)
        self.room.session = session  # type: ignore[assignment]
        self.room.hears(session)  # type: ignore[arg-type]
        return session

    def goes(self) -> None:
        self.room.session = None
        self.room.on_away()


@pytest.fixture
async def bench() -> Bench:
    return Bench()


@pytest.fixture
async def visit(bench: Bench) -> Visit:
    return Visit(bench.room, MediaClock())


def events(visit: Visit) -> list[LegEvent]:
    found = []
    while not visit.leg.events.empty():
        found.append(visit.leg.events.get_nowait())
    return found


def said(segment: int, text: str = "Hello", *, final: bool = True) -> Caption:
    return Caption(Speaks.AGENT, segment, text, final)


async def test_the_leg_follows_the_visitor(bench: Bench, visit: Visit) -> None:
    bench.comes()
    bench.goes()
    bench.comes()
    bench.room.on_event(Typed("hi"))
    bench.room.on_parted(Parting.VANISHED)
    assert events(visit) == [
        Answered(),
        Held(),
        Resumed(),
        Typed("hi"),
        Ended(EndCause.MEDIA_LOST, 0, Parting.VANISHED.value),
    ]


@pytest.mark.parametrize("parting", list(Parting))
async def test_every_parting_ends_the_leg(visit: Visit, bench: Bench, parting: Parting) -> None:
    bench.room.on_parted(parting)
    assert isinstance(events(visit)[0], Ended)


async def test_words_before_the_visitor_hears_wait_for_that(bench: Bench, visit: Visit) -> None:
    for digit in "123456789":
        bench.room.on_event(Digit(digit))
    assert events(visit) == []
    bench.comes()
    assert events(visit) == [Answered(), *map(Digit, "12345678")]


async def test_captions_wait_for_a_visitor_who_is_away(bench: Bench, visit: Visit) -> None:
    visit.caption(said(1))
    session = bench.comes()
    visit.caption(said(2))
    bench.goes()
    visit.caption(said(3, "Go", final=False))
    visit.caption(said(3, "Good"))
    again = bench.comes()
    assert session.captions == [said(1), said(2)]
    assert again.captions == [said(3, "Good")]


async def test_captions_that_wait_are_bounded(bench: Bench, visit: Visit) -> None:
    for segment in range(1, MISSED + 4):
        visit.caption(said(segment))
    assert [one.segment for one in bench.comes().captions] == list(range(4, MISSED + 4))


async def test_what_the_visitor_typed_is_not_shown_again(bench: Bench, visit: Visit) -> None:
    session = bench.comes()
    visit.caption(Caption(Speaks.CALLER, 1, "two pizzas", final=True, typed=True))
    assert session.captions == []


async def test_after_the_end_nothing_is_shown(bench: Bench, visit: Visit) -> None:
    session = bench.comes()
    await bench.room.close()
    visit.caption(said(1))
    visit.agent_state(AgentState.SPEAKING)
    visit.sound(Tick(VOICE, SILENCE, 0))
    assert (session.captions, session.told) == ([], [])


async def test_what_the_agent_does_is_shown(bench: Bench, visit: Visit) -> None:
    session = bench.comes()
    for state in (AgentState.THINKING, AgentState.SPEAKING, AgentState.LISTENING):
        visit.agent_state(state)
    updates = [one.update.participants[0] for one in session.told if one.HasField("update")]
    assert [one.attributes["lk.agent.state"] for one in updates] == [
        "thinking",
        "speaking",
        "listening",
    ]
    assert [one.version for one in updates] == sorted({one.version for one in updates})
    agent = bench.cast.agent_sid
    assert session.speakers() == [(agent, True), (agent, False)]


async def test_who_comes_back_is_told_what_the_agent_does_now(bench: Bench, visit: Visit) -> None:
    visit.agent_state(AgentState.THINKING)
    assert bench.cast.agent().attributes["lk.agent.state"] == "thinking"


async def test_whether_the_visitor_speaks_is_shown(bench: Bench, visit: Visit) -> None:
    session = bench.comes()
    for frame in [VOICE] * 3 * FRAMES + [SILENCE] * 2 * FRAMES:
        visit.sound(Tick(frame, SILENCE, 0))
    sid = session.visitor.sid
    assert session.speakers() == [(sid, True), (sid, False)]


def test_faint_noise_is_no_speaking() -> None:
    meter = Meter()
    assert [meter.hear(b"\x20\x00" * 320) for _ in range(2 * FRAMES)] == [None] * 2 * FRAMES


async def test_a_supervisor_hears_and_reads_both_sides() -> None:
    bench = Bench(hidden=True)
    seat = ListeningSeat(bench.room)
    seat.sound(Tick(VOICE, SILENCE, 0))
    session = bench.comes()
    both = Tick(VOICE, tone(20, 700), 640)
    seat.sound(both)
    seat.caption(Caption(Speaks.CALLER, 1, "two pizzas", final=True, typed=True))
    seat.agent_state(AgentState.SPEAKING)
    assert session.sent == [mixed(both)]
    assert [one.text for one in session.captions] == ["two pizzas"]
    for _ in range(2 * FRAMES):
        seat.sound(both)
    assert (bench.cast.caller_sid, True) in session.speakers()
    bench.goes()
    seat.sound(both)
    assert not seat.vacant
    await seat.close()
    assert seat.vacant
