"""Account: the address under which PJSIP takes and places calls, and the trunk's registration."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import pjsua2 as pj

from thunderbox.config import TrunkSettings
from thunderbox.errors import LegError
from thunderbox.sip import address
from thunderbox.sip.line import guarded
from thunderbox.sip.network import resolve

if TYPE_CHECKING:
    from thunderbox.sip.library import Library
    from thunderbox.sip.thread import PjThread

log = logging.getLogger(__name__)

REGISTER_SECONDS = 40.0
"""Longer than PJSIP's own transaction timeout of 32 s, which always reports."""


class Account(pj.Account):  # type: ignore[misc]
    """PJSIP's account; it passes on calls and the outcome of registrations."""

    def __init__(
        self, library: Library, on_registration: Callable[[int, str, int], None] | None
    ) -> None:
        super().__init__()
        self._library = library
        self._on_registration = on_registration
        self.leaving = False
        """Whether a REGISTER that takes our address away is still to be answered."""

    @guarded
    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Pass a call on."""
        self._library.incoming(self, prm)

    @guarded
    def onRegState(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Pass on how a REGISTER ended."""
        self.leaving = False
        if self._on_registration is not None:
            outcome = int(prm.code), str(prm.reason), int(prm.expiration)
            self._library.tell(self._on_registration, *outcome)

    def leave(self) -> None:
        """Start to take our address away from the registrar, if it has it."""
        try:
            if self.getInfo().regIsActive:
                self.leaving = True
                self.setRegistration(False)
        except pj.Error as error:
            self.leaving = False
            log.debug("The trunk could not be unregistered: %s.", error.info())


def new_account(
    configuration: Any,
    library: Library,
    on_registration: Callable[[int, str, int], None] | None,
) -> Account:
    """Create an account at PJSIP."""
    account = Account(library, on_registration)
    account.create(configuration)
    return account


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
        self,
        settings: TrunkSettings,
        thread: PjThread,
        library: Library,
        on_lost: Callable[[TrunkState], None],
    ) -> None:
        self.state = TrunkState()
        self.target = address.server(settings.server, settings.user, settings.transport)
        self._settings = settings
        self._thread = thread
        self._library = library
        self._on_lost = on_lost
        self._outcomes: asyncio.Queue[tuple[int, str, int]] = asyncio.Queue(16)
        self._resolved = ""

    @property
    def registered(self) -> bool:
        """Whether calls can go through the trunk now."""
        return self.state.registration is Registration.REGISTERED

    async def run(self) -> None:
        """Stay registered until cancelled."""
        while True:
            try:
                await self._register()
            except (OSError, LegError, pj.Error) as error:
                text = error.info() if isinstance(error, pj.Error) else str(error)
                self._failed(0, text)
            await asyncio.sleep(self._settings.retry_seconds)

    async def _register(self) -> None:
        """Register and return when the registration is refused or lost."""
        if self.state.registration is Registration.NONE:
            self._set(Registration.REGISTERING)
        resolved = await resolve(self.target.host)
        while not self._outcomes.empty():
            self._outcomes.get_nowait()
        await self._thread.call(lambda: self._send(resolved))
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

    def _send(self, resolved: str) -> None:
        """Send REGISTER. On PJSIP's thread."""
        account = self._library.accounts.get("trunk")
        if account is None or resolved != self._resolved:
            configuration = self._configuration(resolved)
            if account is None:
                account = self._library.add_account("trunk", configuration, self._on_outcome)
            else:
                account.modify(configuration)
            self._resolved = resolved
        account.setRegistration(True)

    def _configuration(self, resolved: str) -> Any:
        configuration = self._library.new_account_settings()
        settings, target = self._settings, self.target
        configuration.idUri = f"sip:{target.user}@{target.host}"
        registration = configuration.regConfig
        transport = ";transport=tcp" if target.transport == "tcp" else ""
        port = f":{target.port}" if target.port else ""
        registration.registrarUri = f"sip:{target.host}{port}{transport}"
        registration.timeoutSec = settings.expires_seconds
        registration.retryIntervalSec = 0  # `run` tries again, with the name resolved anew
        registration.delayBeforeRefreshSec = min(5, settings.expires_seconds // 2)
        login = pj.AuthCredInfo("digest", settings.realm, settings.user, 0, settings.password)
        logins = pj.AuthCredInfoVector()
        logins.append(login)
        configuration.sipConfig.authCreds = logins
        if resolved != target.host:
            # PJSIP would resolve the name itself and stop every call meanwhile.
            route = pj.StringVector()
            route.append(f"<sip:{resolved}{port}{transport};lr;hide>")
            configuration.sipConfig.proxies = route
        return configuration

    def _on_outcome(self, status: int, text: str, expires: int) -> None:
        if not self._outcomes.full():
            self._outcomes.put_nowait((status, text, expires))

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
