"""Who speaks when: a pure state machine. Events in, effects out; no clock, no I/O, no await.

The caller's side is a *turn* that opens with the first sound of voice, is transcribed at every
pause, and is decided when the pause has lasted long enough for the words that were said. The
agent's side is a *reply*: generated silently while the pause is still undecided, released when
the turn is, interrupted when the caller speaks long enough or says more than "mm-hm".
"""

from __future__ import annotations

from thunderbox.voice import phrases
from thunderbox.voice.backchannel import insists, is_answer, is_backchannel
from thunderbox.voice.limits import Limits
from thunderbox.voice.mailbox import Mailbox
from thunderbox.voice.pace import ANSWER_MS, Pace
from thunderbox.voice.turn_end import turn_pause_ms
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
    Moment,
    Party,
    PartyKnown,
    Played,
    Playing,
    Pressed,
    Release,
    ReplyFinished,
    Resume,
    Say,
    SpeechStarted,
    SpeechStopped,
    Transcribe,
    Transcribed,
    WordsReady,
)
from thunderbox.voice.turn_state import Digits, Murmur, Reply, Turn


class Turns:
    """The conversation's turn-taking; `handle` takes events in order and returns effects."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._now = 0
        self._last_id = 0
        self._turn: Turn | None = None
        self._reply: Reply | None = None
        self._murmur: Murmur | None = None
        self._digits = Digits(pace.digits_ms)
        self._limits = Limits(pace)
        self._resume_after_hold = 0
        self._failures = 0
        self._mailbox: Mailbox | None = None
        self._over = False

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; return what is to be done, in order. After HangUp: nothing."""
        if self._over:
            return []
        self._now = max(self._now, event.at)
        effects = self._react(event) if self._mailbox is None else self._mailbox.handle(event)
        if any(isinstance(effect, HangUp) for effect in effects):
            self._over = True
        return effects

    def _react(self, event: Event) -> list[Effect]:
        match event:
            case Moment(_, quiet):
                return self._moment(quiet)
            case SpeechStarted(at):
                return self._speech_started(at)
            case SpeechStopped(at):
                return self._speech_stopped(at)
            case Transcribed():
                return self._transcribed(event)
            case Glimpsed(_, text) if self._turn is not None:
                self._turn.insists = insists(text)
            case WordsReady(_, reply):
                if self._is_current(reply) and self._reply:
                    self._reply.has_words = True
            case ReplyFinished(_, reply, ends_call, empty):
                return self._reply_finished(reply, ends_call, empty)
            case Playing(_, reply):
                if self._is_current(reply) and self._reply:
                    self._reply.playing = True
            case Played(_, reply):
                return self._played(reply)
            case Pressed(at, digit):
                return self._pressed(at, digit)
            case HoldChanged(_, held):
                return self._hold_changed(held)
            case EngineFailed(_, reply):
                return self._engine_failed(reply)
            case Begun():
                return self._begun()
            case PartyKnown():
                return self._party_known(event)
            case EchoFound():
                return self._echo_found()
        return []

    @property
    def agent_active(self) -> bool:
        """True while the agent thinks about a released reply or speaks it."""
        return self._reply is not None and self._reply.released

    def end_with(self, phrase: str, reason: str) -> list[Effect]:
        """Say a last sentence and hang up, whatever is going on (shutdown)."""
        if self._over:
            return []
        if self._mailbox is not None:
            self._over = True
            return [HangUp(reason)]
        return self._say(phrase, ends=reason, final=True)

    # ------------------------------------------------------------ the caller

    def _speech_started(self, at: int) -> list[Effect]:
        turn = self._turn
        if turn is None:
            self._turn = turn = Turn(self._new_id(), at, voice_since=at)
        else:
            turn.voice_since = at
            turn.text, turn.due, turn.insists = "", None, False
            turn.revision += 1
        reply = self._reply
        if reply is None or reply.final:
            return []
        if not reply.released:
            self._reply = None
            return [Discard(reply.id)]
        if not reply.playing:
            # The turn was taken too early: the caller goes on, so nothing may start now.
            return self._interrupt(turn)
        return []

    def _speech_stopped(self, at: int) -> list[Effect]:
        turn = self._turn
        if turn is None or turn.voice_since is None:
            return []
        turn.voiced_ms += max(0, at - turn.voice_since)
        turn.voice_since = None
        turn.stopped_at = at
        turn.revision += 1
        return [Transcribe(turn.id, turn.revision)]

    def _transcribed(self, heard: Transcribed) -> list[Effect]:
        turn, reply, text = self._turn, self._reply, heard.text
        if turn is None or (turn.id, turn.revision) != (heard.turn, heard.revision):
            return []
        if not text:
            return self._drop(turn)
        speaking = reply is not None and reply.released
        if (reply is not None and reply.final) or ((speaking or turn.cut) and is_backchannel(text)):
            if speaking and is_answer(text):
                self._murmur = Murmur(text, turn.start, turn.stopped_at)
            return self._drop(turn)
        effects = self._interrupt(turn) if speaking else []
        turn.text = text
        pause_ms = turn_pause_ms(self._pace.pause_ms, text, heard.finished)
        turn.due = turn.stopped_at + pause_ms - self._pace.lead_ms
        self._reply = Reply(self._new_id())
        effects.append(Generate(self._reply.id, text))
        return effects

    def _drop(self, turn: Turn) -> list[Effect]:
        """Nothing was said after all; go on where the agent was cut off, if it was."""
        self._turn = None
        effects: list[Effect] = [DropTurn(turn.id)]
        if turn.cut and self._reply is None:
            effects += self._go_on(turn.cut)
        return effects

    def _decide(self, turn: Turn) -> list[Effect]:
        """The pause was long enough: it is the agent's turn."""
        self._turn = None
        self._limits.answered()
        effects: list[Effect] = [
            CommitTurn(turn.text, turn.start, turn.stopped_at),
            DropTurn(turn.id),
        ]
        if self._reply is None:
            self._reply = Reply(self._new_id())
            effects.append(Generate(self._reply.id, None))
        self._reply.released = True
        self._reply.acknowledge_at = self._acknowledge_at()
        effects.append(Release(self._reply.id, turn.stopped_at))
        return effects

    def _take_turn(self) -> list[Effect]:
        """Keep the words of a turn that is not decided, and leave it."""
        turn, self._turn = self._turn, None
        if turn is None:
            return []
        commit = [CommitTurn(turn.text, turn.start, turn.stopped_at)] if turn.text else []
        return [*commit, DropTurn(turn.id)]

    def _pressed(self, at: int, digit: str) -> list[Effect]:
        effects: list[Effect] = []
        speaking = self._reply is not None and self._reply.released and not self._reply.final
        if not self._digits and speaking:
            effects += self._interrupt(None)
        if self._digits.press(digit, at):
            effects += self._take_digits()
        return effects

    def _take_digits(self) -> list[Effect]:
        digits, since = self._digits.take()
        if not digits or (self._reply is not None and self._reply.final):
            return []
        effects = self._stop_reply()
        self._limits.answered()
        return [*effects, *self._answer(CommitTurn(digits, since, self._now))]

    def _party_known(self, known: PartyKnown) -> list[Effect]:
        """A machine cannot be talked with: leave, or leave a message."""
        action = self._pace.voicemail
        if known.party is Party.FAX:
            return [HangUp("fax")]
        certain = known.party is Party.MACHINE and known.sure
        if not certain or action not in ("hangup", "message"):
            return []
        effects = self._take_turn()
        if action == "hangup":
            return [*effects, HangUp("voicemail")]
        self._mailbox = Mailbox(self._now, self._new_id)
        return effects + self._stop_reply()

    def _echo_found(self) -> list[Effect]:
        """What was taken for the caller's voice was the agent's own."""
        turn, reply = self._turn, self._reply
        if turn is None or not (turn.cut or self.agent_active):
            return []
        effects = self._stop_reply() if reply is not None and not reply.released else []
        return effects + self._drop(turn)

    # ------------------------------------------------------------ the agent

    def _begun(self) -> list[Effect]:
        self._limits.stirred(self._now)
        if not self._pace.agent_first:
            return []
        self._reply = Reply(self._new_id(), released=True)
        return [Generate(self._reply.id, None), Release(self._reply.id, None)]

    def _reply_finished(self, reply_id: int, ends_call: bool, empty: bool) -> list[Effect]:
        reply = self._reply
        if reply is None or reply.id != reply_id:
            return []
        if ends_call:
            reply.ends = "agent_end"
            return self._say(phrases.GOODBYE, ends="agent_end") if empty else []
        if empty and reply.released:
            return self._engine_failed(reply_id)
        return []

    def _played(self, reply_id: int) -> list[Effect]:
        reply = self._reply
        if reply is None or reply.id != reply_id:
            return []
        self._reply = None
        self._limits.stirred(self._now)
        murmur, self._murmur = self._murmur, None
        if reply.ends:
            return [HangUp(reply.ends)]
        if murmur is not None and self._turn is None and self._now - murmur.end <= ANSWER_MS:
            # "Yes" over the last syllable of a question answers it.
            return self._answer(CommitTurn(murmur.text, murmur.start, murmur.end))
        return []

    def _answer(self, said: CommitTurn) -> list[Effect]:
        """Answer what was said or pressed; nothing is left to wait for."""
        self._reply = Reply(self._new_id(), released=True, acknowledge_at=self._acknowledge_at())
        return [said, Generate(self._reply.id, None), Release(self._reply.id, self._now)]

    def _interrupt(self, turn: Turn | None) -> list[Effect]:
        """Stop the released reply; the turn remembers it in case the voice was only noise."""
        if self._reply is not None and turn is not None:
            turn.cut = self._reply.id
        return self._stop_reply()

    def _stop_reply(self) -> list[Effect]:
        """Stop the reply, heard or not."""
        reply, self._reply = self._reply, None
        if reply is None:
            return []
        return [Interrupt(reply.id) if reply.released else Discard(reply.id)]

    def _go_on(self, cut: int) -> list[Effect]:
        self._reply = Reply(self._new_id(), released=True)
        return [Resume(self._reply.id, cut)]

    def _say(self, phrase: str, ends: str | None = None, final: bool = False) -> list[Effect]:
        effects = self._stop_reply()
        if (turn := self._turn) is not None and final:
            self._turn = None
            effects.append(DropTurn(turn.id))
        self._reply = Reply(self._new_id(), released=True, ends=ends, final=final)
        return [*effects, Say(self._reply.id, phrase)]

    def _engine_failed(self, reply_id: int) -> list[Effect]:
        """The caller always hears something; a second failure in a row ends the call."""
        reply = self._reply
        if reply_id and (reply is None or reply.id != reply_id):
            return []
        if reply is not None and reply.final:
            return [HangUp(reply.ends or "error")]
        self._failures += 1
        effects = self._take_turn() if self._turn and self._turn.voice_since is None else []
        if self._failures >= 2:
            return effects + self._say(phrases.TROUBLE_END, ends="error", final=True)
        return effects + self._say(phrases.TROUBLE if reply_id else phrases.ASK_AGAIN)

    def recovered(self) -> None:
        """An engine did its work again: forget earlier failures."""
        self._failures = 0

    # ------------------------------------------------------------ time

    def _hold_changed(self, held: bool) -> list[Effect]:
        self._limits.hold(self._now, held)
        reply = self._reply
        if held:
            if reply is not None and reply.released and not reply.final:
                self._resume_after_hold = reply.id
                return self._interrupt(None)
            return []
        cut, self._resume_after_hold = self._resume_after_hold, 0
        return self._go_on(cut) if cut and reply is None else []

    def _moment(self, quiet: int) -> list[Effect]:
        now, pace, turn, reply = self._now, self._pace, self._turn, self._reply
        final = reply is not None and reply.final
        if self._limits.is_too_long(now) and not final:
            return self._say(phrases.TIME_END, ends="timeout", final=True)
        if self._limits.held:
            return [HangUp("timeout")] if self._limits.is_held_too_long(now) else []
        if self._digits.due(now):
            return self._take_digits()
        if turn is not None:
            if turn.voice_since is not None:
                voiced = turn.voiced_ms + now - quiet - turn.voice_since
                insists = turn.insists or voiced >= pace.interrupt_ms
                if self.agent_active and not final and insists:
                    return self._interrupt(turn)
                if now - turn.start >= pace.max_turn_ms:
                    return self._speech_stopped(now)
            elif turn.due is not None and now >= turn.due:
                return self._decide(turn)
        if reply is not None or self._digits:
            self._limits.stirred(now)
            return [Acknowledge(reply.id)] if reply is not None and reply.late(now) else []
        # A voice only counts once its words are known: noise must not keep a dead line open.
        return [] if turn is not None else self._silence(now)

    def _acknowledge_at(self) -> int | None:
        """When a reply that is released now has kept the caller waiting."""
        wait = self._pace.acknowledge_ms
        return None if wait is None else self._now + wait

    def _silence(self, now: int) -> list[Effect]:
        if self._limits.check_in_due(now):
            return self._say(phrases.STILL_THERE)
        if self._limits.is_too_silent(now):
            return self._say(phrases.SILENCE_END, ends="timeout", final=True)
        return []

    # ------------------------------------------------------------ small change

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _is_current(self, reply_id: int) -> bool:
        return self._reply is not None and self._reply.id == reply_id
