"""One connection: what a client asks, and what it is answered, without sound or network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from google.protobuf.json_format import Parse
from livekit.protocol import models, rtc

from thunderbox.errors import LegError
from thunderbox.rtc import messages
from thunderbox.rtc import session as session_module
from thunderbox.rtc.data import Outbox
from thunderbox.rtc.dialects import Dialect, JoinAttempt
from thunderbox.rtc.links import LinkEvents
from thunderbox.rtc.messages import Cast
from thunderbox.rtc.session import Session
from thunderbox.rtc.websocket import BAD_MESSAGE
from thunderbox.voice.audience import Caption, Speaks
from thunderbox.voice.leg import SILENCE, Digit, Typed

Request = rtc.SignalRequest
MICROPHONE = rtc.AddTrackRequest(
    cid="c1", type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE
)
CAMERA = rtc.AddTrackRequest(
    cid="c2", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA
)


class Socket:
    """What the client says is put in; what it is sent is kept."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self.sent: list[bytes | str] = []
        self.close_code = 0
        self.reason = ""
        self.reads = True

    async def receive(self) -> bytes | str | None:
        return await self.incoming.get()

    def post(self, content: bytes | str) -> bool:
        if self.reads:
            self.sent.append(content)
        return self.reads

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if not self.close_code:
            self.close_code, self.reason = code, reason
            self.incoming.put_nowait(None)


class Track:
    """The agent's voice."""

    def __init__(self) -> None:
        self.pushed: list[tuple[bytes, int]] = []
        self.taken = False

    def push(self, frame: bytes, periods: int) -> None:
        self.pushed.append((frame, periods))


class Microphone:
    summary = "0 of 0 packets lost"

    def pull(self) -> bytes:
        return SILENCE


class Links:
    """Connections that agree to everything."""

    def __init__(self, events: LinkEvents) -> None:
        self.events = events
        self.voice = Track()
        self.microphone = Microphone()
        self.heard = False
        self.hears = True
        self.packets: list[bytes] = []
        self.candidates: list[str] = []
        self.accepted = ""
        self.closed = False
        self.first_offer: rtc.SessionDescription | None = None

    async def start(self) -> rtc.SessionDescription | None:
        return self.first_offer

    async def answer(self, offer: rtc.SessionDescription) -> rtc.SessionDescription:
        if offer.sdp == "bad":
            raise LegError("The offer is no session description.")
        return rtc.SessionDescription(type="answer", sdp="an answer", id=offer.id)

    async def accept(self, answer: rtc.SessionDescription) -> None:
        self.accepted = answer.sdp

    async def trickle(self, request: rtc.TrickleRequest) -> None:
        self.candidates.append(request.candidateInit)

    def send(self, packet: bytes) -> bool:
        self.packets.append(packet)
        return True

    async def close(self) -> None:
        self.closed = True


class Clock:
    """Ticks when it is told to."""

    def __init__(self) -> None:
        self.members: list[object] = []

    def join(self, member: object) -> None:
        self.members.append(member)

    def leave(self, member: object) -> None:
        self.members.remove(member)

    def step(self) -> None:
        for member in list(self.members):
            member(1)  # type: ignore[operator]


class Bench:
    """A session, its owner and everything around it."""

    def __init__(self, join: JoinAttempt | None = None, *, hidden: bool = False) -> None:
        self.socket = Socket()
        self.clock = Clock()
        self.heard: list[Session] = []
        self.events: list[Digit | Typed] = []
        self.cast = Cast("mic-1", "Reception", "visitor", hidden=hidden)
        self.links: Links

        def new_links(events: LinkEvents) -> Links:
            self.links = Links(events)
            return self.links

        self.session = Session(
            self.socket,  # type: ignore[arg-type]
            join or JoinAttempt(Dialect.V1, "JS 2.23.0"),
            self.cast,
            self,
            Outbox(self.cast.agent_sid, self.cast.agent_track_sid),
            new_links,  # type: ignore[arg-type]
            self.clock,  # type: ignore[arg-type]
        )
        self.running: asyncio.Task[bool]

    def hears(self, session: Session) -> None:
        self.heard.append(session)

    def takes(self, session: Session, event: Digit | Typed) -> None:
        self.events.append(event)

    def begin(self) -> Bench:
        self.running = asyncio.create_task(self._run())
        return self

    async def _run(self) -> bool:
        """As a room does it."""
        left = await self.session.run()
        await self.session.finish()
        return left

    async def says(self, *requests: Request) -> list[rtc.SignalResponse]:
        """Send requests and return what they brought."""
        before = len(self.socket.sent)
        for request in requests:
            self.socket.incoming.put_nowait(request.SerializeToString())
        for _ in range(20):
            await asyncio.sleep(0)
        return [self.read(content) for content in self.socket.sent[before:]]

    @staticmethod
    def read(content: bytes | str) -> rtc.SignalResponse:
        if isinstance(content, str):
            return Parse(content, rtc.SignalResponse())
        return rtc.SignalResponse.FromString(content)

    def answers(self) -> list[rtc.SignalResponse]:
        return [self.read(content) for content in self.socket.sent]

    async def end(self) -> bool:
        self.socket.incoming.put_nowait(None)
        async with asyncio.timeout(2):
            return await self.running


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    found = Bench().begin()
    yield found
    await found.end()


async def test_a_client_is_told_first_who_is_there(bench: Bench) -> None:
    await bench.says()
    join = bench.answers()[0].join
    assert (join.room.name, join.participant.identity) == ("mic-1", "visitor")
    [agent] = join.other_participants
    assert (agent.identity, agent.name, agent.kind) == (
        "agent",
        "Reception",
        models.ParticipantInfo.AGENT,
    )
    assert agent.attributes["lk.agent.state"] == "listening"
    assert join.participant.permission.can_publish_sources == [models.TrackSource.MICROPHONE]
    assert not join.subscriber_primary
    assert (join.ping_interval, join.ping_timeout) == (5, 15)
    assert join.server_info.version == join.server_version != ""


async def test_what_v1_brings_along_is_answered_at_once() -> None:
    offer = rtc.SessionDescription(type="offer", sdp="an offer", id=7)
    bench = Bench(JoinAttempt(Dialect.V1, "JS", offer=offer, tracks=(MICROPHONE,))).begin()
    await bench.says()
    kinds = [answer.WhichOneof("message") for answer in bench.answers()]
    assert kinds == ["join", "track_published", "answer"]
    assert bench.answers()[2].answer.id == 7
    await bench.end()


async def test_v0_is_sent_an_offer_and_answers_it() -> None:
    bench = Bench(JoinAttempt(Dialect.V0, "python"))
    bench.links.first_offer = rtc.SessionDescription(type="offer", sdp="ours", id=1)
    await bench.begin().says()
    assert [one.WhichOneof("message") for one in bench.answers()] == ["join", "offer"]
    assert bench.answers()[0].join.subscriber_primary
    await bench.says(Request(answer=rtc.SessionDescription(type="answer", sdp="theirs")))
    assert bench.links.accepted == "theirs"
    await bench.end()


async def test_a_client_that_could_not_hear_is_asked_for_a_section(bench: Bench) -> None:
    bench.links.hears = False
    offer = rtc.SessionDescription(type="offer", sdp="an offer")
    *_, last = await bench.says(Request(offer=offer))
    assert last.media_sections_requirement.num_audios == 1


async def test_a_microphone_is_published(bench: Bench) -> None:
    [answer] = await bench.says(Request(add_track=MICROPHONE))
    track = answer.track_published.track
    assert answer.track_published.cid == "c1"
    assert track.sid.startswith("TR_")
    assert bench.session.visitor.track_sid == track.sid
    assert bench.session.visitor.info().is_publisher


async def test_a_microphone_published_again_takes_the_place_of_the_first(bench: Bench) -> None:
    await bench.says(Request(add_track=MICROPHONE))
    first = bench.session.visitor.track_sid
    await bench.says(Request(add_track=MICROPHONE))
    assert list(bench.session.visitor.tracks) != [first]


@pytest.mark.parametrize("source", [models.TrackSource.CAMERA, models.TrackSource.SCREEN_SHARE])
async def test_a_camera_is_refused_with_a_reason_and_nothing_breaks(
    bench: Bench, source: models.TrackSource
) -> None:
    request = rtc.AddTrackRequest(cid="c2", type=models.TrackType.VIDEO, source=source)
    [answer] = await bench.says(Request(add_track=request))
    refusal = answer.request_response
    assert refusal.reason == rtc.RequestResponse.NOT_ALLOWED
    assert "microphone" in refusal.message
    assert refusal.add_track.cid == "c2"
    [answer] = await bench.says(Request(add_track=MICROPHONE))
    assert answer.track_published.cid == "c1"


async def test_the_sound_of_a_tab_is_refused(bench: Bench) -> None:
    request = rtc.AddTrackRequest(
        cid="c", type=models.TrackType.AUDIO, source=models.TrackSource.SCREEN_SHARE_AUDIO
    )
    [answer] = await bench.says(Request(add_track=request))
    assert answer.request_response.reason == rtc.RequestResponse.NOT_ALLOWED


async def test_data_tracks_are_refused(bench: Bench) -> None:
    request = rtc.PublishDataTrackRequest(name="positions")
    [answer] = await bench.says(Request(publish_data_track_request=request))
    assert answer.request_response.publish_data_track.name == "positions"


async def test_muting_is_remembered(bench: Bench) -> None:
    await bench.says(Request(add_track=MICROPHONE))
    sid = bench.session.visitor.track_sid
    for muted in (True, False):
        await bench.says(Request(mute=rtc.MuteTrackRequest(sid=sid, muted=muted)))
        assert bench.session.visitor.info().tracks[0].muted is muted
    assert await bench.says(Request(mute=rtc.MuteTrackRequest(sid="TR_x", muted=True))) == []


async def test_pings_are_answered_in_both_forms(bench: Bench) -> None:
    new, old = await bench.says(Request(ping_req=rtc.Ping(timestamp=5)), Request(ping=6))
    assert new.pong_resp.last_ping_timestamp == 5
    assert new.pong_resp.timestamp > 1_700_000_000_000
    assert old.pong > 1_700_000_000_000


async def test_candidates_are_passed_on(bench: Bench) -> None:
    await bench.says(Request(trickle=rtc.TrickleRequest(candidateInit="{}")))
    assert bench.links.candidates == ["{}"]


async def test_what_a_client_says_of_itself_is_kept(bench: Bench) -> None:
    wanted = rtc.UpdateParticipantMetadata(
        name="Ann", metadata="m", attributes={"a": "1", "b": ""}, request_id=3
    )
    update, response = await bench.says(Request(update_metadata=wanted))
    [info] = update.update.participants
    assert (info.name, info.metadata, dict(info.attributes)) == ("Ann", "m", {"a": "1"})
    assert response.request_response.request_id == 3
    assert response.request_response.reason == rtc.RequestResponse.OK


async def test_too_much_of_it_is_refused(bench: Bench) -> None:
    wanted = rtc.UpdateParticipantMetadata(metadata="x" * 5000, request_id=3)
    [answer] = await bench.says(Request(update_metadata=wanted))
    assert answer.request_response.reason == rtc.RequestResponse.LIMIT_EXCEEDED
    assert bench.session.visitor.metadata == ""


async def test_what_a_server_of_one_track_has_no_use_for_is_ignored(bench: Bench) -> None:
    requests = [
        Request(subscription=rtc.UpdateSubscription(subscribe=True)),
        Request(track_setting=rtc.UpdateTrackSettings(disabled=True)),
        Request(sync_state=rtc.SyncState()),
        Request(simulate=rtc.SimulateScenario(server_leave=True)),
        Request(),
    ]
    assert await bench.says(*requests) == []
    assert not bench.running.done()


async def test_a_client_that_speaks_json_is_answered_in_json(bench: Bench) -> None:
    bench.socket.incoming.put_nowait(json.dumps({"pingReq": {"timestamp": "5"}, "new": 1}))
    await bench.says()
    last = bench.socket.sent[-1]
    assert isinstance(last, str)
    assert bench.read(last).pong_resp.last_ping_timestamp == 5


async def test_leaving_is_told_from_losing_the_connection() -> None:
    bench = Bench().begin()
    await bench.says(Request(leave=rtc.LeaveRequest()))
    assert await bench.running is True
    assert await Bench().begin().end() is False


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xff\xff", "no message"),
        ("{", "no message"),
        ('{"ping": {}}', "no message"),
        (b"\x00" * 70_000, "too long"),
    ],
)
async def test_rubbish_closes_the_socket_with_a_reason(content: bytes | str, says: str) -> None:
    bench = Bench().begin()
    bench.socket.incoming.put_nowait(content)
    async with asyncio.timeout(2):
        assert await bench.running is False
    assert bench.socket.close_code == BAD_MESSAGE
    assert says in bench.socket.reason
    assert bench.links.closed


async def test_a_bad_offer_closes_the_socket_with_a_reason() -> None:
    bench = Bench().begin()
    await bench.says(Request(offer=rtc.SessionDescription(sdp="bad")))
    assert bench.socket.close_code == BAD_MESSAGE
    assert "no session description" in bench.socket.reason


async def test_a_flood_of_messages_closes_the_socket() -> None:
    bench = Bench().begin()
    for _ in range(400):
        bench.socket.incoming.put_nowait(Request(ping=1).SerializeToString())
    async with asyncio.timeout(2):
        await bench.running
    assert "too many" in bench.socket.reason


async def test_a_silent_client_is_told_to_connect_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SILENT_S", 0.01)
    bench = Bench().begin()
    async with asyncio.timeout(2):
        assert await bench.running is False
    assert bench.answers()[-1].leave.action == rtc.LeaveRequest.RECONNECT


async def test_a_client_whose_sound_fails_is_told_to_connect_anew() -> None:
    bench = Bench().begin()
    await bench.says()
    bench.links.events.failed()
    async with asyncio.timeout(2):
        assert await bench.running is False
    assert bench.answers()[-1].leave.action == rtc.LeaveRequest.RECONNECT


async def test_a_client_that_closes_its_connections_may_still_say_that_it_leaves() -> None:
    bench = Bench().begin()
    await bench.says()
    bench.links.events.closed()
    await bench.says(Request(leave=rtc.LeaveRequest()))
    assert await bench.running is True


async def test_a_client_that_closes_its_connections_and_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "GOODBYE_S", 0.01)
    bench = Bench().begin()
    await bench.says()
    bench.links.events.closed()
    async with asyncio.timeout(2):
        assert await bench.running is False


async def test_a_client_that_reads_nothing_is_given_up() -> None:
    bench = Bench().begin()
    await bench.says()
    bench.socket.reads = False
    bench.session.send_response(messages.update(bench.cast.agent()))
    async with asyncio.timeout(2):
        assert await bench.running is False


async def test_a_client_hears_once_its_channel_is_open_and_its_sound_comes(bench: Bench) -> None:
    await bench.says(Request(add_track=MICROPHONE))
    bench.links.voice.taken = True
    bench.clock.step()
    bench.links.heard = True
    bench.clock.step()
    assert bench.heard == []
    bench.links.events.opened()
    bench.clock.step()
    bench.clock.step()
    assert bench.heard == [bench.session]
    assert bench.session.hears_ms is not None
    told = [one for one in bench.answers() if one.HasField("track_subscribed")]
    assert [one.track_subscribed.track_sid for one in told] == [bench.session.visitor.track_sid]


async def test_a_client_without_a_microphone_is_given_a_moment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.says()
    bench.links.voice.taken = True
    bench.links.events.opened()
    bench.clock.step()
    assert bench.heard == []
    monkeypatch.setattr(session_module, "READY_MS", 0)
    bench.clock.step()
    assert bench.heard == [bench.session]


async def test_packets_become_events(bench: Bench) -> None:
    packet = models.DataPacket(chat_message=models.ChatMessage(message="hello"))
    bench.links.events.packet(packet.SerializeToString())
    packet = models.DataPacket(sip_dtmf=models.SipDTMF(digit="5"))
    bench.links.events.packet(packet.SerializeToString())
    assert bench.events == [Typed("hello"), Digit("5")]


async def test_a_flood_of_packets_is_cut_off(bench: Bench) -> None:
    packet = models.DataPacket(sip_dtmf=models.SipDTMF(digit="5")).SerializeToString()
    for _ in range(1000):
        bench.links.events.packet(packet)
    assert 100 <= len(bench.events) < 200


async def test_captions_go_out_as_packets(bench: Bench) -> None:
    bench.session.caption(Caption(Speaks.AGENT, 1, "Hello", final=True))
    first = models.DataPacket.FromString(bench.links.packets[0])
    assert first.transcription.segments[0].text == "Hello"


@pytest.mark.parametrize("hidden", [False, True])
async def test_captions_of_the_caller_name_a_track_also_where_there_is_none(hidden: bool) -> None:
    bench = Bench(hidden=hidden).begin()
    bench.session.caption(Caption(Speaks.CALLER, 1, "Hello", final=True))
    packet = models.DataPacket.FromString(bench.links.packets[0])
    who = packet.transcription.transcribed_participant_identity
    assert who == ("caller" if hidden else "visitor")
    assert packet.transcription.track_id.startswith("TR_")
    await bench.end()


async def test_being_sent_away_is_told_with_its_reason() -> None:
    bench = Bench().begin()
    await bench.says()
    await bench.session.close(models.DisconnectReason.ROOM_DELETED)
    async with asyncio.timeout(2):
        assert await bench.running is False
    leave = bench.answers()[-1].leave
    assert leave.reason == models.DisconnectReason.ROOM_DELETED
    assert leave.action == rtc.LeaveRequest.DISCONNECT
    assert bench.links.closed


async def test_who_listens_in_is_hidden_and_publishes_nothing() -> None:
    bench = Bench(hidden=True).begin()
    await bench.says()
    permission = bench.answers()[0].join.participant.permission
    assert permission.hidden
    assert not permission.can_publish
    assert not permission.can_publish_data
    others = [one.identity for one in bench.answers()[0].join.other_participants]
    assert others == ["agent", "caller"]
    refused = await bench.says(
        Request(add_track=MICROPHONE),
        Request(update_metadata=rtc.UpdateParticipantMetadata(name="x")),
    )
    assert [one.request_response.reason for one in refused] == [rtc.RequestResponse.NOT_ALLOWED] * 2
    await bench.end()
