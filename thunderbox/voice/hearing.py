"""Hearing: the caller's words in one call, at every pause and, where nobody waits, in between.

Everything is reported to the turn-taking machine; what a later look has made stale is not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from thunderbox.errors import EngineError
from thunderbox.voice import glimpse
from thunderbox.voice.engine import Recognition, Recognizer, TurnEnd
from thunderbox.voice.leg import SAMPLE_RATE
from thunderbox.voice.listener import Listener
from thunderbox.voice.tasks import Spawn
from thunderbox.voice.turn_events import EngineFailed, Event, Glimpsed, Transcribed
from thunderbox.voice.utterance import Utterance

log = logging.getLogger(__name__)

JUDGE_S = 0.25
"""A turn model that takes longer has nothing to say; the words decide then."""
MORE_PAUSE = 80 * SAMPLE_RATE * 2 // 1000
"""Turn models are trained with pauses of 200 ms, of which 120 have passed: the newest 80 ms are
heard twice instead of waited for."""


@dataclass(slots=True)
class _Start:
    """A recognition that was begun before it was known whether the caller pauses."""

    length: int
    task: asyncio.Task[None] | None = None
    found: Recognition | None = None
    needed: bool = False


class Hearing:
    """The recognition of one caller."""

    def __init__(
        self,
        name: str,
        listener: Listener,
        recognizer: Recognizer,
        turn_end: TurnEnd | None,
        language: str,
        deadline_s: float,
        spawn: Spawn,
        report: Callable[[Event], None],
    ) -> None:
        self._name = name
        self._listener = listener
        self._recognizer = recognizer
        self._turn_end = turn_end
        self._language = language
        self._deadline_s = deadline_s
        self._spawn = spawn
        self._report = report
        self._utterance = Utterance()
        self._transcription: asyncio.Task[None] | None = None
        self._glimpse: asyncio.Task[None] | None = None
        self._start: _Start | None = None
        self._now = 0
        self._voice_since = 0
        self._looked_at = 0

    def tick(self, now: int, *, over_agent: bool) -> None:
        """20 ms went by; look at the words so far if it is time."""
        self._now = now
        listener = self._listener
        if not listener.speaking:
            self._voice_since = now
            self._looked_at = now - glimpse.EVERY_MS
            return
        if not listener.quiet_ms:
            self._forget_start()
        elif listener.quiet_ms == glimpse.PAUSE_MS and not over_agent:
            self._start = start = _Start(listener.length)
            start.task = self._spawn(self._begin(start))
        if (self._glimpse is None or self._glimpse.done()) and glimpse.is_due(
            now - self._looked_at,
            now - self._voice_since,
            listener.quiet_ms,
            listener.length - self._utterance.begin(listener.length),
            over_agent=over_agent,
        ):
            self._looked_at = now
            self._glimpse = self._spawn(self._look())

    def transcribe(self, turn: int, revision: int) -> None:
        """Find the words of the turn, which has paused; an earlier look at it is given up."""
        self._give_up()
        start, self._start = self._start, None
        if start is not None:
            start.needed = True
        self._transcription = self._spawn(self._transcribe(turn, revision, start))

    def drop(self) -> None:
        """The turn is over: forget its sound and its words."""
        self._give_up()
        self._forget_start()
        self._listener.drop()
        self._utterance = Utterance()

    async def last_words(self) -> str:
        """Words of the turn that the end of the call cut off; empty where they are not known."""
        length = self._listener.length
        if not length:
            return ""
        try:
            found = await self._words(length)
        except (EngineError, TimeoutError):
            return ""
        return self._utterance.with_kept(found.text)

    def _give_up(self) -> None:
        for task in (self._transcription, self._glimpse):
            if task is not None:
                task.cancel()

    def _forget_start(self) -> None:
        start, self._start = self._start, None
        if start is not None and start.task is not None:
            start.task.cancel()

    async def _begin(self, start: _Start) -> None:
        """Find the words of what may be a pause already."""
        sound = self._listener.sound(self._utterance.begin(start.length))
        try:
            async with asyncio.timeout(self._deadline_s):
                start.found = await self._recognizer.glimpse(
                    sound,
                    self._language,
                    lambda: start.needed or self._listener.quiet_ms > 0,
                    paused=True,
                )
        except (EngineError, TimeoutError) as error:
            log.info("%s: no early words: %s", self._name, error or "too slow")

    async def _transcribe(self, turn: int, revision: int, start: _Start | None) -> None:
        length = self._listener.length
        judged = asyncio.create_task(self._judge()) if self._turn_end is not None else None
        try:
            if start is not None and start.task is not None:
                await asyncio.wait([start.task])
            if start is not None and start.found is not None:
                length, found = start.length, start.found
            else:
                found = await self._words(length)
        except (EngineError, TimeoutError) as error:
            log.warning("%s: recognition failed: %s", self._name, error or "too slow")
            self._report(EngineFailed(self._now, 0))
            return
        else:
            text = self._utterance.paused(length, found.text)
            finished = await judged if judged is not None and text else None
            self._report(Transcribed(self._now, turn, revision, text, finished))
        finally:
            if judged is not None:
                judged.cancel()
            if start is not None and start.task is not None:
                start.task.cancel()

    async def _words(self, length: int) -> Recognition:
        """Words of what is not kept yet. Raises EngineError, TimeoutError."""
        sound = self._listener.sound(self._utterance.begin(length))
        async with asyncio.timeout(self._deadline_s):
            return await self._recognizer.transcribe(sound, self._language)

    async def _judge(self) -> bool | None:
        """Whether the caller has finished; None when nobody can tell."""
        if self._turn_end is None:
            return None
        try:
            async with asyncio.timeout(JUDGE_S):
                sound = self._listener.sound()
                return await self._turn_end.finished(sound + sound[-MORE_PAUSE:])
        except (EngineError, TimeoutError) as error:
            log.warning("%s: the turn model failed: %s", self._name, error or "too slow")
            return None

    async def _look(self) -> None:
        """Report the words so far."""
        sound = self._listener.sound(self._utterance.begin(self._listener.length))
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await self._recognizer.glimpse(sound, self._language, self._goes_on)
        except (EngineError, TimeoutError) as error:
            log.info("%s: no glimpse: %s", self._name, error or "too slow")
            return
        if found is not None and found.text:
            self._report(Glimpsed(self._now, self._utterance.with_kept(found.text)))

    def _goes_on(self) -> bool:
        """Whether the caller still speaks; asked on the engine's thread."""
        return self._listener.speaking and not self._listener.quiet_ms
