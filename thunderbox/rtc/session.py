"""Session: one connection of one client, from its join message to its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from thunderbox.errors import LegError
from thunderbox.rtc import messages
from thunderbox.rtc.allowance import Allowance
from thunderbox.rtc.clock import MediaClock
from thunderbox.rtc.data import Inbox, Outbox
from thunderbox.rtc.dialects import JoinAttempt
from thunderbox.rtc.links import LinkEvents, Links
from thunderbox.rtc.messages import Cast, Visitor
from thunderbox.rtc.websocket import BAD_MESSAGE, WebSocket
from thunderbox.voice.audience import Caption
from thunderbox.voice.leg import Digit, Typed

log = logging.getLogger(__name__)

READY_MS = 200
"""After the data channel has opened a client needs so long to play what it hears, unless it sends
sound before: then it is ready."""
LONGEST_MESSAGE = 64 * 1024
MESSAGES_AT_ONCE, MESSAGES_PER_SECOND = 200, 40.0
PACKETS_AT_ONCE, PACKETS_PER_SECOND = 100, 30.0
METADATA = 4096
"""Bytes of what a client may say of itself."""
ONLY_MICROPHONE = "Only a visitor's microphone can be published."
SILENT_S = messages.PING_TIMEOUT_S
"""A client pings every 5 s; one that says nothing for so long is gone."""
GOODBYE_S = 2.0
"""A client that has closed its connections says within this time that it leaves, or is gone."""
NEGOTIATE_S = 10.0
"""For one offer and its answer."""

Reason = models.DisconnectReason
Request = rtc.SignalRequest
Response = rtc.SignalResponse
Refusal = rtc.RequestResponse
NewLinks = Callable[[LinkEvents], Links]


class Owner(Protocol):
    """Whom a session reports to."""

    def hears(self, session: Session) -> None:
        """The client hears what it is sent."""

    def takes(self, session: Session, event: Digit | Typed) -> None:
        """The client typed, or pressed a key."""


class Session:
    """One client's connection: its socket, its links, and what was agreed on them."""

    def __init__(
        self,
        socket: WebSocket,
        join: JoinAttempt,
        cast: Cast,
        owner: Owner,
        outbox: Outbox,
        new_links: NewLinks,
        clock: MediaClock,
        ice_servers: Sequence[rtc.ICEServer] = (),
    ) -> None:
        self.visitor = Visitor(cast, join.attributes)
        self.hears_ms: int | None = None
        """How long it took until the client heard."""
        self.links = new_links(
            LinkEvents(self._on_open, self._on_packet, self._on_failed, self._on_closed)
        )
        self._socket = socket
        self._join = join
        self._cast = cast
        self._owner = owner
        self._clock = clock
        self._ice_servers = ice_servers
        self._begun = time.monotonic()
        self._json = False
        self._inbox = Inbox()
        self._outbox = outbox
        self._messages = Allowance(MESSAGES_AT_ONCE, MESSAGES_PER_SECOND, time.monotonic)
        self._packets = Allowance(PACKETS_AT_ONCE, PACKETS_PER_SECOND, time.monotonic)
        self._left = False
        self._failed = asyncio.Event()
        self._open_ms = -1
        self._told_subscribed = False
        self._closing = False

    # The room's side.

    async def run(self) -> bool:
        """Serve the client until the connection is over; whether the client left on purpose.

        What it used is there until `finish`.
        """
        self.send_response(
            messages.joined(self._cast, self.visitor, self._join.dialect, self._ice_servers)
        )
        self._clock.join(self._watch)
        try:
            await self._start()
            await self._listen()
        except (LegError, TimeoutError) as error:
            why = str(error) or "The connection took too long to be agreed on."
            log.info("%s: a connection is closed. %s", self._cast.room_name, why)
            await self._socket.close(BAD_MESSAGE, why[:100])
        finally:
            self._clock.leave(self._watch)
        return self._left

    async def finish(self) -> None:
        """Close what is open still; returns when it is."""
        await self._socket.close()
        await self.links.close()
        log.info(
            "%s: %s was connected for %.1f s (socket closed with %d; %s).",
            self._cast.room_name,
            self._cast.identity,
            self._age_ms / 1000,
            self.close_code,
            self.links.microphone.summary,
        )

    def send_response(self, response: Response) -> None:
        """Queue a message for the client; a client that does not read is dropped."""
        content = (
            MessageToJson(response, indent=None) if self._json else response.SerializeToString()
        )
        if not self._socket.post(content) and not self._closing:
            self._failed.set()

    def caption(self, caption: Caption) -> None:
        """Show the client what either party says."""
        cast, visitor = self._cast, self.visitor
        caller = (visitor.identity, visitor.sid, visitor.track_sid)
        if cast.hidden:
            caller = (messages.CALLER, cast.caller_sid, cast.caller_track_sid)
        for packet in self._outbox.caption(caption, *caller):
            self.links.send(packet)

    async def close(self, reason: models.DisconnectReason) -> None:
        """Send the client away; returns when the connection is over."""
        self._closing = True
        self.send_response(messages.leave(reason))
        await self._socket.close()
        await self.links.close()

    @property
    def close_code(self) -> int:
        """How the socket was closed; 0 while it is open."""
        return self._socket.close_code

    # The line.

    def send(self, frame: bytes, periods: int) -> None:
        """Send 20 ms of sound."""
        self.links.voice.push(frame, periods)

    def receive(self) -> bytes:
        """The next 20 ms of the client's sound."""
        return self.links.microphone.pull()

    def press(self, key: str) -> bool:
        """Press a key."""
        return self.links.send(self._outbox.key(key))

    # The client's side.

    async def _start(self) -> None:
        """What a client expects right after its join message."""
        for request in self._join.tracks:
            self._publish(request)
        if self._join.offer is not None:
            await self._answer(self._join.offer)
        async with asyncio.timeout(NEGOTIATE_S):
            offer = await self.links.start()
        if offer is not None:
            self.send_response(Response(offer=offer))

    async def _listen(self) -> None:
        failed = asyncio.ensure_future(self._failed.wait())
        try:
            while not self._left:
                receiving = asyncio.ensure_future(self._socket.receive())
                await asyncio.wait(
                    {receiving, failed},
                    timeout=SILENT_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if not receiving.done():
                    receiving.cancel()
                    self._give_up(silent=not failed.done())
                    return
                message = receiving.result()
                if message is None:
                    return
                await self._take(message)
        finally:
            failed.cancel()

    def _give_up(self, *, silent: bool) -> None:
        """Have the client make a new connection; this one is of no use any more."""
        why = "it was silent for too long" if silent else "no sound gets through"
        log.info("%s: a connection is given up: %s.", self._cast.room_name, why)
        self.send_response(messages.leave(Reason.CONNECTION_TIMEOUT, rtc.LeaveRequest.RECONNECT))

    async def _take(self, content: bytes | str) -> None:
        if len(content) > LONGEST_MESSAGE:
            raise LegError("The client sent a message that is too long.")
        if not self._messages.take():
            raise LegError("The client sends too many messages.")
        try:
            if isinstance(content, str):
                self._json = True
                request = Parse(content, Request(), ignore_unknown_fields=True)
            else:
                request = Request.FromString(content)
        except (DecodeError, ParseError, RecursionError):
            raise LegError("The client sent something that is no message.") from None
        await self._handle(request)

    async def _handle(self, request: Request) -> None:
        match request.WhichOneof("message"):
            case "offer":
                await self._answer(request.offer)
            case "answer":
                async with asyncio.timeout(NEGOTIATE_S):
                    await self.links.accept(request.answer)
            case "trickle":
                await self.links.trickle(request.trickle)
            case "add_track":
                self._publish(request.add_track)
            case "mute":
                if (track := self.visitor.tracks.get(request.mute.sid)) is not None:
                    track.muted = request.mute.muted
            case "update_metadata":
                self._describe(request.update_metadata)
            case "ping_req":
                pong = rtc.Pong(last_ping_timestamp=request.ping_req.timestamp, timestamp=_now_ms())
                self.send_response(Response(pong_resp=pong))
            case "ping":
                self.send_response(Response(pong=_now_ms()))
            case "publish_data_track_request":
                refusal = Refusal(
                    reason=Refusal.NOT_ALLOWED,
                    message=ONLY_MICROPHONE,
                    publish_data_track=request.publish_data_track_request,
                )
                self.send_response(Response(request_response=refusal))
            case "leave":
                self._left = True
            # What is left is about tracks to receive, of which there is one, or not for a server.

    async def _answer(self, offer: rtc.SessionDescription) -> None:
        async with asyncio.timeout(NEGOTIATE_S):
            answer = await self.links.answer(offer)
        self.send_response(Response(answer=answer))
        if not self.links.hears:
            self.send_response(
                Response(media_sections_requirement=rtc.MediaSectionsRequirement(num_audios=1))
            )

    def _publish(self, request: rtc.AddTrackRequest) -> None:
        microphone = request.type == models.TrackType.AUDIO and request.source in (
            models.TrackSource.MICROPHONE,
            models.TrackSource.UNKNOWN,
        )
        if self._cast.hidden or not microphone:
            refusal = Refusal(
                reason=Refusal.NOT_ALLOWED, message=ONLY_MICROPHONE, add_track=request
            )
            self.send_response(Response(request_response=refusal))
            return
        track = self.visitor.publish(request)
        self._told_subscribed = False
        self.send_response(
            Response(track_published=rtc.TrackPublishedResponse(cid=request.cid, track=track))
        )

    def _describe(self, wanted: rtc.UpdateParticipantMetadata) -> None:
        """Take what a client says of itself; the call makes nothing of it."""
        refusal = Refusal(request_id=wanted.request_id, reason=Refusal.OK)
        if self._cast.hidden:
            refusal.reason = Refusal.NOT_ALLOWED
            refusal.message = "Who listens in is not seen by anybody."
        elif wanted.ByteSize() > METADATA or len(wanted.attributes) > messages.ATTRIBUTES:
            refusal.reason = Refusal.LIMIT_EXCEEDED
            refusal.message = f"Metadata and attributes may have {METADATA} bytes in all."
        else:
            self.visitor.describe(wanted.name, wanted.metadata, wanted.attributes)
            self.send_response(messages.update(self.visitor.info()))
        self.send_response(Response(request_response=refusal))

    # What the links report.

    def _on_open(self) -> None:
        if self._open_ms < 0:
            self._open_ms = self._age_ms

    def _on_packet(self, packet: bytes) -> None:
        if self._packets.take() and (event := self._inbox.read(packet)) is not None:
            self._owner.takes(self, event)

    def _on_failed(self) -> None:
        self._failed.set()

    def _on_closed(self) -> None:
        asyncio.get_running_loop().call_later(GOODBYE_S, self._failed.set)

    def _watch(self, periods: int) -> None:
        """See every 20 ms whether the client hears by now, and whether it is heard."""
        links = self.links
        if links.heard and not self._told_subscribed and self.visitor.tracks:
            self._told_subscribed = True
            self.send_response(
                Response(track_subscribed=rtc.TrackSubscribed(track_sid=self.visitor.track_sid))
            )
        ready = links.heard or self._age_ms >= self._open_ms + READY_MS
        if self.hears_ms is None and self._open_ms >= 0 and links.voice.taken and ready:
            self.hears_ms = self._age_ms
            log.info(
                "%s: %s (%s, %s) hears after %d ms.",
                self._cast.room_name,
                self._cast.identity,
                self._join.client,
                self._join.dialect.value,
                self.hears_ms,
            )
            self._owner.hears(self)

    @property
    def _age_ms(self) -> int:
        return int((time.monotonic() - self._begun) * 1000)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
