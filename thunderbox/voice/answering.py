"""Answering: the agent's side of a conversation as it is carried out, one reply at a time.

What is to be said, and when to fall silent, is decided elsewhere; here it is thought, spoken,
recorded and shown, and what became of it is reported back as events.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from thunderbox.errors import EngineError, LegError
from thunderbox.voice import commentary
from thunderbox.voice.commentary import Commentary
from thunderbox.voice.heard import Heard
from thunderbox.voice.history import History
from thunderbox.voice.journal import Journal
from thunderbox.voice.leg import Leg
from thunderbox.voice.line_tools import LineTools
from thunderbox.voice.persona import CallEngines, Deadlines, Persona
from thunderbox.voice.reply import Reply
from thunderbox.voice.speaker import Speaker
from thunderbox.voice.tasks import Spawn
from thunderbox.voice.thinker import Thinker
from thunderbox.voice.tools import Tools
from thunderbox.voice.turn_events import (
    EngineFailed,
    Event,
    Played,
    Playing,
    ReplyFinished,
    WordsReady,
)

log = logging.getLogger(__name__)


class Answering:
    """The agent's replies in one call; what the speaker reports comes here."""

    def __init__(
        self,
        leg: Leg,
        persona: Persona,
        engines: CallEngines,
        tools: Tools,
        journal: Journal,
        shown: Commentary,
        deadlines: Deadlines,
        spawn: Spawn,
        report: Callable[[Event], None],
        recovered: Callable[[], None],
    ) -> None:
        """`recovered` is told when an engine has done its work."""
        self._name = leg.name
        self._acknowledgement = persona.acknowledgement
        self._journal = journal
        self._shown = shown
        self._spawn = spawn
        self._report = report
        self._recovered = recovered
        self.history = History(persona.prompt)
        self._speaker = Speaker(
            leg, engines.synthesizer, persona.voice, self, deadlines.speak, engines.keep_sound
        )
        self._thinker = Thinker(
            engines.language_model,
            LineTools(tools, leg, journal, persona.destinations, presses_keys=persona.presses_keys),
            self.history,
            leg.name,
            spawn,
            first_token_s=deadlines.first_token,
            sampling=persona.sampling,
            checking_s=deadlines.checking,
        )
        self._now = 0
        self._show_at = 0
        self._reply: Reply | None = None
        self._cut: Reply | None = None

    def read_ahead(self) -> None:
        """Let the model read what it is told while nobody waits for it."""
        self._spawn(self._thinker.warm())

    def note(self, text: str) -> None:
        """Tell the model something more, and let it read that at once."""
        self.history.note(text)
        self.read_ahead()

    def tick(self, now: int, spoken: int) -> None:
        """20 ms went by, in which so many bytes of speech were sent."""
        self._now = now
        self._speaker.tick(now, spoken)
        if now >= self._show_at and (saying := self._speaker.saying()) is not None:
            self._show_at = now + commentary.EVERY_MS
            self._shown.agent_saying(*saying)

    @property
    def sounding(self) -> bool:
        """Whether the agent's voice is on the line, or pauses within what it says."""
        return self._speaker.sounding

    @property
    def tool_runs(self) -> bool:
        """Whether a tool has not answered yet."""
        replies = [reply for reply in (self._reply, self._cut) if reply is not None]
        return any(reply.tools_running for reply in replies)

    # ------------------------------------------------------------ what is to be done

    def generate(self, reply_id: int, unsaid: str | None) -> None:
        """Think, silently; `unsaid` is a turn of the caller that is not committed yet."""
        # What is said before anybody has spoken is the greeting.
        reply = self._begin(reply_id, again=self._now == 0)
        reply.task = self._spawn(self._think(reply, unsaid))

    def release(self, reply_id: int, asked_at: int | None) -> None:
        """Let a reply be heard, and its tools run."""
        if self._reply is not None and self._reply.id == reply_id:
            self._reply.release(asked_at)
            self._speaker.release(reply_id)

    def acknowledge(self) -> None:
        """Bridge the wait for the first words."""
        if self._reply is not None and self._acknowledgement:
            self._reply.acknowledge(self._acknowledgement)

    def say(self, reply_id: int, text: str, *, again: bool = True) -> None:
        """Speak a text as a reply of its own; `again`: it will be said in other calls, too."""
        reply = self._begin(reply_id, again=again)
        reply.release(None)
        self._speaker.release(reply_id)
        reply.passage_began()
        reply.clause(text)
        reply.passage_ended(())
        reply.complete = True
        self._speaker.finish(reply_id)

    def stop(self) -> None:
        """Fall silent, and think no further."""
        reply, self._reply = self._reply, None
        if reply is None:
            return
        reply.cancel()
        if reply.is_released:
            self._cut = reply
        self._settle(reply)

    def resume(self, reply_id: int) -> None:
        """It was only noise: say what is left, or think again when there was nothing yet."""
        cut, self._cut = self._cut, None
        left = " ".join(text for text in cut.unheard if text) if cut is not None else ""
        if left:
            self.say(reply_id, left, again=False)
            return
        self.generate(reply_id, None)
        self.release(reply_id, None)

    def settle(self) -> None:
        """Fall silent at the end of the call; what was heard stays."""
        self._settle(self._reply)

    def cancel(self) -> None:
        """Think no further."""
        if self._reply is not None:
            self._reply.cancel()

    # ------------------------------------------------------------ replies

    async def _think(self, reply: Reply, unsaid: str | None) -> None:
        try:
            thought = await self._thinker.think(reply, unsaid)
        except (EngineError, LegError) as error:
            log.warning("%s: the reply failed: %s", self._name, error)
            self._report(EngineFailed(self._now, reply.id))
            return
        reply.complete = True
        # An empty speculative reply is only a failure once the turn is decided.
        await reply.released()
        self._speaker.finish(reply.id)
        self._report(ReplyFinished(self._now, reply.id, thought.ends_call, thought.empty))

    def _begin(self, reply_id: int, *, again: bool) -> Reply:
        reply = Reply(
            reply_id,
            self.history,
            self._speaker,
            self._journal,
            lambda: self._now,
            lambda reply: self._report(WordsReady(self._now, reply)),
        )
        self._reply = reply
        self._speaker.begin(reply_id, self._spawn, again=again)
        return reply

    def _settle(self, reply: Reply | None) -> None:
        for heard in self._speaker.stop(self._now):
            if reply is not None and not heard.passage.filler:
                reply.unheard.append(heard.unheard)
            if reply is None or reply.is_released:
                self._record(heard, reply)

    def _record(self, heard: Heard, reply: Reply | None) -> None:
        self._show_at = 0
        self.history.settle(heard.passage, heard.text, heard.interrupted)
        self._shown.agent_said(heard.passage, heard.text)
        if heard.text:
            self._journal.agent_said(
                heard.text,
                heard.start,
                heard.end,
                interrupted=heard.interrupted,
                unheard=heard.unheard,
                latency_ms=reply.take_latency() if reply is not None else None,
            )

    # ------------------------------------------------------------ the speaker's reports

    def playing(self, reply: int) -> None:
        """The first sound of a reply was sent."""
        self._show_at = 0
        if self._reply is not None and self._reply.id == reply:
            self._reply.first_sound_at = self._now
            if self._reply.task is not None and self._reply.has_words:
                self._recovered()
        self._report(Playing(self._now, reply))

    def heard(self, heard: Heard) -> None:
        """A passage was heard to its end."""
        if self._reply is not None and self._reply.task is not None and not heard.passage.filler:
            self._recovered()
        self._record(heard, self._reply)

    def played(self, reply: int) -> None:
        """All of a reply was heard."""
        if self._reply is not None and self._reply.id == reply:
            self._reply = None
        self._report(Played(self._now, reply))

    def speech_failed(self, reply: int) -> None:
        """The synthesizer failed or broke its deadline."""
        self._report(EngineFailed(self._now, reply))
