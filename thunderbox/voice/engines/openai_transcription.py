"""OpenAITranscription: speech to text behind POST /audio/transcriptions (speaches and others)."""

from __future__ import annotations

import asyncio
import io
import time
import wave
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from thunderbox.voice.engine import Recognition
from thunderbox.voice.engines.remote import RemoteClient, RemoteServer
from thunderbox.voice.engines.speech_guards import Guards, is_loop, loudest_dbfs
from thunderbox.voice.leg import SAMPLE_RATE

_PATH = "/audio/transcriptions"
_MOST_BYTES = 16 * 1024
"""A minute of quick speech is less than two thousand letters."""

_GUARDS = Guards()


class _Transcript(Struct):
    text: str


class OpenAITranscription:
    """A speech model of a remote server."""

    def __init__(self, server: RemoteServer) -> None:
        self.name = server.model
        self._client = RemoteClient(server)

    @property
    def ready(self) -> bool:
        """Whether the engine can be asked."""
        return not self._client.closed

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        """Words of one utterance of 16 kHz mono s16le PCM. Raises EngineError."""
        started = time.perf_counter()
        pcm = pcm[: len(pcm) // 2 * 2]
        text = ""
        if self._may_be_speech(pcm):
            try:
                async with asyncio.timeout(self._client.server.timeout_s):
                    text = await self._ask(pcm, language)
            except TimeoutError:
                raise self._client.late() from None
        # Whisper, wherever it runs, repeats itself when it is lost.
        return Recognition("" if is_loop(text) else text, time.perf_counter() - started)

    async def glimpse(
        self, pcm: bytes, language: str, goes_on: Callable[[], bool], *, paused: bool = False
    ) -> Recognition | None:
        """Nothing: a server is not asked for words that nobody waits for."""
        return None

    async def detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        """The first of them: servers do not tell the language of what they transcribe."""
        return languages[0]

    def close(self) -> None:
        """Cut the connections; running transcriptions fail."""
        self._client.close()

    def _may_be_speech(self, pcm: bytes) -> bool:
        """Models make up words for what is too short or too quiet to be any."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
        if len(samples) * 1000 < _GUARDS.shortest_ms * SAMPLE_RATE:
            return False
        return loudest_dbfs(samples) >= _GUARDS.quietest_dbfs

    async def _ask(self, pcm: bytes, language: str) -> str:
        answer = bytearray()
        async with self._client.post(
            _PATH,
            data={
                "model": self._client.server.model,
                "language": language.split("-")[0].lower(),
                "response_format": "json",
                "temperature": "0",
            },
            files={"file": ("speech.wav", as_wav(pcm), "audio/wav")},
        ) as response:
            async for chunk in self._client.read(response, _MOST_BYTES):
                answer += chunk
        try:
            return msgspec.json.decode(bytes(answer), type=_Transcript).text.strip()
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._client.malformed("it is no transcript in JSON") from None


def as_wav(pcm: bytes) -> bytes:
    """16 kHz mono s16le PCM as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(pcm)
    return file.getvalue()
