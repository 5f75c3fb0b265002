"""Limits: how often a key may ask, or pages for sessions, and how often passwords are guessed."""

from __future__ import annotations

import time
from collections.abc import Callable

from thunderbox.api.limiter import Limiter, whole_seconds
from thunderbox.errors import TooManyError
from thunderbox.settings import LimitSettings

BURST_S = 2
"""A key that was quiet may send so many seconds' requests at once."""
WIDER = 10
"""One address, and one account from all addresses, may fail so many times more often."""


class Limits:
    """The limits of one box; `clock` gives seconds that never go back."""

    def __init__(
        self,
        settings: LimitSettings,
        clock: Callable[[], float] = time.monotonic,
        *,
        sessions_per_minute: int = 0,
    ) -> None:
        per_minute = settings.requests_per_minute
        self._requests = (
            Limiter(per_minute / 60, max(1, per_minute * BURST_S // 60), clock)
            if per_minute
            else None
        )
        self._sessions = (
            Limiter(sessions_per_minute / 60, max(1, sessions_per_minute // 4), clock)
            if sessions_per_minute
            else None
        )
        tries, seconds = settings.sign_in_tries, settings.sign_in_minutes * 60
        self._pairs = Limiter(tries / seconds, tries, clock)
        self._wide = Limiter(tries * WIDER / seconds, tries * WIDER, clock)

    def count_request(self, credential: str) -> None:
        """A credential asks for something. Raises TooManyError."""
        wait = self._requests.take(credential) if self._requests is not None else 0.0
        if wait:
            seconds = whole_seconds(wait)
            raise TooManyError(
                f"This key sends more requests than limits.requests_per_minute allows. Wait "
                f"{seconds} s.",
                seconds,
            )

    def count_session(self, key_id: int) -> None:
        """A page asks for a session with a publishable key. Raises TooManyError."""
        wait = self._sessions.take(key_id) if self._sessions is not None else 0.0
        if wait:
            seconds = whole_seconds(wait)
            raise TooManyError(
                "Pages ask for more sessions with this key than web.sessions_per_minute allows. "
                f"Wait {seconds} s.",
                seconds,
                code="too_many_sessions",
            )

    def count_sign_in(self, email: str, address: str) -> None:
        """Somebody tries a password; counted before it is looked at. Raises TooManyError."""
        email = email.lower()
        tries = ((self._pairs, (email, address)), (self._wide, email), (self._wide, (address,)))
        wait = max(limiter.wait(key) for limiter, key in tries)
        if wait:
            seconds = whole_seconds(wait)
            raise TooManyError(
                f"There were too many wrong passwords. Try again in {seconds} s.",
                seconds,
            )
        for limiter, key in tries:
            limiter.take(key)

    def forget_sign_ins(self, email: str, address: str) -> None:
        """The password was right: its owner begins anew from this address."""
        self._pairs.forget((email.lower(), address))
