"""Peer: one WebRTC connection to a browser, on aiortc, set up as the box needs it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceCandidate,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamTrack

from thunderbox.errors import LegError
from thunderbox.rtc import aiortc_seams, descriptions
from thunderbox.rtc.ice import Ice
from thunderbox.rtc.outgoing import OutgoingTrack

log = logging.getLogger(__name__)

CLOSE_SECONDS = 3.0
MOST_BUFFERED = 1024 * 1024
"""Bytes under way on a channel, beyond which nothing more is sent on it."""

_OPUS = [
    codec
    for codec in RTCRtpSender.getCapabilities("audio").codecs
    if codec.mimeType.lower() == descriptions.OPUS
]


@dataclass(frozen=True, slots=True)
class PeerEvents:
    """Who is told what happens; everything is called on the loop and returns at once."""

    state: Callable[[str], None] = lambda state: None
    """`connecting`, `connected`, `failed` or `closed`."""
    microphone: Callable[[RTCRtpReceiver], None] = lambda receiver: None
    """The other end has begun to send sound."""
    opened: Callable[[str], None] = lambda label: None
    """A data channel of this label can be used."""
    data: Callable[[str, bytes], None] = lambda label, data: None
    """Something came on the data channel of this label."""


@dataclass(frozen=True, slots=True)
class AgentVoice:
    """The agent's track, and what it is called in descriptions."""

    track: OutgoingTrack
    stream_id: str
    track_id: str


class Peer:
    """One connection: sound both ways and data channels. Everything runs on the loop."""

    def __init__(self, ice: Ice, events: PeerEvents) -> None:
        self._ice = ice
        self._events = events
        self._turn = asyncio.Lock()
        self._channels: dict[str, RTCDataChannel] = {}
        self._unopened: list[tuple[str, bool]] = []
        self._early: list[RTCIceCandidate] = []
        self._closed = False
        self._starting: asyncio.Task[None] | None = None
        self._connection = RTCPeerConnection(
            # A list, even an empty one: with None aiortc asks a public server.
            RTCConfiguration(iceServers=list(ice.servers), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._connection.on("connectionstatechange", self._on_state)
        self._connection.on("datachannel", self._take_channel)
        self._connection.on("track", self._on_track)
        self.voice_mid = ""
        """The section of the agent's voice, once it is negotiated."""

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`."""
        return self._connection.connectionState

    async def answer(self, offer: str, voice: AgentVoice | None) -> str:
        """The answer to an offer; the voice goes into the first section that wants to hear.

        Raises LegError when the offer is none, or cannot be met.
        """
        text = descriptions.received(offer, "offer")
        async with self._turn:
            try:
                await self._take(text, "offer")
                if voice is not None and not self.voice_mid:
                    self._bind(voice)
                self._refuse_video()
                return await self._describe(await self._connection.createAnswer())
            except LegError:
                raise
            except Exception as error:
                raise LegError(f"The offer cannot be met ({error}).") from error

    async def offer(self, voice: AgentVoice | None) -> str:
        """An offer of the voice and of the channels that were opened. Raises LegError."""
        async with self._turn:
            try:
                if voice is not None and not self.voice_mid:
                    transceiver = self._connection.addTransceiver("audio", direction="sendonly")
                    transceiver.setCodecPreferences(_OPUS)
                    self._give(transceiver, voice)
                # After the voice: aiortc closes the transport of a channel that was there before.
                for label, reliable in self._unopened:
                    retransmits = None if reliable else 0
                    self._take_channel(
                        self._connection.createDataChannel(
                            label, ordered=reliable, maxRetransmits=retransmits
                        )
                    )
                self._unopened.clear()
                described = await self._describe(await self._connection.createOffer())
            except Exception as error:
                raise LegError(f"No offer can be made ({error}).") from error
            for transceiver in self._connection.getTransceivers():
                if voice is not None and transceiver.sender.track is voice.track:
                    self.voice_mid = transceiver.mid or ""
            return described

    async def accept(self, answer: str) -> None:
        """Take the answer to our offer. Raises LegError when it is none."""
        text = descriptions.received(answer, "answer")
        async with self._turn:
            try:
                await self._take(text, "answer")
            except Exception as error:
                raise LegError(f"The answer does not fit the offer ({error}).") from error

    async def add_candidate(self, line: str, mid: str | None, index: int | None) -> None:
        """Take a candidate of the other end (`candidate:...`); one that leads nowhere is left."""
        found = descriptions.candidate(line, mid, index)
        if found is None or self._closed:
            return
        async with self._turn:
            if self._connection.remoteDescription is not None:
                await self._add(found)
            elif len(self._early) < descriptions.CANDIDATES:
                self._early.append(found)

    def open_channel(self, label: str, *, reliable: bool) -> None:
        """Have the next offer bring a data channel: reliable and in order, or neither."""
        self._unopened.append((label, reliable))

    def can_send(self, label: str) -> bool:
        """Whether a data channel of this label is open."""
        channel = self._channels.get(label)
        return channel is not None and channel.readyState == "open"

    def send(self, label: str, data: bytes) -> bool:
        """Send on the data channel of this label; False where it is not open or is full."""
        channel = self._channels.get(label)
        if (
            channel is None
            or channel.readyState != "open"
            or channel.bufferedAmount + len(data) > MOST_BUFFERED
        ):
            return False
        channel.send(data)
        return True

    async def close(self) -> None:
        """End the connection; returns when it is over, or after 3 s."""
        if self._closed:
            return
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                if self._starting is not None:
                    await self._starting
                await self._connection.close()
        except TimeoutError:
            log.warning("A browser's connection took more than %g s to close.", CLOSE_SECONDS)

    async def _take(self, text: str, kind: str) -> None:
        """Take a description of the other end, and the candidates that came before it."""
        await self._connection.setRemoteDescription(RTCSessionDescription(text, kind))
        early, self._early = self._early, []
        for candidate in early:
            await self._add(candidate)

    async def _add(self, candidate: RTCIceCandidate) -> None:
        try:
            await self._connection.addIceCandidate(candidate)
        except Exception as error:
            log.debug("A candidate was left: %s", error)

    async def _describe(self, description: RTCSessionDescription) -> str:
        """Make a description ours and gather its candidates; its text with them."""
        await aiortc_seams.gather(self._connection, self._ice.addresses, self._ice.first_port)
        aiortc_seams.repeat_soon(self._connection)
        described = RTCSessionDescription(descriptions.sent(description.sdp), description.type)
        await self._connection.setLocalDescription(described)
        return self._connection.localDescription.sdp

    def _bind(self, voice: AgentVoice) -> None:
        for transceiver in self._connection.getTransceivers():
            if transceiver.kind == "audio" and aiortc_seams.offered_to_receive(transceiver):
                transceiver.direction = "sendonly"
                self._give(transceiver, voice)
                self.voice_mid = transceiver.mid or ""
                return

    def _give(self, transceiver: RTCRtpTransceiver, voice: AgentVoice) -> None:
        transceiver.sender.replaceTrack(voice.track)
        aiortc_seams.name_track(transceiver.sender, voice.stream_id, voice.track_id)

    def _refuse_video(self) -> None:
        for transceiver in self._connection.getTransceivers():
            if transceiver.kind == "video":
                transceiver.direction = "inactive"

    def _on_state(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self._closed and self._starting is None:
            self._starting = asyncio.create_task(self._start_again())
        self._events.state(state)

    async def _start_again(self) -> None:
        async with self._turn:
            try:
                await aiortc_seams.start_again(self._connection)
            except Exception as error:
                log.warning("A browser's connection could not be started: %s", error)

    def _on_track(self, track: MediaStreamTrack) -> None:
        for transceiver in self._connection.getTransceivers():
            if transceiver.kind == "audio" and transceiver.receiver.track is track:
                self._events.microphone(transceiver.receiver)

    def _take_channel(self, channel: RTCDataChannel) -> None:
        label = channel.label
        self._channels[label] = channel

        def on_message(data: bytes | str) -> None:
            try:
                self._events.data(label, data.encode() if isinstance(data, str) else data)
            except Exception:
                log.exception("What a browser sent on %s could not be handled.", label)

        channel.on("message", on_message)
        if channel.readyState == "open":
            self._events.opened(label)
        else:
            channel.on("open", lambda: self._events.opened(label))
