"""CallRecognizer: speech to text for one call, in the language that its caller speaks.

An agent of one language hears that one. Where it knows several, the first utterance that is long
enough to tell decides for the rest of the call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from thunderbox.errors import EngineError
from thunderbox.voice.engine import Recognition, Recognizer
from thunderbox.voice.leg import SAMPLE_RATE

log = logging.getLogger(__name__)

ENOUGH_BYTES = SAMPLE_RATE * 2
"""A second of sound: less of it ("yes", "si") sounds alike in many languages."""


class CallRecognizer:
    """A recognizer that is shared by all calls, as one call uses it."""

    def __init__(self, recognizer: Recognizer, languages: Sequence[str]) -> None:
        self.name = recognizer.name
        self._recognizer = recognizer
        self._languages = tuple(dict.fromkeys(languages))
        self._decided = len(self._languages) == 1
        self.language = self._languages[0]
        """The caller's language as far as it is known."""

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        """Words of one utterance, in the call's own language. Raises EngineError."""
        if not self._decided and len(pcm) >= ENOUGH_BYTES:
            try:
                self.language = await self._recognizer.detect(pcm, self._languages)
            except EngineError as error:
                log.warning("The caller's language cannot be told: %s", error)
            else:
                self._decided = True
                log.info("The caller speaks %s", self.language)
        return await self._recognizer.transcribe(pcm, self.language)

    async def glimpse(
        self, pcm: bytes, language: str, goes_on: Callable[[], bool], *, paused: bool = False
    ) -> Recognition | None:
        """Words so far, once the call's language is known. Raises EngineError."""
        if not self._decided:
            return None
        return await self._recognizer.glimpse(pcm, self.language, goes_on, paused=paused)

    async def detect(self, pcm: bytes, languages: Sequence[str]) -> str:
        """Which of these languages is spoken. Raises EngineError."""
        return await self._recognizer.detect(pcm, languages)

    def close(self) -> None:
        """Nothing: the engine serves other calls."""
