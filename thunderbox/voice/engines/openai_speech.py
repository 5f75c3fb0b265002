"""OpenAISpeech: text to speech behind POST /audio/speech (speaches, Kokoro servers and others)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from thunderbox.errors import EngineError, RefusedError
from thunderbox.voice.engine import Voice
from thunderbox.voice.engines.pcm_stream import PcmStream
from thunderbox.voice.engines.remote import RemoteClient, RemoteServer
from thunderbox.voice.engines.resample import Samples
from thunderbox.voice.engines.sound import ClauseSound

TIER = "remote"

_PATH = "/audio/speech"
_MOST_BYTES = 16 * 1024 * 1024
"""Of one clause: five minutes at 24 kHz."""

_SLICE = 4_800
"""Samples that are resampled at once: about a millisecond of the event loop's time."""


class OpenAISpeech:
    """One voice of a remote server, at the level at which it comes."""

    def __init__(self, server: RemoteServer) -> None:
        self.name = server.model
        self.voice = Voice(server.voice, server.voice, server.locale, TIER)
        self._client = RemoteClient(server)
        self._format = "pcm"

    @property
    def ready(self) -> bool:
        """Whether the engine can be asked."""
        return not self._client.closed

    def voices(self) -> Sequence[Voice]:
        """The voice of the settings."""
        return [self.voice]

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Sound of one clause as 16 kHz mono s16le PCM, in pieces as they come."""
        if voice != self.voice.id:
            raise EngineError(f'The {self._client.server.name} has no voice "{voice}".')
        try:
            async with aclosing(self._client.timely(self._sound(text, self._format))) as pieces:
                async for piece in pieces:
                    yield piece
        except RefusedError:
            if self._format == "wav":
                raise
        else:
            return
        # A server that does not make bare PCM refuses before its first sound.
        async with aclosing(self._client.timely(self._sound(text, "wav"))) as pieces:
            async for piece in pieces:
                self._format = "wav"
                yield piece

    def close(self) -> None:
        """Cut the connections; clauses that are being made fail."""
        self._client.close()

    async def _sound(self, text: str, form: str) -> AsyncGenerator[bytes, None]:
        server = self._client.server
        body = {
            "model": server.model,
            "input": text,
            "voice": server.voice,
            "response_format": form,
        }
        stream, sound, given = PcmStream(), None, False
        async with self._client.post(_PATH, json=body) as response:
            if _is_text(response.headers.get("content-type", "")):
                raise self._client.malformed("it is text and no sound")
            async for chunk in self._client.read(response, _MOST_BYTES):
                samples = self._feed(stream, chunk)
                if not len(samples):
                    continue
                sound = sound or ClauseSound(stream.rate, 1.0)
                for part in _slices(samples):
                    if piece := sound.push(part):
                        given = True
                        yield piece
                    await asyncio.sleep(0)
        if sound is not None and (piece := sound.end()):
            given = True
            yield piece
        if not given:
            raise self._client.malformed("it holds no sound")

    def _feed(self, stream: PcmStream, chunk: bytes) -> Samples:
        try:
            return stream.feed(chunk)
        except ValueError as error:
            raise self._client.malformed(error) from None


def _is_text(content_type: str) -> bool:
    return content_type.lower().startswith(("text/", "application/json"))


def _slices(samples: Samples) -> list[Samples]:
    return [samples[at : at + _SLICE] for at in range(0, len(samples), _SLICE)]
