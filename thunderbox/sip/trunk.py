"""Trunk: keeps the box registered at a PBX or provider. Everything here runs on the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from thunderbox.config import TrunkSettings
from thunderbox.errors import LegError
from thunderbox.sip import address
from thunderbox.sip.card import Card
from thunderbox.sip.network import resolve

log = logging.getLogger(__name__)

REGISTER_SECONDS = 40.0
"""Longer than PJSIP's own transaction timeout of 32 s, which always reports."""


class Registration(Enum):
    """How the trunk stands."""

    NONE = "none"
    REGISTERING = "registering"
    REGISTERED = "registered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TrunkState:
    """How the trunk stands, since when, and what the registrar last said."""

    registration: Registration = Registration.NONE
    status: int = 0
    text: str = ""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class Trunk:
    """Keeps one account registered: resolve, register, wait for a loss, wait, again."""

    def __init__(
        self, settings: TrunkSettings, card: Card, on_lost: Callable[[TrunkState], None]
    ) -> None:
        self.state = TrunkState()
        self.target = address.server(settings.server, settings.user, settings.transport)
        self._settings = settings
        self._card = card
        self._on_lost = on_lost
        self._outcomes: asyncio.Queue[tuple[int, str, int]] = asyncio.Queue(16)

    @property
    def registered(self) -> bool:
        """Whether calls can go through the trunk now."""
        return self.state.registration is Registration.REGISTERED

    async def run(self) -> None:
        """Stay registered until cancelled."""
        while True:
            try:
                await self._register()
            except (OSError, LegError) as error:
                self._failed(0, str(error))
            await asyncio.sleep(self._settings.retry_seconds)

    async def _register(self) -> None:
        """Register and return when the registration is refused or lost."""
        if self.state.registration is Registration.NONE:
            self._set(Registration.REGISTERING)
        resolved = await resolve(self.target.host)
        while not self._outcomes.empty():
            self._outcomes.get_nowait()
        await self._card.register(self._settings, resolved)
        async with asyncio.timeout(REGISTER_SECONDS):
            status, text, expires = await self._outcomes.get()
        while True:
            if status // 100 != 2:
                self._failed(status, text)
                return
            if expires and not self.registered:
                self._set(Registration.REGISTERED, status, text)
                log.info("The trunk %s is registered for %d s.", self._settings.server, expires)
            status, text, expires = await self._outcomes.get()

    def on_outcome(self, status: int, text: str, expires: int) -> None:
        """A REGISTER was answered."""
        if not self._outcomes.full():
            self._outcomes.put_nowait((status, text, expires))

    def on_card_failed(self) -> None:
        """The card, and the registration with it, is gone; `run` is to be begun anew."""
        self._failed(0, "the phone is being started again")

    def _failed(self, status: int, text: str) -> None:
        lost = self.registered
        changed = (self.state.registration, self.state.status) != (Registration.FAILED, status)
        self._set(Registration.FAILED, status, text)
        if changed:
            log.warning(
                "The trunk %s is not registered: %s; trying again every %d s.",
                self._settings.server,
                f"{status} {text}" if status else text,
                self._settings.retry_seconds,
            )
        if lost:
            self._on_lost(self.state)

    def _set(self, registration: Registration, status: int = 0, text: str = "") -> None:
        if registration is self.state.registration and status == self.state.status:
            return
        self.state = TrunkState(registration, status, text)
