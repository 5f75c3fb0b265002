"""Trunk: keeps the box registered at a PBX or provider. Everything here runs on the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from thunderbox.calls.ports import Registration, TrunkState
from thunderbox.errors import LegError
from thunderbox.settings import TrunkSettings
from thunderbox.sip import address
from thunderbox.sip.card import Card
from thunderbox.sip.network import resolve

log = logging.getLogger(__name__)

REGISTER_SECONDS = 40.0
"""Longer than PJSIP's own transaction timeout of 32 s, which always reports."""


class Trunk:
    """Keeps one account registered: resolve, register, wait for a loss, wait, again."""

    def __init__(
        self,
        number: int,
        settings: TrunkSettings,
        card: Card,
        on_lost: Callable[[int, TrunkState], None],
    ) -> None:
        self.number = number
        self.state = TrunkState()
        self.changed = asyncio.Event()
        """Set at every change of the state."""
        self.target = address.server(settings.server, settings.user, settings.transport)
        self._settings = settings
        self._card = card
        self._on_lost = on_lost
        self._outcomes: asyncio.Queue[tuple[int, str, int]] = asyncio.Queue(16)

    async def run(self) -> None:
        """Stay registered until cancelled."""
        while True:
            try:
                await self._register()
            except (OSError, LegError) as error:
                self._failed(0, str(error) or "the registrar did not answer")
            if not self.state.usable:
                await asyncio.sleep(self._settings.retry_seconds)

    async def _register(self) -> None:
        """Register and return when the registration is refused or lost."""
        if self.state.registration is Registration.NONE:
            self._set(Registration.REGISTERING)
        resolved = await resolve(self.target.host)
        while not self._outcomes.empty():
            self._outcomes.get_nowait()
        await self._card.register(self.number, self._settings, resolved)
        if not self._settings.register:
            self._set(Registration.NOT_NEEDED)
            # Its name may come to stand for another address.
            await asyncio.sleep(self._settings.expires_seconds)
            return
        async with asyncio.timeout(REGISTER_SECONDS):
            status, text, expires = await self._outcomes.get()
        while True:
            if status // 100 != 2:
                self._failed(status, text)
                return
            if expires and not self.state.usable:
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
        lost = self.state.usable
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
            self._on_lost(self.number, self.state)

    def _set(self, registration: Registration, status: int = 0, text: str = "") -> None:
        if registration is self.state.registration and status == self.state.status:
            return
        self.state = TrunkState(registration, status, text)
        self.changed.set()
