"""WebClient: the `livekit` package as a visitor. It says WAV files and keeps what it hears."""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from livekit import rtc

from tests.peers import waves
from tests.peers.process import until

RATE = 16_000
"""Of what it hears."""
VOICE = 250
"""Samples above this amplitude are voice."""
VOICED_FRAMES = 3
"""So many frames of voice in a row are speech and not a click."""
QUEUE_MS = 60_000
JOIN_SECONDS = 15.0


class RefusedError(Exception):
    """The server does not let the client in."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words that arrived as a caption."""

    speaker: str
    """Identity of the participant whose words they are."""
    segment: str
    text: str
    final: bool


@dataclass(slots=True)
class Seen:
    """What the client was told, in its order."""

    events: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    """Values of the agent's attribute `lk.agent.state`."""
    captions: list[Line] = field(default_factory=list)
    """Classic transcription events."""
    streams: list[Line] = field(default_factory=list)
    """Text streams of topic `lk.transcription`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms that were heard."""

    at: float
    """When they came, on the monotonic clock."""
    peak: int
    samples: bytes


class WebClient:
    """One visitor: `async with WebClient(url, token) as visitor: visitor.say(path)`.

    `single` chooses the dialect: v1 with one peer connection, or v0 with two. Raises RefusedError
    on entering when the server does not let it in. One that does not speak only listens.
    """

    def __init__(self, url: str, token: str, *, single: bool = True, speaks: bool = True) -> None:
        self.seen = Seen()
        self.heard: list[Frame] = []
        self.joined_at = 0.0
        """When the client began to join, on the monotonic clock."""
        self._url, self._token, self._single = url, token, single
        self._speaks = speaks
        self._room = rtc.Room()
        self._source: rtc.AudioSource | None = None
        self._microphone: rtc.LocalAudioTrack | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._streams: list[rtc.AudioStream] = []

    async def __aenter__(self) -> WebClient:
        """Join, and publish the microphone, which says nothing yet."""
        self._listen()
        options = rtc.RoomOptions(single_peer_connection=self._single)
        self.joined_at = time.monotonic()
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await self._room.connect(self._url, self._token, options)
        except rtc.ConnectError as error:
            raise RefusedError(error.message) from None
        try:
            for participant in self._room.remote_participants.values():
                self._note_state(dict(participant.attributes))
            if self._speaks:
                await self._publish()
        except BaseException:
            await self.leave()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        await self.leave()

    async def leave(self) -> None:
        """Hang up and give everything back."""
        async with asyncio.timeout(10):
            await self._room.disconnect()
            for stream in self._streams:
                await stream.aclose()
            if self._source is not None:
                await self._source.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------ what it does

    async def say(self, path: Path) -> float:
        """Begin to say a WAV file (mono, 16 bit); the moment its last voiced sample is said."""
        samples, rate = waves.read(path)
        at = np.arange(len(samples) * RATE // rate) * rate / RATE
        return await self.speak(np.interp(at, np.arange(len(samples)), samples).astype("<i2"))

    async def speak(self, samples: np.ndarray) -> float:
        """Begin to say samples of 16 kHz; the moment the last voiced one is said."""
        assert self._source is not None
        voiced = np.flatnonzero(np.abs(samples.astype(int)) > VOICE)
        begins = time.monotonic() + self._source.queued_duration
        for at in range(0, len(samples) - len(samples) % 160, RATE):
            piece = samples[at : at + RATE]
            piece = piece[: len(piece) // 160 * 160]
            await self._source.capture_frame(rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece)))
        return begins + (int(voiced[-1]) if voiced.size else 0) / RATE

    def mute(self, muted: bool = True) -> None:
        """Switch the microphone off or on again."""
        assert self._microphone is not None
        if muted:
            self._microphone.mute()
        else:
            self._microphone.unmute()

    async def type(self, text: str) -> None:
        """Write to the agent."""
        await self._room.local_participant.send_text(text, topic="lk.chat")

    async def press(self, keys: str) -> None:
        """Press keys of the telephone."""
        for key in keys:
            code = "0123456789*#".index(key)
            await self._room.local_participant.publish_dtmf(code=code, digit=key)

    async def stats(self) -> rtc.RtcStats:
        """What WebRTC counted."""
        return await self._room.get_rtc_stats()

    # ------------------------------------------------------------ what it sees

    def sound(self, since: float = 0.0) -> np.ndarray:
        """All that was heard since a moment, as samples of 16 kHz."""
        frames = b"".join(frame.samples for frame in self.heard if frame.at >= since)
        return np.frombuffer(frames, "<i2")

    def write(self, path: Path) -> Path:
        """Write all that was heard into a WAV file."""
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(self.sound().tobytes())
        return path

    async def voice_after(self, moment: float, seconds: float = 20.0) -> float:
        """When the agent is heard to speak after a moment. Raises TimeoutError."""
        found: list[float] = []

        def speaks() -> bool:
            run = 0
            for frame in reversed(self.heard):
                if frame.at <= moment:
                    break
                run = run + 1 if frame.peak > VOICE else 0
                if run >= VOICED_FRAMES:
                    found.append(frame.at)
            return bool(found)

        await until(speaks, seconds, lambda: f"a voice; {self.seen}")
        return found[-1]

    async def quiet(self, seconds: float = 0.8, deadline: float = 30.0) -> None:
        """Wait until the agent has said nothing for so long. Raises TimeoutError."""
        wanted = int(seconds * 50)

        def still() -> bool:
            newest = self.heard[-wanted:]
            return len(newest) == wanted and max(frame.peak for frame in newest) <= VOICE

        await until(still, deadline, lambda: f"silence; {self.seen}")

    async def sees(self, what: Callable[[Seen], object], seconds: float = 20.0) -> None:
        """Wait until something was told. Raises TimeoutError that says what was."""
        await until(lambda: what(self.seen), seconds, lambda: str(self.seen))

    # ------------------------------------------------------------ inside

    async def _publish(self) -> None:
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=QUEUE_MS)
        self._microphone = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        async with asyncio.timeout(JOIN_SECONDS):
            await self._room.local_participant.publish_track(self._microphone, options)

    def _listen(self) -> None:
        room, seen = self._room, self.seen
        room.register_text_stream_handler("lk.transcription", self._text_stream)
        for name in ("reconnecting", "reconnected", "participant_disconnected"):
            room.on(name, lambda *_, name=name: seen.events.append(name))

        @room.on("disconnected")
        def _(reason: Any) -> None:
            name = rtc.DisconnectReason.Name(reason) if reason else "UNKNOWN_REASON"
            seen.events.append(f"disconnected {name}")

        @room.on("participant_attributes_changed")
        def _(changed: dict[str, str], _: rtc.Participant) -> None:
            self._note_state(changed)

        @room.on("transcription_received")
        def _(parts: list[rtc.TranscriptionSegment], who: rtc.Participant | None, _: Any) -> None:
            name = who.identity if who else ""
            seen.captions += [Line(name, part.id, part.text, part.final) for part in parts]

        @room.on("track_subscribed")
        def _(track: rtc.Track, *_: Any) -> None:
            if track.kind == rtc.TrackKind.KIND_AUDIO:
                self._go(self._hear(track))

    def _note_state(self, attributes: dict[str, str]) -> None:
        state = attributes.get("lk.agent.state")
        if state and state not in self.seen.states[-1:]:
            self.seen.states.append(state)

    def _text_stream(self, reader: rtc.TextStreamReader, speaker: str) -> None:
        self._go(self._read(reader, speaker))

    async def _read(self, reader: rtc.TextStreamReader, speaker: str) -> None:
        attributes = reader.info.attributes or {}
        text = await reader.read_all()
        final = attributes.get("lk.transcription_final") == "true"
        self.seen.streams.append(Line(speaker, attributes.get("lk.segment_id", ""), text, final))

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=20)
        self._streams.append(stream)
        async for event in stream:
            at, samples = time.monotonic(), bytes(event.frame.data)
            peak = int(np.abs(np.frombuffer(samples, "<i2").astype(int)).max())
            self.heard.append(Frame(at, peak, samples))

    def _go(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
