"""Mailbox: leaves a message on an answering machine. Pure: events in, effects out.

It speaks after the beep, or where none comes once the greeting is over, and begins anew when it
turns out to have begun too early. Then it hangs up.
"""

from __future__ import annotations

from collections.abc import Callable

from thunderbox.voice.turn_events import (
    BeepHeard,
    Effect,
    EngineFailed,
    Event,
    HangUp,
    Interrupt,
    LeaveMessage,
    Moment,
    Played,
    SpeechStarted,
    SpeechStopped,
)

NO_BEEP_MS = 2_500
"""Silence after which no beep will come any more."""
PATIENCE_MS = 60_000
"""The longest greeting that is waited for."""


class Mailbox:
    """The end of a call that a machine has answered."""

    def __init__(self, now: int, new_id: Callable[[], int]) -> None:
        self._since = now
        self._new_id = new_id
        self._quiet_since: int | None = now
        self._beeped = False
        self._reply = 0

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; return what is to be done, in order."""
        match event:
            case SpeechStarted():
                self._quiet_since = None
                return [] if self._beeped else self._stop()
            case SpeechStopped(at):
                self._quiet_since = at
            case BeepHeard() if not self._beeped:
                self._beeped = True
                return [*self._stop(), *self._speak()]
            case Played(_, reply) if reply == self._reply:
                return [HangUp("message_left")]
            case EngineFailed(_, reply) if reply and reply == self._reply:
                return [HangUp("error")]
            case Moment(at) if not self._reply:
                return self._wait(at)
            case _:
                pass
        return []

    def _wait(self, now: int) -> list[Effect]:
        if self._quiet_since is not None and now - self._quiet_since >= NO_BEEP_MS:
            return self._speak()
        return [HangUp("voicemail")] if now - self._since >= PATIENCE_MS else []

    def _speak(self) -> list[Effect]:
        self._reply = self._new_id()
        return [LeaveMessage(self._reply)]

    def _stop(self) -> list[Effect]:
        reply, self._reply = self._reply, 0
        return [Interrupt(reply)] if reply else []
