"""Replies: the agent's side of a conversation, one reply at a time. Pure: no clock, no I/O.

A reply is prepared silently and then released, or begins released; it ends when it was heard, is
stopped, or gives way to a fixed sentence. Whether it may is for `turns` to know.
"""

from __future__ import annotations

from collections.abc import Callable

from thunderbox.voice.turn_events import (
    Acknowledge,
    Discard,
    Effect,
    Generate,
    Interrupt,
    Release,
    Resume,
    Say,
)
from thunderbox.voice.turn_state import Reply


class Replies:
    """What the agent says now; every method returns what is to be done, in order."""

    def __init__(self, new_id: Callable[[], int], acknowledge_ms: int | None) -> None:
        self.current: Reply | None = None
        self._new_id = new_id
        self._acknowledge_ms = acknowledge_ms

    def get(self, reply_id: int) -> Reply | None:
        """The current reply if it has this id."""
        return self.current if self.current is not None and self.current.id == reply_id else None

    @property
    def active(self) -> bool:
        """True while the agent thinks about a released reply or speaks it."""
        return self.current is not None and self.current.released

    @property
    def final(self) -> bool:
        """True while a last sentence is said: the call ends whatever the caller does."""
        return self.current is not None and self.current.final

    def prepare(self, text: str | None) -> list[Effect]:
        """Think silently about what was said and is not yet decided."""
        self.current = Reply(self._new_id())
        return [Generate(self.current.id, text)]

    def release(self, asked_at: int, now: int) -> list[Effect]:
        """The turn is decided: what was prepared may be heard; without anything, think now."""
        effects = self.prepare(None) if self.current is None else []
        if self.current is not None:
            self.current.released = True
            self.current.acknowledge_at = self._acknowledge_at(now)
            effects.append(Release(self.current.id, asked_at))
        return effects

    def answer(self, now: int) -> list[Effect]:
        """Think aloud about what was just said or pressed."""
        self.current = None
        return self.release(now, now)

    def greet(self) -> list[Effect]:
        """Speak first: nobody waits for it, so nothing bridges it."""
        self.current = Reply(self._new_id(), released=True)
        return [Generate(self.current.id, None), Release(self.current.id, None)]

    def say(self, phrase: str, ends: str | None = None, *, final: bool = False) -> list[Effect]:
        """Speak a fixed sentence, with which the call may end."""
        self.current = Reply(self._new_id(), released=True, ends=ends, final=final)
        return [Say(self.current.id, phrase)]

    def go_on(self, cut: int) -> list[Effect]:
        """Speak on where a reply was cut off."""
        self.current = Reply(self._new_id(), released=True)
        return [Resume(self.current.id, cut)]

    def stop(self) -> list[Effect]:
        """Stop the reply, heard or not."""
        reply, self.current = self.current, None
        if reply is None:
            return []
        return [Interrupt(reply.id) if reply.released else Discard(reply.id)]

    def bridge(self, now: int) -> list[Effect]:
        """Acknowledge, once, where the caller has waited for long enough."""
        reply = self.current
        return [Acknowledge(reply.id)] if reply is not None and reply.late(now) else []

    def _acknowledge_at(self, now: int) -> int | None:
        """When a reply that is released now has kept the caller waiting."""
        return None if self._acknowledge_ms is None else now + self._acknowledge_ms
