"""Browser calls by way of another LiveKit server. That server is the box's own signalling here: its
agent takes the visitor's part, and the API that makes rooms is a page of the test's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import jwt
import numpy as np
import pytest
from livekit.protocol import models, room

from tests.conftest import take_free_port
from tests.rtc.served import SECRET, Agent, serving, tone
from thunderbox.calls.ports import SystemClock
from thunderbox.errors import LegError, UnauthorizedError
from thunderbox.rtc import messages
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.data import CHAT, text_stream
from thunderbox.rtc.dialects import JoinAttempt
from thunderbox.rtc.external_rooms import ExternalRooms
from thunderbox.rtc.external_server import ExternalServer
from thunderbox.rtc.messages import AGENT
from thunderbox.rtc.room import Room
from thunderbox.rtc.rooms import BoxRooms
from thunderbox.rtc.server import SignalServer
from thunderbox.rtc.visit import Visit
from thunderbox.rtc.websocket import Receive, Scope, Send, respond
from thunderbox.rtc_settings import RtcSettings
from thunderbox.voice.audience import AgentState, Caption, Speaks
from thunderbox.voice.leg import (
    SILENCE,
    Answered,
    Digit,
    EndCause,
    Ended,
    Held,
    Resumed,
    Tick,
    Typed,
)

pytestmark = pytest.mark.e2e

KEY = "the-key"
TWIRP = "/twirp/livekit.RoomService/"
DEADLINE_S = 8.0


class OtherRooms(BoxRooms):
    """Rooms for whoever has a token that is signed with the server's key and names one."""

    def admit(self, token: str, join: JoinAttempt | None) -> Room:
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY)
        except jwt.InvalidTokenError as error:
            raise UnauthorizedError("no such key") from error
        found = self._rooms.get(claims["video"]["room"])
        if found is None:
            raise UnauthorizedError("no such room")
        return found


class OtherServer:
    """A LiveKit server, as far as the box uses one."""

    def __init__(self) -> None:
        settings = RtcSettings(addresses=("127.0.0.1",), rejoin_seconds=5)
        self.rooms = OtherRooms(settings, "127.0.0.1", SECRET, SystemClock(), MediaClock(), 10.0)
        self.signals = SignalServer(self.rooms)
        self.visits: dict[str, Visit] = {}
        self.deleted: list[str] = []
        self.status = 200
        self.packets: list[models.DataPacket] = []
        self.updates: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(TWIRP):
            await self.signals(scope, receive, send)
            return
        content = (await receive())["body"]
        token = dict(scope["headers"])[b"authorization"].decode().removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY)
        except jwt.InvalidTokenError:
            await respond(send, 401, "unauthenticated")
            return
        assert claims["video"]["roomCreate"]
        if scope["path"] == TWIRP + "CreateRoom":
            name = room.CreateRoomRequest.FromString(content).name
            self.visits[name] = await self.rooms.open(name, "the visitor")
        else:
            name = room.DeleteRoomRequest.FromString(content).room
            self.deleted.append(name)
            await self.visits[name]._room.close()
        await respond(send, self.status, "")


@asynccontextmanager
async def elsewhere(
    *, key: str = KEY, status: int = 200, join_s: float = 5.0, rejoin_s: float = 5.0
) -> AsyncIterator[tuple[ExternalRooms, OtherServer]]:
    """A LiveKit server, and the box's rooms on it."""
    other = OtherServer()
    other.status = status
    async with serving(other) as port:
        server = ExternalServer(f"ws://127.0.0.1:{port}", key, SECRET.decode(), SystemClock())
        # Of the other server's rooms the agent is the one whom the box can meet there.
        rooms = ExternalRooms(server, join_s=join_s, rejoin_s=rejoin_s, new_identity=lambda: AGENT)
        try:
            yield rooms, other
        finally:
            await rooms.close()
            await other.rooms.close()


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            await asyncio.sleep(0.01)


def hertz(ticks: list[Tick]) -> float:
    """The strongest frequency that came from the far end in the last 200 ms."""
    sound = np.frombuffer(b"".join(tick.far for tick in ticks[-10:]), "<i2")
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * 16_000 / len(sound)) if spectrum.max() > 1e5 else 0.0


async def test_the_visitor_and_the_agent_hear_each_other() -> None:
    async with elsewhere() as (rooms, other):
        visit = await rooms.open("widget-1", "Reception")
        agent, visitor = Agent(visit.leg), Agent(other.visits["widget-1"].leg)
        await until(lambda: Answered() in agent.events and Answered() in visitor.events)
        visit.leg.play(tone(3000, 440))
        other.visits["widget-1"].leg.play(tone(3000, 880))
        await until(lambda: abs(hertz(agent.ticks) - 880) < 30)
        await until(lambda: abs(hertz(visitor.ticks) - 440) < 30)
        await visit.leg.hang_up()
        assert agent.leg.over


async def test_the_ticket_lets_a_visitor_into_this_room_with_a_microphone_alone() -> None:
    async with elsewhere() as (rooms, _):
        ticket = (await rooms.open("widget-1", "Reception")).ticket
        claims = jwt.decode(ticket.token, SECRET, algorithms=["HS256"], issuer=KEY)
        assert claims["sub"] == AGENT
        assert claims["exp"] - claims["nbf"] <= 310
        assert claims["video"] == {
            "room": "widget-1",
            "roomJoin": True,
            "canPublish": True,
            "canPublishSources": ["microphone"],
            "canPublishData": True,
            "canSubscribe": True,
        }
        assert ticket.server_url.startswith("ws://127.0.0.1:")


async def test_what_the_visitor_types_and_keys_reaches_the_leg() -> None:
    async with elsewhere() as (rooms, other):
        visit = await rooms.open("widget-1", "Reception")
        agent, far = Agent(visit.leg), other.visits["widget-1"]
        Agent(far.leg)
        await until(lambda: Answered() in agent.events and far.leg.up)
        await far.leg.send_digits("5")
        session = far._room.session
        assert session is not None
        for packet in text_stream(CHAT, "Where are you?", {}):
            packet.participant_identity = AGENT
            session.links.send(packet.SerializeToString())
        await until(lambda: {Digit("5"), Typed("Where are you?")} <= set(agent.events))


async def test_captions_and_the_agents_state_are_told_to_the_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packets: list[models.DataPacket] = []
    monkeypatch.setattr(
        "thunderbox.rtc.data.Inbox.read",
        lambda self, raw: packets.append(models.DataPacket.FromString(raw)),
    )
    async with elsewhere() as (rooms, other):
        visit = await rooms.open("widget-1", "Reception")
        await until(lambda: visit.leg.up)
        visit.agent_state(AgentState.SPEAKING)
        visit.caption(Caption(Speaks.AGENT, 1, "Good morning.", final=True))

        def kinds() -> list[str | None]:
            return [packet.WhichOneof("value") for packet in packets]

        await until(lambda: {"transcription", "stream_chunk", "stream_trailer"} <= set(kinds()))
        classic = packets[kinds().index("transcription")].transcription
        assert [(one.text, one.final) for one in classic.segments] == [("Good morning.", True)]
        header = packets[kinds().index("stream_header")].stream_header
        assert header.topic == "lk.transcription"
        assert header.attributes["lk.transcription_final"] == "true"
        session = other.visits["widget-1"]._room.session
        assert session is not None
        await until(lambda: session.visitor.attributes.get("lk.agent.state") == "speaking")


async def test_a_visitor_whose_connection_breaks_may_come_back() -> None:
    async with elsewhere() as (rooms, other):
        visit = await rooms.open("widget-1", "Reception")
        agent, far = Agent(visit.leg), other.visits["widget-1"]
        await until(lambda: Answered() in agent.events)
        far._room.tell(messages.update(gone(far, models.DisconnectReason.UNKNOWN_REASON)))
        await until(lambda: Held() in agent.events)
        far._room.tell(messages.update(far._room.cast.agent()))
        await until(lambda: Resumed() in agent.events)


@pytest.mark.parametrize(
    ("reason", "rejoin_s"),
    [
        (models.DisconnectReason.CLIENT_INITIATED, 60.0),
        (models.DisconnectReason.UNKNOWN_REASON, 0.1),
    ],
    ids=["who leaves on purpose", "who does not come back"],
)
async def test_the_call_ends_with(reason: models.DisconnectReason, rejoin_s: float) -> None:
    async with elsewhere(rejoin_s=rejoin_s) as (rooms, other):
        visit = await rooms.open("widget-1", "Reception")
        agent, far = Agent(visit.leg), other.visits["widget-1"]
        await until(lambda: Answered() in agent.events)
        far._room.tell(messages.update(gone(far, reason)))
        await until(lambda: agent.ended == Ended(EndCause.CALLER_HANGUP))
        await until(lambda: other.deleted == ["widget-1"])


async def test_nobody_comes_in_time() -> None:
    async with elsewhere(join_s=0.2) as (rooms, _):
        rooms._new_identity = lambda: "somebody else"
        visit = await rooms.open("widget-1", "Reception")
        agent = Agent(visit.leg)
        await until(lambda: agent.ended == Ended(EndCause.NO_ANSWER))


async def test_whoever_closes_the_room_on_the_server_hangs_up() -> None:
    async with elsewhere() as (rooms, other):
        visit = await rooms.open("widget-1", "Reception")
        agent = Agent(visit.leg)
        await until(lambda: Answered() in agent.events)
        await other.visits["widget-1"].leg.hang_up()
        await until(lambda: agent.ended == Ended(EndCause.CALLER_HANGUP))


async def test_a_supervisor_hears_both_sides_in_a_room_of_their_own() -> None:
    async with elsewhere() as (rooms, other):
        seat = await rooms.seat("listen-7")
        name = seat.ticket.room_name
        assert name.startswith("listen-7-")
        claims = jwt.decode(seat.ticket.token, SECRET, algorithms=["HS256"], issuer=KEY)
        assert not claims["video"]["canPublish"]
        assert not claims["video"]["canPublishData"]
        supervisor = Agent(other.visits[name].leg)
        await until(lambda: Answered() in supervisor.events)
        voice = tone(20, 1000)

        def heard() -> bool:
            seat.sound(Tick(far=voice, near=SILENCE, spoken=0))
            return abs(hertz(supervisor.ticks) - 1000) < 30

        await until(heard)
        assert not seat.vacant
        await seat.close()
        assert other.deleted == [name]


async def test_a_room_that_its_supervisor_has_left_is_left_and_closed() -> None:
    async with elsewhere(rejoin_s=0.1) as (rooms, other):
        seat = await rooms.seat("listen-7")
        name = seat.ticket.room_name
        far = other.visits[name]
        await until(lambda: far.leg.up)
        far._room.tell(messages.update(gone(far, models.DisconnectReason.CLIENT_INITIATED)))
        await until(lambda: other.deleted == [name])
        assert seat.vacant


async def test_a_key_that_the_server_does_not_know_is_a_sentence() -> None:
    async with elsewhere(key="another") as (rooms, _):
        with pytest.raises(LegError, match=r"does not accept livekit\.api_key"):
            await rooms.open("widget-1", "Reception")


async def test_a_server_that_fails_is_a_sentence() -> None:
    async with elsewhere(status=503) as (rooms, _):
        with pytest.raises(LegError, match="answered CreateRoom with 503"):
            await rooms.open("widget-1", "Reception")


@pytest.mark.parametrize(
    "url", ["wss://a:7880", "wss://a:7880/", "https://a:7880", "https://a:7880/"]
)
async def test_clients_are_told_the_servers_address_as_they_use_it(url: str) -> None:
    server = ExternalServer(url, KEY, SECRET.decode(), SystemClock())
    assert server.url == "wss://a:7880"
    await server.close()


async def test_a_server_that_is_not_there_is_a_sentence() -> None:
    server = ExternalServer(
        f"ws://127.0.0.1:{take_free_port()}", KEY, SECRET.decode(), SystemClock()
    )
    rooms = ExternalRooms(server, join_s=1, rejoin_s=1)
    try:
        with pytest.raises(LegError, match=r"cannot be reached.*Check livekit\.url"):
            await rooms.open("widget-1", "Reception")
    finally:
        await rooms.close()


def gone(visit: Visit, reason: models.DisconnectReason) -> models.ParticipantInfo:
    """The other server's agent, which is the visitor here, as one who has left."""
    info = visit._room.cast.agent()
    info.state = models.ParticipantInfo.DISCONNECTED
    info.disconnect_reason = reason
    return info
