"""Conversation: one call's talk, as one task around the pure turn-taking machine.

It feeds the machine with what happens on the line and in the engines, and carries out what the
machine decides. Time is counted in the leg's ticks of 20 ms.
"""

from __future__ import annotations

import asyncio
import logging

from thunderbox.voice import phrases
from thunderbox.voice.answering import Answering
from thunderbox.voice.audience import AgentState, Audience, Nobody
from thunderbox.voice.backchannel import is_backchannel
from thunderbox.voice.commentary import Commentary
from thunderbox.voice.echo import Echo
from thunderbox.voice.hearing import Hearing
from thunderbox.voice.journal import Journal
from thunderbox.voice.leg import FRAME_MS, Digit, Ended, Held, Leg, Resumed, Typed
from thunderbox.voice.listener import Listener
from thunderbox.voice.pace import Pace
from thunderbox.voice.persona import CallEngines, Deadlines, Persona
from thunderbox.voice.screening import Screening
from thunderbox.voice.tasks import Tasks
from thunderbox.voice.tools import Tools
from thunderbox.voice.turn_events import (
    Acknowledge,
    Begun,
    CommitTurn,
    Discard,
    DropTurn,
    EchoFound,
    Effect,
    Event,
    Generate,
    Glimpsed,
    HangUp,
    HoldChanged,
    Interrupt,
    LeaveMessage,
    Moment,
    Pressed,
    Release,
    Resume,
    Say,
    Transcribe,
    Transcribed,
    Wrote,
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
        audience: Audience | None = None,
    ) -> None:
        """`audience` follows it; nobody does where there is none."""
        self._leg = leg
        self._persona = persona
        self._engines = engines
        self._journal = journal
        self._agent_first = pace.agent_first
        self._turns = Turns(pace)
        self._screened = pace.voicemail is not None
        self._echo = Echo()
        self._echo_ms: int | None = None
        self._listener = Listener(engines.voice_activity)
        self._tasks = Tasks(leg.name)
        self._shown = Commentary(audience or Nobody())
        self._answering = Answering(
            leg,
            persona,
            engines,
            tools,
            journal,
            self._shown,
            deadlines,
            self._tasks.spawn,
            self._feed,
            self._turns.recovered,
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
        self._end_reason: str | None = None

    async def run(self) -> str:
        """Talk until the call is over; returns its end_reason."""
        if not self._agent_first:
            self._answering.read_ahead()
        try:
            self._feed(Begun(0))
            await self._talk()
        finally:
            await self._close()
        return self._end_reason or "error"

    def end_with(self, phrase: str, reason: str) -> None:
        """Say one of the fixed sentences, then end the call with this reason."""
        self._do(self._turns.end_with(phrase, reason))

    def whisper(self, text: str) -> None:
        """Tell the agent something that the caller does not hear; its next reply knows it."""
        self._answering.note(text)

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
            self._shown.sound(tick)
            self._answering.tick(self._now, tick.spoken)
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
                case Typed(text):
                    self._feed(Wrote(self._now, text))
                case Held():
                    self._feed(HoldChanged(self._now, held=True))
                case Resumed():
                    self._feed(HoldChanged(self._now, held=False))
                case Ended(cause):
                    self._end_reason = self._end_reason or cause.value

    async def _close(self) -> None:
        """Stop everything of this call; keep what was said and heard until now."""
        self._answering.settle()
        try:
            await self._leg.hang_up()
            await self._last_words()
        finally:
            self._answering.cancel()
            await self._tasks.close(grace_s=TOOL_GRACE_S if self._answering.tool_runs else 0.0)
            await self._engines.language_model.forget(self._leg.name)

    async def _last_words(self) -> None:
        """Words of the caller right before hanging up are part of the call, too."""
        self._do(self._turns.unanswered())
        if text := await self._hearing.last_words():
            start = max(0, self._now - self._listener.length // 32)
            self._journal.caller_said(text, start, self._now)
            self._shown.caller_said(text)
        else:
            self._shown.caller_said_nothing()

    # ------------------------------------------------------------ machine and world

    def _feed(self, event: Event) -> None:
        """Give the machine an event, and do what it says."""
        match event:
            case Transcribed(text=text) if self._screened:
                self._screening.words(text)
            case Glimpsed(_, text):
                self._journal.caller_saying(text, self._now)
                if not (self._turns.agent_active and is_backchannel(text)):
                    self._shown.caller_saying(text)
        self._do(self._turns.handle(event))
        if not isinstance(event, Moment):
            log.debug("%s: %s", self._leg.name, type(event).__name__)

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        self._shown.agent_is(self._agent_state())

    def _agent_state(self) -> AgentState:
        if self._answering.sounding:
            return AgentState.SPEAKING
        return AgentState.THINKING if self._turns.agent_active else AgentState.LISTENING

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Transcribe(turn, revision):
                self._hearing.transcribe(turn, revision)
            case DropTurn():
                self._hearing.drop()
                self._shown.caller_said_nothing()
            case CommitTurn(text, start, end, typed):
                self._answering.history.caller_said(text)
                self._journal.caller_said(text, start, end)
                self._shown.caller_said(text, typed=typed)
            case Generate(reply, text):
                self._answering.generate(reply, text)
                self._shown.caller_saying(text or "")
            case Release(reply, asked_at):
                self._answering.release(reply, asked_at)
            case Acknowledge():
                self._answering.acknowledge()
            case Discard() | Interrupt():
                self._answering.stop()
            case Say(reply, phrase):
                self._answering.say(reply, phrases.sentence(phrase))
            case Resume(reply, _):
                self._answering.resume(reply)
            case LeaveMessage(reply):
                self._answering.say(reply, self._persona.voicemail_message)
            case HangUp(reason):
                self._end_reason = self._end_reason or reason
