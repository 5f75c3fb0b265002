"""Screening: watches a call that the box placed for what has picked it up, and reports it.

The detector judges sound; this gives it words where they decide.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from thunderbox.errors import EngineError
from thunderbox.voice.answering_machine import AnsweringMachine
from thunderbox.voice.engine import Recognizer
from thunderbox.voice.tasks import Spawn
from thunderbox.voice.turn_events import Event, PartyKnown

log = logging.getLogger(__name__)

WORDS_S = 2.0
"""Words that take longer to be recognised come after the verdict."""


class Screening:
    """The watch over one call."""

    def __init__(
        self,
        name: str,
        recognizer: Recognizer,
        language: str,
        spawn: Spawn,
        report: Callable[[Event], None],
    ) -> None:
        self._name = name
        self._recognizer = recognizer
        self._language = language
        self._spawn = spawn
        self._report = report
        self._detector = AnsweringMachine()

    def hear(self, frame: bytes, voiced: bool) -> None:
        """Take 20 ms of the far end."""
        for found in self._detector.hear(frame, voiced):
            self._tell(found)
        if (sound := self._detector.take_sound()) is not None:
            self._spawn(self._recognise(sound))

    def words(self, text: str) -> None:
        """Words of the far end were recognised."""
        if (found := self._detector.words(text)) is not None:
            self._tell(found)

    async def _recognise(self, sound: bytes) -> None:
        try:
            async with asyncio.timeout(WORDS_S):
                found = await self._recognizer.transcribe(sound, self._language)
        except (EngineError, TimeoutError) as error:
            # The verdict then comes from the sound alone.
            log.info("%s: the first words are not known: %s", self._name, error or "too late")
            return
        self.words(found.text)

    def _tell(self, found: Event) -> None:
        if isinstance(found, PartyKnown):
            log.info("%s was picked up by: %s", self._name, found.party.value)
        self._report(found)
