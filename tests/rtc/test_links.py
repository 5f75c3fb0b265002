"""The peer connections of one client: which offers what, and candidates that come early."""

from __future__ import annotations

import json

import pytest
from livekit.protocol import rtc

from thunderbox.errors import LegError
from thunderbox.rtc.dialects import Dialect
from thunderbox.rtc.links import CANDIDATES, LinkEvents, Links
from thunderbox.rtc.messages import Cast
from thunderbox.rtc.peer import AgentVoice, PeerEvents


class Peer:
    """A connection that agrees to everything and keeps what it is asked."""

    def __init__(self, events: PeerEvents) -> None:
        self.events = events
        self.voice_mid = ""
        self.voices: list[AgentVoice | None] = []
        self.candidates: list[tuple[str, str | None, int | None]] = []
        self.channels: list[str] = []
        self.sent: list[tuple[str, bytes]] = []
        self.answers: list[str] = []
        self.closed = False

    async def answer(self, offer: str, voice: AgentVoice | None) -> str:
        self.voices.append(voice)
        if voice is not None and offer != "deaf":
            self.voice_mid = "2"
        return "an answer"

    async def offer(self, voice: AgentVoice | None) -> str:
        self.voices.append(voice)
        self.voice_mid = "0"
        return "an offer"

    async def accept(self, answer: str) -> None:
        self.answers.append(answer)

    async def add_candidate(self, line: str, mid: str | None, index: int | None) -> None:
        self.candidates.append((line, mid, index))

    def open_channel(self, label: str, *, reliable: bool) -> None:
        self.channels.append(label)

    def send(self, label: str, data: bytes) -> bool:
        self.sent.append((label, data))
        return True

    async def close(self) -> None:
        self.closed = True
        self.events.state("closed")


class Bench:
    """Links of one dialect, their peers in the order in which they were made."""

    def __init__(self, dialect: Dialect, *, hidden: bool = False) -> None:
        self.cast = Cast("mic-1", "Agent", "visitor", hidden=hidden)
        self.peers: list[Peer] = []
        self.told: list[object] = []

        def new_peer(events: PeerEvents) -> Peer:
            self.peers.append(Peer(events))
            return self.peers[-1]

        self.links = Links(
            dialect,
            self.cast,
            new_peer,  # type: ignore[arg-type]
            LinkEvents(
                opened=lambda: self.told.append("opened"),
                packet=self.told.append,
                failed=lambda: self.told.append("failed"),
                closed=lambda: self.told.append("closed"),
            ),
        )


def trickle(target: rtc.SignalTarget = rtc.SignalTarget.PUBLISHER) -> rtc.TrickleRequest:
    init = {"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0}
    return rtc.TrickleRequest(candidateInit=json.dumps(init), target=target)


OFFER = rtc.SessionDescription(type="offer", sdp="an offer", id=9)


async def test_v1_hears_on_the_connection_that_it_offers() -> None:
    bench = Bench(Dialect.V1)
    assert await bench.links.start() is None
    assert not bench.links.hears
    answer = await bench.links.answer(OFFER)
    assert (answer.type, answer.id) == ("answer", 9)
    assert dict(answer.mid_to_track_id) == {"2": bench.cast.agent_track_sid}
    [peer] = bench.peers
    assert peer.voices[0] is not None
    assert peer.voices[0].stream_id == bench.cast.agent_stream
    assert bench.links.hears
    assert bench.links.send(b"packet")
    assert peer.sent == [("_reliable", b"packet")]


async def test_v1_without_a_section_to_hear_on_does_not_hear() -> None:
    bench = Bench(Dialect.V1)
    answer = await bench.links.answer(rtc.SessionDescription(sdp="deaf"))
    assert dict(answer.mid_to_track_id) == {}
    assert not bench.links.hears


async def test_v0_hears_on_the_connection_that_the_box_offers() -> None:
    bench = Bench(Dialect.V0)
    offer = await bench.links.start()
    assert offer is not None
    assert (offer.type, offer.id) == ("offer", 1)
    assert dict(offer.mid_to_track_id) == {"0": bench.cast.agent_track_sid}
    assert bench.peers[0].channels == ["_reliable", "_lossy"]
    await bench.links.accept(rtc.SessionDescription(sdp="theirs"))
    assert bench.peers[0].answers == ["theirs"]
    await bench.links.answer(OFFER)
    assert bench.peers[1].voices == [None]
    bench.links.send(b"packet")
    assert bench.peers[0].sent == [("_reliable", b"packet")]


async def test_an_answer_without_an_offer_is_refused() -> None:
    with pytest.raises(LegError, match="no offer"):
        await Bench(Dialect.V1).links.accept(rtc.SessionDescription(sdp="x"))


async def test_candidates_go_to_the_connection_that_they_are_for() -> None:
    bench = Bench(Dialect.V0)
    await bench.links.start()
    await bench.links.answer(OFFER)
    await bench.links.trickle(trickle(rtc.SignalTarget.SUBSCRIBER))
    assert bench.peers[0].candidates == [("candidate:1", "0", 0)]
    assert bench.peers[1].candidates == []


async def test_candidates_before_their_description_wait_for_it() -> None:
    bench = Bench(Dialect.V1)
    await bench.links.trickle(trickle())
    await bench.links.answer(OFFER)
    assert bench.peers[0].candidates == [("candidate:1", "0", 0)]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "7", '{"candidate": 7}', '{"candidate": null}', "[" * 5000],
)
async def test_candidates_that_are_none_are_ignored(content: str) -> None:
    bench = Bench(Dialect.V1)
    await bench.links.answer(OFFER)
    await bench.links.trickle(rtc.TrickleRequest(candidateInit=content))
    assert bench.peers[0].candidates == []


async def test_candidates_of_odd_types_lose_them() -> None:
    bench = Bench(Dialect.V1)
    await bench.links.answer(OFFER)
    init = {"candidate": "candidate:1", "sdpMid": 3, "sdpMLineIndex": "x"}
    await bench.links.trickle(rtc.TrickleRequest(candidateInit=json.dumps(init)))
    assert bench.peers[0].candidates == [("candidate:1", None, None)]


@pytest.mark.parametrize("early", [True, False])
async def test_candidates_are_bounded(early: bool) -> None:
    bench = Bench(Dialect.V1)
    if not early:
        await bench.links.answer(OFFER)
    for _ in range(CANDIDATES + 50):
        await bench.links.trickle(trickle())
    if early:
        await bench.links.answer(OFFER)
    assert len(bench.peers[0].candidates) == CANDIDATES


async def test_what_happens_is_told() -> None:
    bench = Bench(Dialect.V1)
    await bench.links.answer(OFFER)
    events = bench.peers[0].events
    events.opened("_lossy")
    events.opened("_reliable")
    events.data("_reliable", b"packet")
    for state in ("connecting", "connected", "failed", "closed"):
        events.state(state)
    assert bench.told == ["opened", b"packet", "failed", "closed"]


async def test_a_supervisor_is_not_listened_to() -> None:
    bench = Bench(Dialect.V1, hidden=True)
    await bench.links.answer(OFFER)
    bench.peers[0].events.data("_reliable", b"packet")
    assert bench.told == []


async def test_closing_closes_every_connection_and_is_no_failure() -> None:
    bench = Bench(Dialect.V0)
    await bench.links.start()
    await bench.links.answer(OFFER)
    await bench.links.close()
    assert [peer.closed for peer in bench.peers] == [True, True]
    assert bench.links.voice.readyState == "ended"
    assert bench.told == []
