"""Who speaks when: a pure state machine. Events in, effects out; no clock, no I/O, no await.

The caller's side is a *turn* that opens with the first sound of voice, is transcribed at every
pause, and is decided when the pause has lasted long enough for the words that were said. The
agent's side is a *reply* (`replies`): generated silently while the pause is still undecided,
released when the turn is, interrupted when the caller speaks long enough or says more than
"mm-hm".
"""

from __future__ import annotations

from thunderbox.voice import phrases
from thunderbox.voice.backchannel import insists, is_answer, is_backchannel
from thunderbox.voice.limits import Limits
from thunderbox.voice.mailbox import Mailbox
from thunderbox.voice.pace import ANSWER_MS, Pace
from thunderbox.voice.replies import Replies
from thunderbox.voice.rhythm import Rhythm
from thunderbox.voice.turn_events import (
    Begun,
    CommitTurn,
    DropTurn,
    EchoFound,
    Effect,
    EngineFailed,
    Event,
    Glimpsed,
    HangUp,
    HoldChanged,
    Moment,
    Party,
    PartyKnown,
    Played,
    Playing,
    Pressed,
    ReplyFinished,
    SpeechStarted,
    SpeechStopped,
    Transcribe,
    Transcribed,
    WordsReady,
    Wrote,
)
from thunderbox.voice.turn_state import Digits, Murmur, Turn
from thunderbox.voice.writing import Writing


class Turns:
    """The conversation's turn-taking; `handle` takes events in order and returns effects."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._now = 0
        self._last_id = 0
        self._turn: Turn | None = None
        self._replies = Replies(self._new_id, pace.acknowledge_ms)
        self._murmur: Murmur | None = None
        self._digits = Digits(pace.digits_ms)
        self._writing = Writing()
        self._limits = Limits(pace)
        self._rhythm = Rhythm(pace.pause_ms, pace.shortest_pause_ms, pace.longest_pause_ms)
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
            case WordsReady(_, reply_id):
                if (reply := self._replies.get(reply_id)) is not None:
                    reply.has_words = True
            case ReplyFinished(_, reply_id, ends_call, empty):
                return self._reply_finished(reply_id, ends_call, empty)
            case Playing(at, reply_id):
                self._rhythm.answered(at)
                if (reply := self._replies.get(reply_id)) is not None:
                    reply.playing = True
            case Played(_, reply_id):
                return self._played(reply_id)
            case Pressed(at, digit):
                return self._pressed(at, digit)
            case Wrote(at, text):
                self._writing.add(text, at)
            case HoldChanged(_, held):
                return self._hold_changed(held)
            case EngineFailed(_, reply_id):
                return self._engine_failed(reply_id)
            case Begun():
                self._limits.stirred(self._now)
                return self._replies.greet() if self._pace.agent_first else []
            case PartyKnown():
                return self._party_known(event)
            case EchoFound():
                return self._echo_found()
        return []

    @property
    def agent_active(self) -> bool:
        """True while the agent thinks about a released reply or speaks it."""
        return self._replies.active

    def end_with(self, phrase: str, reason: str) -> list[Effect]:
        """Say a last sentence and hang up, whatever is going on (shutdown)."""
        if self._over:
            return []
        if self._mailbox is not None:
            self._over = True
            return [HangUp(reason)]
        return self._say_last(phrase, reason)

    def unanswered(self) -> list[Effect]:
        """What was written and will not be answered any more: it is part of the call, too."""
        text, since = self._writing.take(self._now)
        return [CommitTurn(text, since, self._now, typed=True)] if text else []

    # ------------------------------------------------------------ the caller

    def _speech_started(self, at: int) -> list[Effect]:
        turn = self._turn
        if turn is None:
            self._turn = turn = Turn(self._new_id(), at, voice_since=at)
            self._rhythm.began(at)
        else:
            if turn.voice_since is None:
                self._rhythm.went_on(at - turn.stopped_at)
            turn.goes_on(at)
        reply = self._replies.current
        if reply is None or reply.final:
            return []
        if not reply.released:
            return self._replies.stop()
        # Not heard yet: the turn was taken too early, the caller goes on, nothing may start now.
        return [] if reply.playing else self._interrupt(turn)

    def _speech_stopped(self, at: int) -> list[Effect]:
        turn = self._turn
        if turn is None or turn.voice_since is None:
            return []
        turn.pauses(at)
        return [Transcribe(turn.id, turn.revision)]

    def _transcribed(self, heard: Transcribed) -> list[Effect]:
        turn, text = self._turn, heard.text
        if turn is None or (turn.id, turn.revision) != (heard.turn, heard.revision):
            return []
        if not text:
            return self._drop(turn)
        speaking = self.agent_active
        if self._replies.final or ((speaking or turn.cut) and is_backchannel(text)):
            if speaking and is_answer(text):
                self._murmur = Murmur(text, turn.start, turn.stopped_at)
            return self._drop(turn)
        effects = self._interrupt(turn) if speaking else []
        if not is_backchannel(text):
            self._rhythm.spoke_on()
        turn.text = text
        pause_ms = self._rhythm.understood(text, heard.finished)
        turn.due = turn.stopped_at + pause_ms - self._pace.lead_ms
        return effects + self._replies.prepare(text)

    def _drop(self, turn: Turn) -> list[Effect]:
        """Nothing was said after all; go on where the agent was cut off, if it was."""
        self._turn = None
        effects: list[Effect] = [DropTurn(turn.id)]
        if turn.cut and self._replies.current is None:
            effects += self._replies.go_on(turn.cut)
        return effects

    def _decide(self, turn: Turn) -> list[Effect]:
        """The pause was long enough: it is the agent's turn."""
        self._turn = None
        self._limits.answered()
        self._rhythm.ended(turn.stopped_at)
        said: list[Effect] = [turn.words(), DropTurn(turn.id)]
        return said + self._replies.release(turn.stopped_at, self._now)

    def _take_turn(self) -> list[Effect]:
        """Keep the words of a turn that is not decided, and leave it."""
        turn, self._turn = self._turn, None
        return turn.taken() if turn is not None else []

    def _pressed(self, at: int, digit: str) -> list[Effect]:
        effects: list[Effect] = []
        if not self._digits and self.agent_active and not self._replies.final:
            effects += self._replies.stop()
        if self._digits.press(digit, at):
            effects += self._take_digits()
        return effects

    def _take_digits(self) -> list[Effect]:
        digits, since = self._digits.take()
        if not digits or self._replies.final:
            return []
        self._limits.answered()
        keyed = CommitTurn(digits, since, self._now, typed=True)
        return self._replies.stop() + self._answer(keyed)

    def _take_writing(self) -> list[Effect]:
        """Answer what was written: whoever writes wants to read or hear that, and nothing else."""
        text, since = self._writing.take(self._now)
        if self._replies.final:
            return []
        self._limits.answered()
        effects = self._replies.stop()
        if (turn := self._turn) is not None:
            turn.cut = 0
            if turn.text:
                effects += self._take_turn()
        return effects + self._answer(CommitTurn(text, since, self._now, typed=True))

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
        return effects + self._replies.stop()

    def _echo_found(self) -> list[Effect]:
        """What was taken for the caller's voice was the agent's own."""
        turn = self._turn
        if turn is None or not (turn.cut or self.agent_active):
            return []
        effects = [] if self.agent_active else self._replies.stop()
        return effects + self._drop(turn)

    # ------------------------------------------------------------ the agent

    def _reply_finished(self, reply_id: int, ends_call: bool, empty: bool) -> list[Effect]:
        reply = self._replies.get(reply_id)
        if reply is None:
            return []
        if ends_call:
            reply.ends = "agent_end"
            return self._say(phrases.GOODBYE, ends="agent_end") if empty else []
        return self._engine_failed(reply_id) if empty and reply.released else []

    def _played(self, reply_id: int) -> list[Effect]:
        reply = self._replies.get(reply_id)
        if reply is None:
            return []
        self._replies.current = None
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
        return [said, *self._replies.answer(self._now)]

    def _interrupt(self, turn: Turn) -> list[Effect]:
        """Stop the released reply; the turn remembers it in case the voice was only noise."""
        if self._replies.current is not None:
            turn.cut = self._replies.current.id
        return self._replies.stop()

    def _say(self, phrase: str, ends: str | None = None) -> list[Effect]:
        return self._replies.stop() + self._replies.say(phrase, ends)

    def _say_last(self, phrase: str, reason: str) -> list[Effect]:
        """End the call with a sentence that not even the caller's voice stops."""
        effects = self._replies.stop()
        if self._turn is not None:
            effects.append(DropTurn(self._turn.id))
            self._turn = None
        return effects + self._replies.say(phrase, reason, final=True)

    def _engine_failed(self, reply_id: int) -> list[Effect]:
        """The caller always hears something; a second failure in a row ends the call."""
        reply = self._replies.current
        if reply_id and self._replies.get(reply_id) is None:
            return []
        if reply is not None and reply.final:
            return [HangUp(reply.ends or "error")]
        self._failures += 1
        effects = self._take_turn() if self._turn and self._turn.voice_since is None else []
        if self._failures >= 2:
            return effects + self._say_last(phrases.TROUBLE_END, "error")
        return effects + self._say(phrases.TROUBLE if reply_id else phrases.ASK_AGAIN)

    def recovered(self) -> None:
        """An engine did its work again: forget earlier failures."""
        self._failures = 0

    # ------------------------------------------------------------ time

    def _hold_changed(self, held: bool) -> list[Effect]:
        self._limits.hold(self._now, held)
        reply = self._replies.current
        if held:
            if reply is not None and reply.released and not reply.final:
                self._resume_after_hold = reply.id
                return self._replies.stop()
            return []
        cut, self._resume_after_hold = self._resume_after_hold, 0
        return self._replies.go_on(cut) if cut and reply is None else []

    def _moment(self, quiet: int) -> list[Effect]:
        now, final = self._now, self._replies.final
        if self._limits.is_too_long(now) and not final:
            return self._say_last(phrases.TIME_END, "timeout")
        if self._limits.held:
            return [HangUp("timeout")] if self._limits.is_held_too_long(now) else []
        if self._digits.due(now):
            return self._take_digits()
        if self._writing.due(now):
            return self._take_writing()
        if (turn := self._turn) is not None:
            stops = self.agent_active and not final
            if stops and turn.interrupts(now, quiet, self._pace.interrupt_ms):
                return self._interrupt(turn)
            if turn.voice_since is not None and now - turn.start >= self._pace.max_turn_ms:
                return self._speech_stopped(now)
            if turn.due is not None and now >= turn.due:
                return self._decide(turn)
        if self._replies.current is not None or self._digits:
            self._limits.stirred(now)
            return self._replies.bridge(now)
        # A voice only counts once its words are known: noise must not keep a dead line open.
        return [] if turn is not None else self._silence(now)

    def _silence(self, now: int) -> list[Effect]:
        if self._limits.check_in_due(now):
            return self._say(phrases.STILL_THERE)
        if self._limits.is_too_silent(now):
            return self._say_last(phrases.SILENCE_END, "timeout")
        return []

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id
