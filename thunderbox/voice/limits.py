"""Limits: how long a call may be silent, be on hold, or last at all.

Pure: it is told the time, and says what has been exceeded.
"""

from __future__ import annotations

from thunderbox.voice.pace import Pace


class Limits:
    """The clocks of one call; all times in ms since it began."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._quiet_since = 0
        self._check_ins = 0
        self._held_since: int | None = None

    def stirred(self, now: int) -> None:
        """Somebody speaks or acts: silence begins anew."""
        self._quiet_since = now

    def answered(self) -> None:
        """The caller has said something: the next silence is the first one again."""
        self._check_ins = 0

    def check_in_due(self, now: int) -> bool:
        """Whether the caller is to be asked now if they are still there; true once."""
        due = now - self._quiet_since >= self._pace.silence_ms
        if not due or self._check_ins >= self._pace.check_ins:
            return False
        self._check_ins += 1
        return True

    def is_too_silent(self, now: int) -> bool:
        """Whether nobody has answered the last check-in."""
        if self._check_ins < self._pace.check_ins:
            return False
        patience = self._pace.silence_end_ms
        if not self._pace.check_ins:
            patience += self._pace.silence_ms
        return now - self._quiet_since >= patience

    def is_too_long(self, now: int) -> bool:
        """Whether the call has lasted as long as it may."""
        return now >= self._pace.max_ms

    def hold(self, now: int, held: bool) -> None:
        """The caller put the call on hold, or took it off."""
        self._quiet_since = now
        self._held_since = now if held else None

    @property
    def held(self) -> bool:
        """Whether the call is on hold."""
        return self._held_since is not None

    def is_held_too_long(self, now: int) -> bool:
        """Whether the caller has kept the agent waiting for as long as it waits."""
        most = self._pace.max_hold_ms
        return self._held_since is not None and most is not None and now - self._held_since >= most
