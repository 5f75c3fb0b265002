"""Reply: one answer of the agent on its way from the thinker to the speaker and the history.

Until it is released nothing of it is in the history, heard, or done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from thunderbox.voice import phrases
from thunderbox.voice.heard import SpokenPassage
from thunderbox.voice.history import Call, History, Passage
from thunderbox.voice.journal import Journal
from thunderbox.voice.speaker import Speaker


class Reply:
    """One answer; the thinker's mouth."""

    def __init__(
        self,
        reply_id: int,
        history: History,
        speaker: Speaker,
        journal: Journal,
        now: Callable[[], int],
        on_words: Callable[[int], None],
    ) -> None:
        self.id = reply_id
        self.task: asyncio.Task[None] | None = None
        self.complete = False
        self.unheard: list[str] = []
        self.first_sound_at: int | None = None
        self.tools_running = 0
        self._history = history
        self._speaker = speaker
        self._journal = journal
        self._now = now
        self._on_words = on_words
        self.has_words = False
        self._released = asyncio.Event()
        self._asked_at: int | None = None
        self._passage: Passage | None = None
        self._spoken: SpokenPassage | None = None
        self._waiting: list[Passage] = []

    @property
    def is_released(self) -> bool:
        """True once the reply may be heard."""
        return self._released.is_set()

    def release(self, asked_at: int | None) -> None:
        """The turn is decided: give the words their place in the history."""
        self._asked_at = asked_at
        for passage in self._waiting:
            self._history.attach(passage)
        self._waiting.clear()
        self._released.set()

    def cancel(self) -> None:
        """Stop thinking; a tool that runs is finished by its own task."""
        if self.task is not None:
            self.task.cancel()

    def take_latency(self) -> int | None:
        """Delay from the caller's last voiced moment to the first sound, once."""
        if self._asked_at is None or self.first_sound_at is None:
            return None
        asked_at, self._asked_at = self._asked_at, None
        return self.first_sound_at - asked_at

    # ------------------------------------------------------------ the thinker's mouth

    def passage_began(self) -> None:
        """A stretch of words begins."""
        self._passage = Passage()
        self._spoken = None
        if self.is_released:
            self._history.attach(self._passage)
        else:
            self._waiting.append(self._passage)

    def clause(self, text: str) -> None:
        """Words to speak, in the current passage."""
        if self._passage is None:
            return
        if self._spoken is None:
            self._spoken = self._speaker.open(self.id, self._passage)
        self._passage.text = f"{self._passage.text} {text}".strip()
        if not self.has_words:
            self.has_words = True
            self._on_words(self.id)
        if self._spoken is not None:
            self._speaker.say(self.id, self._spoken, text)

    def passage_ended(self, calls: Sequence[Call]) -> None:
        """The stretch is complete; these tool calls follow it."""
        if self._spoken is not None:
            self._spoken.closed = True
        if self._passage is not None:
            self._passage.calls = list(calls)

    def tool_started(self, call: Call) -> None:
        """A tool runs now."""
        self.tools_running += 1
        self._journal.tool_called(call, self._now())

    def keep_waiting(self) -> None:
        """Say that it takes a moment, unless something is being said anyway."""
        if self._speaker.is_silent(self.id):
            self._say(phrases.sentence(phrases.ONE_MOMENT))

    def hand_over(self) -> None:
        """Say that the caller is put through; the model has not."""
        self._say(phrases.sentence(phrases.HAND_OVER))

    def acknowledge(self, text: str) -> None:
        """Bridge the wait for the first words."""
        self._say(text)

    async def heard_out(self) -> None:
        """Wait until all words so far were heard."""
        await self._speaker.heard_out(self.id)

    def tool_finished(self, call: Call) -> None:
        """A tool has answered."""
        self.tools_running -= 1
        self._journal.tool_answered(call, self._now())

    async def released(self) -> None:
        """Wait until the reply may have consequences."""
        await self._released.wait()

    def _say(self, text: str) -> None:
        """Speak a sentence of the box within the reply."""
        if (spoken := self._speaker.open(self.id, Passage(filler=True))) is not None:
            self._speaker.say(self.id, spoken, text)
            spoken.closed = True
