"""External connection: the box's own place in a room of a LiveKit server, by LiveKit's client.

It publishes one voice and does errands (captions, attributes, keys) one after the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from livekit import rtc

from thunderbox.errors import LegError
from thunderbox.voice.leg import FRAME_SAMPLES, SAMPLE_RATE
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

CONNECT_S = 8.0
"""How long joining a room may take, with publishing the voice."""
ERRAND_S = 5.0
CLOSE_S = 3.0
FRAMES = 10
"""Frames (200 ms) that wait for the client before the oldest is dropped."""
BUFFER_MS = 60
"""What the client holds of our voice, so that its own clock never runs dry."""
ERRANDS = 256
LONGEST_TEXT = 16 * 1024
"""Bytes of one typed message."""

Errand = Callable[[], Awaitable[object]]


class ExternalConnection:
    """One participant: ours."""

    def __init__(self, name: str) -> None:
        self.room = rtc.Room()
        self.track_sid = ""
        """The published voice's; known once `open` has returned."""
        self._name = name
        self._source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=BUFFER_MS)
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(FRAMES)
        self._errands: asyncio.Queue[Errand] = asyncio.Queue(ERRANDS)
        self.tasks = Tasks(name)

    async def open(self, url: str, token: str) -> None:
        """Join the room and publish our voice. Raises LegError, with a sentence."""
        options = rtc.RoomOptions(
            connect_timeout=CONNECT_S,
            data_stream=rtc.DataStreamOptions(max_payload_byte_length=LONGEST_TEXT),
        )
        try:
            async with asyncio.timeout(CONNECT_S):
                await self.room.connect(url, token, options)
                track = rtc.LocalAudioTrack.create_audio_track("agent", self._source)
                published = await self.room.local_participant.publish_track(
                    track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
                )
        except (TimeoutError, rtc.ConnectError, rtc.participant.PublishTrackError) as error:
            await self.close()
            raise LegError(
                f"The LiveKit server at {url} did not let the box into its room "
                f"({error or 'no answer'}). Check livekit.url and the server's log."
            ) from error
        self.track_sid = published.sid
        self.tasks.spawn(self._speak())
        self.tasks.spawn(self._run_errands())

    def send(self, frame: bytes) -> None:
        """Send 20 ms; the oldest that waits is dropped when the client does not take them."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    def soon(self, errand: Errand) -> bool:
        """Do this after all that is to be done already; False where that is too much."""
        if self._errands.full():
            return False
        self._errands.put_nowait(errand)
        return True

    async def close(self) -> None:
        """Leave the room."""
        await self.tasks.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.room.disconnect()
        except TimeoutError:
            log.warning("%s: leaving the LiveKit server took too long.", self._name)
        await self._source.aclose()

    async def _speak(self) -> None:
        while True:
            data = await self._frames.get()
            frame = rtc.AudioFrame(data, SAMPLE_RATE, 1, FRAME_SAMPLES)
            await self._source.capture_frame(frame)

    async def _run_errands(self) -> None:
        while True:
            errand = await self._errands.get()
            try:
                async with asyncio.timeout(ERRAND_S):
                    await errand()
            except Exception as error:  # the client has a dozen exceptions without a common one
                log.warning("%s: the LiveKit server was not told: %s", self._name, error)
