"""External room: a visitor's room on an existing LiveKit server, which the box joins as the agent.

To calls it is the same as a room of the box itself: the visitor may lose the connection and come
back, and the leg goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from livekit import rtc

from thunderbox.calls.ports import Ticket
from thunderbox.errors import LegError
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.data import CHAT, KEYS, TRANSCRIPTION
from thunderbox.rtc.external_connection import LONGEST_TEXT, ExternalConnection
from thunderbox.rtc.external_server import ExternalServer
from thunderbox.rtc.leg import RoomLeg
from thunderbox.rtc.messages import AGENT
from thunderbox.voice.audience import AgentState, Caption, Speaks
from thunderbox.voice.leg import (
    FRAME_BYTES,
    FRAME_MS,
    SAMPLE_RATE,
    SILENCE,
    Digit,
    EndCause,
    Tick,
    Typed,
)
from thunderbox.voice.tasks import Spawn

log = logging.getLogger(__name__)

STATE = "lk.agent.state"
HEARD = 10
"""Frames (200 ms) of the visitor that may wait; the client has smoothed them already."""
CATCH_UP = 3
"""Frames that are left when so many waited: what is older is dropped at once."""
TYPED_S = 10.0
"""How long a typed message may take to arrive."""


class ExternalRoom:
    """One visitor's room. Implements `calls.ports.Room` and `rtc.leg.Line`."""

    def __init__(
        self,
        server: ExternalServer,
        name: str,
        visitor: str,
        clock: MediaClock,
        *,
        join_s: float,
        rejoin_s: float,
        spawn: Spawn,
    ) -> None:
        """`spawn` starts what must go on when nobody waits for it: leaving the room."""
        self.ticket = Ticket(name, server.visitor_token(name, visitor), server.url)
        self.leg = RoomLeg(name, clock, self.close)
        self._server = server
        self._visitor = visitor
        self._join_s = join_s
        self._rejoin_s = rejoin_s
        self._spawn = spawn
        self._connection = ExternalConnection(name)
        self._far: deque[bytes] = deque(maxlen=HEARD)
        self._microphone_sid = ""
        self._subscribed = False
        self._present = False
        self._deadline: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def open(self, agent_name: str) -> None:
        """Make the room and join it. Raises LegError, with a sentence."""
        name = self.ticket.room_name
        await self._server.create(name)
        room = self._connection.room
        room.on("participant_connected", self._came)
        room.on("participant_disconnected", self._left)
        room.on("track_subscribed", self._heard)
        room.on("local_track_subscribed", self._is_heard)
        room.on("sip_dtmf_received", self._pressed)
        room.on("reconnecting", self.leg.disconnect)
        room.on("reconnected", self._meet)
        room.on("disconnected", self._cut)
        room.register_text_stream_handler(CHAT, self._types)
        self._deadline = self._after(self._join_s, EndCause.NO_ANSWER)
        await self._connection.open(
            self._server.url, self._server.agent_token(name, AGENT, agent_name)
        )
        for participant in room.remote_participants.values():
            self._came(participant)

    async def close(self) -> None:
        """Leave, and close the room for everybody."""
        self._end(EndCause.CANCELLED)
        assert self._closing is not None
        await asyncio.shield(self._closing)

    def _end(self, cause: EndCause, detail: str = "") -> None:
        """The leg is over, and the room with it."""
        self._cancel_deadline()
        self.leg.end(cause, detail)
        if self._closing is None:
            self._closing = self._spawn(self._leave())

    async def _leave(self) -> None:
        await self._connection.close()
        try:
            await self._server.delete(self.ticket.room_name)
        except LegError as error:
            log.warning("%s: its room stays until it is empty. %s", self.leg.name, error)

    # The line.

    def send(self, frame: bytes, periods: int) -> None:
        """Send 20 ms to the visitor."""
        self._connection.send(frame)

    def receive(self) -> bytes:
        """The visitor's next 20 ms; silence where there are none."""
        if len(self._far) == HEARD:
            while len(self._far) > CATCH_UP:
                self._far.popleft()
        return self._far.popleft() if self._far else SILENCE

    def press(self, key: str) -> bool:
        """Press a key."""
        here = self._connection.room.local_participant
        return self._connection.soon(lambda: here.publish_dtmf(code=KEYS.index(key), digit=key))

    # The audience.

    def sound(self, tick: Tick) -> None:
        """Both sides are in the room already."""

    def caption(self, caption: Caption) -> None:
        """Show the words; interim ones are dropped where the server is too slow."""
        if not self._connection.soon(lambda: self._publish(caption)) and caption.final:
            log.warning("%s: a caption was dropped.", self.leg.name)

    def agent_state(self, state: AgentState) -> None:
        """Show what the agent does."""
        here = self._connection.room.local_participant
        self._connection.soon(lambda: here.set_attributes({STATE: state.value}))

    async def _publish(self, caption: Caption) -> None:
        """In both forms that clients know."""
        by_agent = caption.speaks is Speaks.AGENT
        speaker = AGENT if by_agent else self._visitor
        track = self._connection.track_sid if by_agent else self._microphone_sid
        segment = rtc.TranscriptionSegment(
            id=f"SG_{caption.segment}",
            text=caption.text,
            start_time=0,
            end_time=0,
            language="",
            final=caption.final,
        )
        here = self._connection.room.local_participant
        if track:
            await here.publish_transcription(
                rtc.Transcription(participant_identity=speaker, track_sid=track, segments=[segment])
            )
        writer = await here.stream_text(
            topic=TRANSCRIPTION,
            sender_identity=speaker,
            attributes={
                "lk.segment_id": segment.id,
                "lk.transcribed_track_id": track,
                "lk.transcription_final": "true" if caption.final else "false",
            },
        )
        await writer.write(caption.text)
        await writer.aclose()

    # What the server reports.

    def _came(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._visitor:
            self._present = True
            self._meet()

    def _is_heard(self, track: rtc.LocalTrack) -> None:
        self._subscribed = True
        self._meet()

    def _meet(self) -> None:
        """The visitor is there and the agent's voice is asked for: the line is open."""
        if self._present and self._subscribed and self._closing is None:
            self._cancel_deadline()
            self._far.clear()
            self.leg.connect(self)

    def _left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != self._visitor or self._closing is not None:
            return
        self._present = False
        if participant.disconnect_reason == rtc.DisconnectReason.CLIENT_INITIATED:
            self._end(EndCause.CALLER_HANGUP)
            return
        self.leg.disconnect()
        self._deadline = self._after(self._rejoin_s, EndCause.CALLER_HANGUP)

    def _cut(self, reason: rtc.DisconnectReason.ValueType) -> None:
        """Our own connection is over; whoever closes a room on the server hangs up."""
        if reason == rtc.DisconnectReason.ROOM_DELETED:
            self._end(EndCause.CALLER_HANGUP)
        else:
            self._end(EndCause.MEDIA_LOST, "The LiveKit server ended the box's connection.")

    def _heard(
        self,
        track: rtc.Track,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        if participant.identity == self._visitor and isinstance(track, rtc.RemoteAudioTrack):
            self._microphone_sid = publication.sid
            self._connection.tasks.spawn(self._listen(track))

    async def _listen(self, track: rtc.RemoteAudioTrack) -> None:
        stream = rtc.AudioStream.from_track(
            track=track,
            capacity=HEARD,
            sample_rate=SAMPLE_RATE,
            num_channels=1,
            frame_size_ms=FRAME_MS,
        )
        try:
            async for event in stream:
                frame = bytes(event.frame.data)
                if len(frame) == FRAME_BYTES:
                    self._far.append(frame)
        finally:
            await stream.aclose()

    def _pressed(self, pressed: rtc.SipDTMF) -> None:
        key = pressed.digit.upper()
        by = pressed.participant
        if by is not None and by.identity == self._visitor and len(key) == 1 and key in KEYS:
            self.leg.put(Digit(key))

    def _types(self, reader: rtc.TextStreamReader, identity: str) -> None:
        if identity == self._visitor:
            self._connection.tasks.spawn(self._read(reader))
        else:
            reader.close()

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        try:
            async with asyncio.timeout(TYPED_S):
                text = (await reader.read_all()).strip()
        except (TimeoutError, rtc.StreamError) as error:
            log.info("%s: a typed message was not read: %s", self.leg.name, error)
            return
        finally:
            reader.close()
        if text and len(text) <= LONGEST_TEXT:
            self.leg.put(Typed(text))

    def _after(self, seconds: float, cause: EndCause) -> asyncio.TimerHandle:
        self._cancel_deadline()
        return asyncio.get_running_loop().call_later(seconds, self._end, cause)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
