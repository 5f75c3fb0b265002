"""Two ends of a connection over loopback hear each other, also with losses."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiortc import RTCDataChannel, RTCPeerConnection, RTCRtpReceiver

from tests.rtc.sound import frames, loudness, pitch_of, tone
from thunderbox.errors import LegError
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.ice import LOOPBACK, Ice
from thunderbox.rtc.microphone import Microphone
from thunderbox.rtc.outgoing import OutgoingTrack
from thunderbox.rtc.peer import AgentVoice, Peer, PeerEvents
from thunderbox.voice.leg import FRAME_BYTES

ICE = Ice((LOOPBACK,))
HEARD = 25
"""Frames that are listened to: half a second."""


class End:
    """One end: a connection, what it heard and what it was told."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.data: list[tuple[str, bytes]] = []
        self.opened = asyncio.Event()
        self.connected = asyncio.Event()
        self.microphone = Microphone()
        self.track = OutgoingTrack()
        self.heard: list[bytes] = []
        self.peer = Peer(
            ICE,
            PeerEvents(
                state=self._on_state,
                microphone=self.listen_to,
                opened=lambda label: self.opened.set(),
                data=lambda label, data: self.data.append((label, data)),
            ),
        )

    def listen_to(self, receiver: RTCRtpReceiver) -> None:
        self.microphone.attach(receiver)

    def _on_state(self, state: str) -> None:
        self.states.append(state)
        if state == "connected":
            self.connected.set()


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, at most 10 s."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def ends() -> AsyncIterator[tuple[End, End]]:
    """A box and a browser, closed at the end."""
    box, browser = End(), End()
    try:
        yield box, browser
    finally:
        await box.peer.close()
        await browser.peer.close()


async def talk(box: End, browser: End, box_says: bytes, browser_says: bytes) -> None:
    """Let both ends play what they say again and again until both have heard enough of it."""
    clock = MediaClock()
    said, at = (frames(box_says), frames(browser_says)), 0

    def tick(periods: int) -> None:
        nonlocal at
        for end, sound in zip((box, browser), said, strict=True):
            end.track.push(sound[at % len(sound)], periods)
            for _ in range(periods):
                frame = end.microphone.pull()
                if end.heard or loudness(frame) > 100:
                    end.heard.append(frame)
        at += 1

    clock.join(tick)
    try:
        await until(lambda: len(box.heard) > HEARD and len(browser.heard) > HEARD)
    finally:
        clock.close()


async def connect(box: End, browser: End) -> None:
    """As a client of LiveKit's second dialect does: it offers to hear, and to speak."""
    voice = AgentVoice(browser.track, "browser", "microphone")
    browser.peer.open_channel("_reliable", reliable=True)
    connection: RTCPeerConnection = browser.peer._connection
    connection.addTransceiver("audio", direction="recvonly")
    offer = await browser.peer.offer(voice)
    answer = await box.peer.answer(offer, AgentVoice(box.track, "PA_agent|TR_1", "TR_1"))
    await browser.peer.accept(answer)
    async with asyncio.timeout(10):
        await asyncio.gather(*(end.connected.wait() for end in (box, browser)))


async def test_both_ends_hear_each_other() -> None:
    async with ends() as (box, browser):
        await connect(box, browser)
        assert box.peer.voice_mid == "0"
        assert "a=msid:PA_agent|TR_1 TR_1" in browser.peer._connection.remoteDescription.sdp
        await talk(box, browser, tone(440, 1), tone(1000, 1))
        assert not [one.name for one in threading.enumerate() if "decoder" in one.name]
    assert pitch_of(b"".join(browser.heard[10:])) == pytest.approx(440, rel=0.02)
    assert pitch_of(b"".join(box.heard[10:])) == pytest.approx(1000, rel=0.02)
    assert box.states[-1] == "closed"


async def test_the_box_can_offer() -> None:
    """As in LiveKit's first dialect: the box offers its voice and its channels."""
    async with ends() as (box, browser):
        box.peer.open_channel("_reliable", reliable=True)
        box.peer.open_channel("_lossy", reliable=False)
        offer = await box.peer.offer(AgentVoice(box.track, "PA_agent|TR_1", "TR_1"))
        assert "useinbandfec=1" in offer
        assert "PCMU" not in offer
        await box.peer.accept(await browser.peer.answer(offer, None))
        await until(lambda: box.peer.can_send("_reliable") and box.peer.can_send("_lossy"))
        assert box.peer.send("_reliable", b"hello")
        await until(lambda: browser.data == [("_reliable", b"hello")])
        heard: list[bytes] = []
        sound = frames(tone(440, 2))
        clock = MediaClock()

        def tick(periods: int) -> None:
            box.track.push(sound[len(heard) % len(sound)], periods)
            heard.append(browser.microphone.pull())

        clock.join(tick)
        await until(lambda: len(heard) > 60)
        clock.close()
    assert pitch_of(b"".join(heard[-30:])) == pytest.approx(440, rel=0.02)


async def test_a_microphone_that_is_offered_during_the_handshake_is_heard() -> None:
    """As clients of LiveKit's first dialect do it: first their channels, then what they say."""
    async with ends() as (box, browser):
        browser.peer.open_channel("_reliable", reliable=True)
        await browser.peer.accept(await box.peer.answer(await browser.peer.offer(None), None))
        offer = await browser.peer.offer(AgentVoice(browser.track, "browser", "microphone"))
        assert not box.connected.is_set()
        await browser.peer.accept(await box.peer.answer(offer, None))
        await until(lambda: box.connected.is_set())
        await until(lambda: browser.track.taken)
        for frame in frames(tone(1000, 0.1)):
            browser.track.push(frame)
        await until(lambda: box.microphone.buffer.received)


async def test_data_goes_both_ways_and_not_before_the_channel_is_open() -> None:
    async with ends() as (box, browser):
        assert not box.peer.send("_reliable", b"early")
        await connect(box, browser)
        await until(lambda: box.opened.is_set() and browser.opened.is_set())
        assert browser.peer.send("_reliable", b"up")
        assert box.peer.send("_reliable", b"down")
        await until(lambda: box.data and browser.data)
        assert box.data == [("_reliable", b"up")]
        assert browser.data == [("_reliable", b"down")]


async def test_a_reader_that_fails_does_not_end_the_channel(
    caplog: pytest.LogCaptureFixture,
) -> None:
    got: list[bytes] = []

    def read(label: str, data: bytes) -> None:
        got.append(data)
        raise ValueError("what is this")

    async with ends() as (box, browser):
        box.peer._events = PeerEvents(state=box._on_state, data=read)
        await connect(box, browser)
        await until(lambda: browser.peer.can_send("_reliable"))
        for text in (b"one", b"two"):
            browser.peer.send("_reliable", text)
        await until(lambda: len(got) == 2)
    assert "what is this" in caplog.text


@pytest.mark.parametrize("share", [0.05, 0.10])
async def test_lost_packets_are_made_up(share: float) -> None:
    chance = random.Random(2)

    def with_losses(end: End) -> Callable[[RTCRtpReceiver], None]:
        take = end.microphone.take

        def listen(receiver: RTCRtpReceiver) -> None:
            end.microphone.take = (  # type: ignore[method-assign]
                lambda packet: None if chance.random() < share else take(packet)
            )
            end.microphone.attach(receiver)

        return listen

    async with ends() as (box, browser):
        for end in (box, browser):
            end.peer._events = PeerEvents(state=end._on_state, microphone=with_losses(end))
        await connect(box, browser)
        await talk(box, browser, tone(440, 1), tone(1000, 1))
    for end, pitch in ((box, 1000), (browser, 440)):
        assert pitch_of(b"".join(end.heard[10:])) == pytest.approx(pitch, rel=0.02)
        assert end.microphone.buffer.lost


async def test_sound_from_before_the_connection_is_not_sent() -> None:
    async with ends() as (box, browser):
        for frame in frames(tone(440, 1)):
            box.track.push(frame)
        assert not box.track.taken
        await connect(box, browser)
        await talk(box, browser, tone(2000, 1), tone(1000, 1))
        assert box.track.taken
    assert pitch_of(b"".join(browser.heard)) == pytest.approx(2000, rel=0.02)


async def test_a_gap_of_the_clock_is_a_gap_in_time_and_no_burst() -> None:
    track = OutgoingTrack()
    frame = tone(440, 0.02)
    reading = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0)
    track.push(frame)
    first = await reading
    track.push(frame, periods=6)
    second = await track.recv()
    assert second.pts - first.pts == 6 * 960
    track.stop()


@pytest.mark.parametrize(
    ("offer", "sentence"),
    [
        ("", "no sections"),
        ("no description", "no sections"),
        ("v=0\r\nm=audio what\r\n", "no session description"),
        ("x" * 300_000, "longer than"),
        ("v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 opus/48000/2\r\n" * 20, "16"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n", "no Opus"),
    ],
)
async def test_offers_that_are_none_are_refused(offer: str, sentence: str) -> None:
    end = End()
    with pytest.raises(LegError, match=sentence):
        await end.peer.answer(offer, None)
    await end.peer.close()


async def test_candidates_that_lead_nowhere_are_left() -> None:
    end = End()
    for line in (
        "candidate:1 1 udp 1 abc.local 5 typ host",
        "candidate:1 1 tcp 1 192.0.2.1 5 typ host tcptype active",
        "nonsense",
        "",
    ):
        await end.peer.add_candidate(line, "0", 0)
    await end.peer.close()
    await end.peer.close()


async def test_candidates_that_come_before_the_description_are_kept() -> None:
    async with ends() as (box, browser):
        offer = await box.peer.offer(AgentVoice(box.track, "PA_agent|TR_1", "TR_1"))
        answer = await browser.peer.answer(offer, None)
        lines = answer.split("\r\n")
        candidates = [line for line in lines if line.startswith("a=candidate")]
        for line in candidates:
            await box.peer.add_candidate(line, "0", 0)
        await box.peer.accept("\r\n".join(line for line in lines if line not in candidates))
        await until(lambda: box.connected.is_set() and browser.connected.is_set())


async def test_a_full_channel_takes_no_more() -> None:
    async with ends() as (box, browser):
        await connect(box, browser)
        await until(lambda: box.peer.can_send("_reliable"))
        sent = [box.peer.send("_reliable", b"x" * 65_000) for _ in range(40)]
        assert sent[0]
        assert not sent[-1]
        channel: RTCDataChannel = box.peer._channels["_reliable"]
        assert channel.bufferedAmount < 1024 * 1024 + 65_000
    assert FRAME_BYTES == 640
