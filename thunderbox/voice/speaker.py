"""Speaker: turns an agent's clauses into sound on the line, and knows what was really heard.

One reply speaks at a time. Its clauses are synthesised in order and handed to the leg; the
leg's ticks say how many of those bytes were sent, and from that follows which words the caller
heard, when the first sound left, and when all of it was played.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Protocol

from thunderbox.errors import EngineError, LegError
from thunderbox.voice.engine import Synthesizer
from thunderbox.voice.heard import Heard, SpokenClause, SpokenPassage
from thunderbox.voice.history import Passage
from thunderbox.voice.leg import SAMPLE_RATE, Leg
from thunderbox.voice.tasks import Spawn

log = logging.getLogger(__name__)

LEAD_BYTES = 10 * SAMPLE_RATE * 2
"""Sound is put on the line up to 10 s ahead: enough for any stall, little enough to hold."""
HEARD_OUT_S = 60.0
"""Longer than any handover sentence takes."""
QUEUE = 256
"""Clauses waiting for the synthesizer; a reply with more is not for the telephone."""


class SpeakerEvents(Protocol):
    """Whom the speaker tells; every method returns at once."""

    def playing(self, reply: int) -> None:
        """The first sound of a reply was sent."""

    def heard(self, heard: Heard) -> None:
        """A passage was heard to its end, or cut off."""

    def played(self, reply: int) -> None:
        """All of a reply was heard."""

    def speech_failed(self, reply: int) -> None:
        """The synthesizer failed or broke its deadline."""


class Speaker:
    """The agent's mouth in one call."""

    def __init__(
        self,
        leg: Leg,
        synthesizer: Synthesizer,
        voice: str,
        events: SpeakerEvents,
        deadline_s: float,
        keep_sound: Callable[[str, str, bytes], None] | None = None,
    ) -> None:
        """`keep_sound` takes text, voice and sound of what will be said again."""
        self._leg = leg
        self._synthesizer = synthesizer
        self._voice = voice
        self._events = events
        self._deadline_s = deadline_s
        self._keep_sound = keep_sound
        self._pushed = 0
        self._sent = 0
        self._moved = asyncio.Event()
        self._settled = asyncio.Event()
        self._speech: _Speech | None = None

    def begin(self, reply: int, spawn: Spawn, *, again: bool = False) -> None:
        """Start a reply, silent until `release`; `spawn` owns the task that synthesises it.
        `again`: it will be said in other calls, too."""
        self._speech = speech = _Speech(reply, again)
        speech.task = spawn(self._run(speech))

    def release(self, reply: int) -> None:
        """Let the reply be heard."""
        if self._speech is not None and self._speech.reply == reply:
            self._speech.released.set()

    def open(self, reply: int, passage: Passage) -> SpokenPassage | None:
        """Begin a passage of the reply; None when the reply is not spoken any more."""
        if self._speech is None or self._speech.reply != reply:
            return None
        spoken = SpokenPassage(passage)
        self._speech.passages.append(spoken)
        return spoken

    def say(self, reply: int, spoken: SpokenPassage, text: str) -> None:
        """Add a clause. Raises LegError when far too many wait."""
        speech = self._speech
        if speech is None or speech.reply != reply:
            return
        clause = SpokenClause(text)
        try:
            speech.queue.put_nowait(clause)
        except asyncio.QueueFull as error:
            raise LegError(f"A reply has more than {QUEUE} clauses; it was cut there.") from error
        spoken.clauses.append(clause)

    def finish(self, reply: int) -> None:
        """No more clauses will come for the reply."""
        if self._speech is not None and self._speech.reply == reply:
            self._speech.finished = True

    def is_silent(self, reply: int) -> bool:
        """True while all that the reply has said so far was heard."""
        speech = self._speech
        return speech is not None and speech.reply == reply and speech.is_done()

    @property
    def sounding(self) -> bool:
        """Whether the agent's voice is on the line, or pauses within what it says."""
        speech = self._speech
        if speech is None or not speech.playing:
            return False
        return self._sent < self._pushed or any(each.sounding for each in speech.passages)

    def saying(self) -> tuple[Passage, str] | None:
        """The passage that is being heard, and its words up to this moment."""
        for spoken in self._speech.passages if self._speech is not None else ():
            if spoken.sounding:
                return spoken.passage, spoken.words_begun(self._sent)
        return None

    def _is_current(self, reply: int) -> bool:
        return self._speech is not None and self._speech.reply == reply

    async def heard_out(self, reply: int) -> None:
        """Wait until all that the reply has said so far was heard, or it is not spoken any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_OUT_S):
                while self._is_current(reply) and not self.is_silent(reply):
                    self._settled.clear()
                    await self._settled.wait()

    def stop(self, now: int) -> list[Heard]:
        """Fall silent at once; what had been heard of the reply's open passages."""
        speech, self._speech = self._speech, None
        self._settled.set()
        if speech is None:
            return []
        speech.end()
        self._pushed -= self._leg.flush()
        return [spoken.cut(self._pushed, now) for spoken in speech.passages if not spoken.done]

    def tick(self, now: int, spoken_bytes: int) -> None:
        """20 ms went by, in which so many bytes of speech were sent."""
        self._sent += spoken_bytes
        if spoken_bytes:
            self._moved.set()
        speech = self._speech
        if speech is None or not speech.released.is_set():
            return
        if not speech.playing and spoken_bytes and self._sent > speech.first_byte(self._sent):
            speech.playing = True
            self._events.playing(speech.reply)
        for spoken in speech.passages:
            self._note(spoken, now)
        if speech.finished and speech.is_done():
            self._speech = None
            speech.end()
            self._events.played(speech.reply)

    def _note(self, spoken: SpokenPassage, now: int) -> None:
        """See whether a passage began or ended."""
        if spoken.done:
            return
        first = spoken.clauses[0].start if spoken.clauses else None
        if spoken.started_at is None and first is not None and self._sent > first:
            spoken.started_at = now
        last = spoken.clauses[-1].end if spoken.clauses else self._sent
        if spoken.closed and last is not None and self._sent >= last:
            spoken.ended_at = now or 1
            self._settled.set()
            start = spoken.started_at if spoken.started_at is not None else now
            self._events.heard(Heard(spoken.passage, spoken.words(), "", start, now, False))

    async def _run(self, speech: _Speech) -> None:
        """Synthesise the reply's clauses, in order, until it is stopped."""
        try:
            while True:
                await self._speak(speech, await speech.queue.get())
        except (EngineError, LegError, TimeoutError) as error:
            log.warning("The voice failed: %s", error or "it took too long")
            self._events.speech_failed(speech.reply)

    async def _speak(self, speech: _Speech, clause: SpokenClause) -> None:
        sound: list[bytes] = []
        async with aclosing(self._synthesizer.speak(clause.text, self._voice)) as pieces:
            while (piece := await self._next(pieces)) is not None:
                await speech.released.wait()
                await self._wait_for_room()
                if clause.start is None:
                    clause.start = self._pushed
                if speech.again:
                    sound.append(piece)
                self._leg.play(piece)
                self._pushed += len(piece)
        if clause.start is None:
            clause.start = self._pushed
        clause.end = self._pushed
        if speech.again and self._keep_sound is not None:
            self._keep_sound(clause.text, self._voice, b"".join(sound))

    async def _next(self, pieces: AsyncGenerator[bytes, None]) -> bytes | None:
        async with asyncio.timeout(self._deadline_s):
            return await anext(pieces, None)

    async def _wait_for_room(self) -> None:
        while self._leg.queued > LEAD_BYTES:
            self._moved.clear()
            async with asyncio.timeout(self._deadline_s + LEAD_BYTES / SAMPLE_RATE):
                await self._moved.wait()


class _Speech:
    """One reply's speech."""

    def __init__(self, reply: int, again: bool) -> None:
        self.reply = reply
        self.again = again
        self.queue: asyncio.Queue[SpokenClause] = asyncio.Queue(QUEUE)
        self.passages: list[SpokenPassage] = []
        self.released = asyncio.Event()
        self.finished = False
        self.playing = False
        self.task: asyncio.Task[None] | None = None

    def end(self) -> None:
        """Let the synthesizing task go; its owner collects it."""
        if self.task is not None:
            self.task.cancel()

    def is_done(self) -> bool:
        """Whether all of it so far was heard."""
        return all(spoken.done for spoken in self.passages)

    def first_byte(self, default: int) -> int:
        """Where the reply's sound begins in the stream."""
        for spoken in self.passages:
            for clause in spoken.clauses:
                if clause.start is not None:
                    return clause.start
        return default
