"""Conversation: one call's talk, as one task around the pure turn-taking machine.

It feeds the machine with what happens on the line and in the engines, and carries out what the
machine decides. Time is counted in the leg's ticks of 20 ms.
"""

from __future__ import annotations

import asyncio
import logging

from thunderbox.errors import EngineError, LegError
from thunderbox.voice import phrases
from thunderbox.voice.echo import Echo
from thunderbox.voice.hearing import Hearing
from thunderbox.voice.history import History
from thunderbox.voice.journal import Journal
from thunderbox.voice.leg import FRAME_MS, Digit, Ended, Held, Leg, Resumed
from thunderbox.voice.line_tools import LineTools
from thunderbox.voice.listener import Listener
from thunderbox.voice.pace import Pace
from thunderbox.voice.persona import CallEngines, Deadlines, Persona
from thunderbox.voice.reply import Reply
from thunderbox.voice.screening import Screening
from thunderbox.voice.speaker import Heard, Speaker
from thunderbox.voice.tasks import Tasks
from thunderbox.voice.thinker import Thinker
from thunderbox.voice.tools import Tools
from thunderbox.voice.turn_events import (
    Acknowledge,
    Begun,
    CommitTurn,
    Discard,
    DropTurn,
    EchoFound,
    Effect,
    EngineFailed,
    Event,
    Generate,
    Glimpsed,
    HangUp,
    HoldChanged,
    Interrupt,
    LeaveMessage,
    Moment,
    Played,
    Playing,
    Pressed,
    Release,
    ReplyFinished,
    Resume,
    Say,
    Transcribe,
    Transcribed,
    WordsReady,
)
from thunderbox.voice.turns import Turns

log = logging.getLogger(__name__)

STALL_S = 5.0
"""A leg that gives no tick for so long has lost its clock."""
TOOL_GRACE_S = 2.0
"""How long a tool that was started may go on after the call has ended."""


class Conversation:
    """One call's talk; `run` returns its end_reason."""

    def __init__(
        self,
        leg: Leg,
        persona: Persona,
        engines: CallEngines,
        tools: Tools,
        journal: Journal,
        pace: Pace,
        deadlines: Deadlines,
    ) -> None:
        self._leg = leg
        self._persona = persona
        self._engines = engines
        self._journal = journal
        self._deadlines = deadlines
        self._agent_first = pace.agent_first
        self._turns = Turns(pace)
        self._screened = pace.voicemail is not None
        self._echo = Echo()
        self._echo_ms: int | None = None
        self._listener = Listener(engines.voice_activity)
        self._history = History(persona.prompt)
        self._tasks = Tasks(leg.name)
        self._speaker = Speaker(
            leg, engines.synthesizer, persona.voice, self, deadlines.speak, engines.keep_sound
        )
        self._thinker = Thinker(
            engines.language_model,
            LineTools(tools, leg, journal, persona.destinations, presses_keys=persona.presses_keys),
            self._history,
            leg.name,
            self._tasks.spawn,
            first_token_s=deadlines.first_token,
            sampling=persona.sampling,
            checking_s=deadlines.checking,
        )
        self._hearing = Hearing(
            leg.name,
            self._listener,
            engines.recognizer,
            engines.turn_end,
            persona.language,
            deadlines.transcribe,
            self._tasks.spawn,
            self._feed,
        )
        self._screening = Screening(
            leg.name, engines.recognizer, persona.language, self._tasks.spawn, self._feed
        )
        self._now = 0
        self._reply: Reply | None = None
        self._cut: Reply | None = None
        self._end_reason: str | None = None

    async def run(self) -> str:
        """Talk until the call is over; returns its end_reason."""
        if not self._agent_first:
            self._tasks.spawn(self._thinker.warm())
        try:
            self._feed(Begun(0))
            await self._talk()
        finally:
            await self._close()
        return self._end_reason or "error"

    def close_politely(self) -> None:
        """Say that the call has to end, then end it (the box is going down)."""
        self.end_with(phrases.SHUTDOWN, "shutdown")

    def end_with(self, phrase: str, reason: str) -> None:
        """Say one of the fixed sentences, then end the call with this reason."""
        self._do(self._turns.end_with(phrase, reason))

    async def _talk(self) -> None:
        """Live through the call, 20 ms at a time."""
        while self._end_reason is None:
            try:
                async with asyncio.timeout(STALL_S):
                    tick = await self._leg.tick()
            except TimeoutError:
                log.warning("%s: the line's clock has stopped", self._leg.name)
                self._end_reason = "error"
                return
            self._read_line()
            if tick is None:
                return
            self._now += FRAME_MS
            self._journal.sound(tick)
            self._speaker.tick(self._now, tick.spoken)
            echo, known = self._echo.hear(tick.far, tick.near), self._echo.delay_ms
            if known is not None and self._echo_ms is None:
                log.info("%s: the agent's voice comes back after %d ms", self._leg.name, known)
                self._feed(EchoFound(self._now))
            self._echo_ms = known
            if (voice := self._listener.hear(tick.far, echo=echo)) is not None:
                self._feed(voice)
            self._hearing.tick(self._now, over_agent=self._turns.agent_active)
            if self._screened:
                self._screening.hear(tick.far, self._listener.speaking)
            self._feed(Moment(self._now, self._listener.quiet_ms))

    def _read_line(self) -> None:
        """Take what else happened on the line."""
        while not self._leg.events.empty():
            match self._leg.events.get_nowait():
                case Digit(digit):
                    self._feed(Pressed(self._now, digit))
                case Held():
                    self._feed(HoldChanged(self._now, held=True))
                case Resumed():
                    self._feed(HoldChanged(self._now, held=False))
                case Ended(cause):
                    self._end_reason = self._end_reason or cause.value

    async def _close(self) -> None:
        """Stop everything of this call; keep what was said and heard until now."""
        self._settle_speech()
        try:
            await self._leg.hang_up()
            await self._last_words()
        finally:
            if self._reply is not None:
                self._reply.cancel()
            await self._tasks.close(grace_s=TOOL_GRACE_S if self._tool_runs() else 0.0)
            await self._engines.language_model.forget(self._leg.name)

    async def _last_words(self) -> None:
        """Words that the caller spoke right before hanging up are part of the call, too."""
        if text := await self._hearing.last_words():
            start = max(0, self._now - self._listener.length // 32)
            self._journal.caller_said(text, start, self._now)

    # ------------------------------------------------------------ machine and world

    def _feed(self, event: Event) -> None:
        """Give the machine an event, and do what it says."""
        match event:
            case Transcribed(text=text) if self._screened:
                self._screening.words(text)
            case Glimpsed(_, text):
                self._journal.caller_saying(text, self._now)
        self._do(self._turns.handle(event))
        if not isinstance(event, Moment):
            log.debug("%s: %s", self._leg.name, type(event).__name__)

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Transcribe(turn, revision):
                self._hearing.transcribe(turn, revision)
            case DropTurn():
                self._hearing.drop()
            case CommitTurn(text, start, end):
                self._history.caller_said(text)
                self._journal.caller_said(text, start, end)
            case Generate(reply, text):
                self._generate(reply, text)
            case Release(reply, asked_at):
                self._release(reply, asked_at)
            case Acknowledge():
                if self._reply is not None and self._persona.acknowledgement:
                    self._reply.acknowledge(self._persona.acknowledgement)
            case Discard() | Interrupt():
                self._stop_reply()
            case Say(reply, phrase):
                self._speak_at_once(reply, phrases.sentence(phrase), again=True)
            case Resume(reply, _):
                self._resume(reply)
            case LeaveMessage(reply):
                self._speak_at_once(reply, self._persona.voicemail_message, again=True)
            case HangUp(reason):
                self._end_reason = self._end_reason or reason

    # ------------------------------------------------------------ the agent's words

    def _generate(self, reply_id: int, unsaid: str | None) -> None:
        # What is said before anybody has spoken is the greeting.
        reply = self._begin(reply_id, again=self._now == 0)
        reply.task = self._tasks.spawn(self._think(reply, unsaid))

    async def _think(self, reply: Reply, unsaid: str | None) -> None:
        try:
            thought = await self._thinker.think(reply, unsaid)
        except (EngineError, LegError) as error:
            log.warning("%s: the reply failed: %s", self._leg.name, error)
            self._feed(EngineFailed(self._now, reply.id))
            return
        reply.complete = True
        # An empty speculative reply is only a failure once the turn is decided.
        await reply.released()
        self._speaker.finish(reply.id)
        self._feed(ReplyFinished(self._now, reply.id, thought.ends_call, thought.empty))

    def _speak_at_once(self, reply_id: int, text: str, *, again: bool = False) -> None:
        """Say a fixed sentence, or again what was cut off."""
        reply = self._begin(reply_id, again=again)
        reply.release(None)
        self._speaker.release(reply_id)
        reply.passage_began()
        reply.clause(text)
        reply.passage_ended(())
        reply.complete = True
        self._speaker.finish(reply_id)

    def _begin(self, reply_id: int, *, again: bool) -> Reply:
        reply = Reply(
            reply_id,
            self._history,
            self._speaker,
            self._journal,
            lambda: self._now,
            lambda reply: self._feed(WordsReady(self._now, reply)),
        )
        self._reply = reply
        self._speaker.begin(reply_id, self._tasks.spawn, again=again)
        return reply

    def _release(self, reply_id: int, asked_at: int | None) -> None:
        if self._reply is not None and self._reply.id == reply_id:
            self._reply.release(asked_at)
            self._speaker.release(reply_id)

    def _stop_reply(self) -> None:
        reply, self._reply = self._reply, None
        if reply is None:
            return
        reply.cancel()
        if reply.is_released:
            self._cut = reply
        self._settle_speech(reply)

    def _settle_speech(self, reply: Reply | None = None) -> None:
        """Fall silent; what was heard stays."""
        reply = reply or self._reply
        for heard in self._speaker.stop(self._now):
            if reply is not None and not heard.passage.filler:
                reply.unheard.append(heard.unheard)
            if reply is None or reply.is_released:
                self._record(heard, reply)

    def _resume(self, reply_id: int) -> None:
        """It was only noise: say what is left, or think again when there was nothing yet."""
        cut, self._cut = self._cut, None
        left = " ".join(text for text in cut.unheard if text) if cut is not None else ""
        if left:
            self._speak_at_once(reply_id, left)
            return
        self._generate(reply_id, None)
        self._release(reply_id, None)

    def _record(self, heard: Heard, reply: Reply | None) -> None:
        self._history.settle(heard.passage, heard.text, heard.interrupted)
        if heard.text:
            self._journal.agent_said(
                heard.text,
                heard.start,
                heard.end,
                interrupted=heard.interrupted,
                unheard=heard.unheard,
                latency_ms=reply.take_latency() if reply is not None else None,
            )

    def _tool_runs(self) -> bool:
        replies = [reply for reply in (self._reply, self._cut) if reply is not None]
        return any(reply.tools_running for reply in replies)

    # ------------------------------------------------------------ the speaker's reports

    def playing(self, reply: int) -> None:
        """The first sound of a reply was sent."""
        if self._reply is not None and self._reply.id == reply:
            self._reply.first_sound_at = self._now
            if self._reply.task is not None and self._reply.has_words:
                self._turns.recovered()
        self._feed(Playing(self._now, reply))

    def heard(self, heard: Heard) -> None:
        """A passage was heard to its end."""
        if self._reply is not None and self._reply.task is not None and not heard.passage.filler:
            self._turns.recovered()
        self._record(heard, self._reply)

    def played(self, reply: int) -> None:
        """All of a reply was heard."""
        if self._reply is not None and self._reply.id == reply:
            self._reply = None
        self._feed(Played(self._now, reply))

    def speech_failed(self, reply: int) -> None:
        """The synthesizer failed or broke its deadline."""
        self._feed(EngineFailed(self._now, reply))
