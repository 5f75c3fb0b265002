"""Links: the peer connections of one client, one (v1) or two (v0), as its session sees them.

In v1 the client offers everything on one connection. In v0 it publishes on one that it offers,
and subscribes on another that the box offers; the box sends packets on the channels of that one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from aiortc import RTCRtpReceiver
from livekit.protocol import rtc

from thunderbox.errors import LegError
from thunderbox.rtc.data import LOSSY, RELIABLE
from thunderbox.rtc.dialects import Dialect
from thunderbox.rtc.messages import Cast
from thunderbox.rtc.microphone import Microphone
from thunderbox.rtc.outgoing import OutgoingTrack
from thunderbox.rtc.peer import AgentVoice, Peer, PeerEvents

CANDIDATES = 100
"""Candidates that a client may name for one connection; browsers have about ten."""


@dataclass(frozen=True, slots=True)
class LinkEvents:
    """Who is told what happens; everything returns at once."""

    opened: Callable[[], None]
    """Packets can be sent: the client's side is set up as a whole."""
    packet: Callable[[bytes], None]
    failed: Callable[[], None]
    """No sound gets through any more."""
    closed: Callable[[], None]
    """The client has closed a connection, and may be about to say that it leaves."""


class Links:
    """Sound and packets of one client."""

    def __init__(
        self,
        dialect: Dialect,
        cast: Cast,
        new_peer: Callable[[PeerEvents], Peer],
        events: LinkEvents,
    ) -> None:
        self.voice = OutgoingTrack()
        self.microphone = Microphone(self._on_sound)
        self.heard = False
        """Whether sound of the client has arrived."""
        self._dialect = dialect
        self._new_peer = new_peer
        self._events = events
        self._agent = AgentVoice(self.voice, cast.agent_stream, cast.agent_track_sid)
        self._track_sid = cast.agent_track_sid
        self._hears_only = cast.hidden
        self._publisher: Peer | None = None
        self._subscriber: Peer | None = None
        self._early: dict[int, list[rtc.TrickleRequest]] = {}
        self._candidates = 0
        self._offers = 0
        self._closed = False

    async def start(self) -> rtc.SessionDescription | None:
        """The box's own first offer, in v0. Raises LegError."""
        if self._dialect is Dialect.V1:
            return None
        peer = self._subscriber = self._peer()
        peer.open_channel(RELIABLE, reliable=True)
        peer.open_channel(LOSSY, reliable=False)
        self._offers += 1
        sdp = await peer.offer(self._agent)
        await self._take_early(rtc.SignalTarget.SUBSCRIBER)
        return rtc.SessionDescription(
            type="offer",
            sdp=sdp,
            id=self._offers,
            mid_to_track_id={peer.voice_mid: self._track_sid},
        )

    async def answer(self, offer: rtc.SessionDescription) -> rtc.SessionDescription:
        """Answer what the client offers. Raises LegError."""
        if self._publisher is None:
            self._publisher = self._peer()
        peer = self._publisher
        agent = self._agent if self._dialect is Dialect.V1 else None
        sdp = await peer.answer(offer.sdp, agent)
        await self._take_early(rtc.SignalTarget.PUBLISHER)
        mids = {peer.voice_mid: self._track_sid} if peer.voice_mid else {}
        return rtc.SessionDescription(type="answer", sdp=sdp, id=offer.id, mid_to_track_id=mids)

    async def accept(self, answer: rtc.SessionDescription) -> None:
        """Take the answer to the box's offer. Raises LegError."""
        if self._subscriber is None:
            raise LegError("There was no offer to answer.")
        await self._subscriber.accept(answer.sdp)

    async def trickle(self, request: rtc.TrickleRequest) -> None:
        """Take a candidate, also one that comes before its description; rubbish is ignored."""
        if self._candidates >= CANDIDATES:
            return
        self._candidates += 1
        peer = self._peer_of(request.target)
        if peer is None:
            self._early.setdefault(request.target, []).append(request)
            return
        try:
            content = json.loads(request.candidateInit)
            line, mid, index = (
                content.get(key) for key in ("candidate", "sdpMid", "sdpMLineIndex")
            )
        except (ValueError, AttributeError, RecursionError):
            return
        if isinstance(line, str):
            await peer.add_candidate(
                line,
                mid if isinstance(mid, str) else None,
                index if isinstance(index, int) else None,
            )

    @property
    def hears(self) -> bool:
        """Whether there is a section of the agent's voice, or will be without asking for it."""
        if self._dialect is Dialect.V0:
            return True
        return self._publisher is not None and bool(self._publisher.voice_mid)

    def send(self, packet: bytes) -> bool:
        """Send a packet; False where the client takes none now."""
        peer = self._publisher if self._dialect is Dialect.V1 else self._subscriber
        return peer is not None and peer.send(RELIABLE, packet)

    async def close(self) -> None:
        """End everything."""
        self._closed = True
        self.voice.stop()
        for peer in (self._publisher, self._subscriber):
            if peer is not None:
                await peer.close()

    def _peer(self) -> Peer:
        return self._new_peer(
            PeerEvents(
                state=self._on_state,
                microphone=self._on_microphone,
                opened=self._on_opened,
                data=self._on_data,
            )
        )

    def _peer_of(self, target: int) -> Peer | None:
        return self._subscriber if target == rtc.SignalTarget.SUBSCRIBER else self._publisher

    async def _take_early(self, target: int) -> None:
        for request in self._early.pop(target, []):
            self._candidates -= 1
            await self.trickle(request)

    def _on_state(self, state: str) -> None:
        if self._closed:
            return
        if state == "failed":
            self._events.failed()
        elif state == "closed":
            self._events.closed()

    def _on_microphone(self, receiver: RTCRtpReceiver) -> None:
        if not self._hears_only:
            self.microphone.attach(receiver)

    def _on_sound(self) -> None:
        self.heard = True

    def _on_opened(self, label: str) -> None:
        if label == RELIABLE:
            self._events.opened()

    def _on_data(self, label: str, data: bytes) -> None:
        if not self._hears_only:
            self._events.packet(data)
