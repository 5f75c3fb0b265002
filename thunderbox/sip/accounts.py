"""Accounts: the phone's own address and its trunks', as PJSIP holds them.

Everything here runs on PJSIP's thread. PJSIP has room for eight, and dies of a ninth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pjsua2 as pj

from thunderbox.errors import LegError
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip import setup
from thunderbox.sip.account import Account, AccountOwner, new_account
from thunderbox.sip.line import Line

ROOM = 8
FORGET_SECONDS = 5.0
"""How long an account that is to be forgotten may take to unregister."""

OnRegistration = Callable[[int, int, str, int], None]
Told = Callable[[int, str, int], None]


class Accounts:
    """Every account, by the number of its trunk; None is the phone's own."""

    def __init__(
        self, settings: SipSettings, owner: AccountOwner, on_registration: OnRegistration
    ) -> None:
        self._settings = settings
        self._owner = owner
        self._on_registration = on_registration
        self._known: dict[int | None, Account] = {}
        self._registrars: dict[int, str] = {}
        self._users: dict[int, str] = {}
        self._going: dict[Account, float] = {}
        """Accounts to be deleted once nothing uses them, and since when."""

    def open(self) -> None:
        """Make the phone's own. Raises LegError."""
        self._add(None, setup.account_settings(self._settings))

    def of(self, trunk: int | None) -> Account:
        """A trunk's account. Raises LegError."""
        account = self._known.get(trunk)
        if account is None:
            raise LegError("The trunk of this number is not there any more.")
        return account

    def trunk_behind(self, user: str, source: str) -> int | None:
        """The trunk that a call for our user name comes through, by its server's address.

        For servers that leave out the parameters of the address that they were told.
        """
        for number, registrar in self._registrars.items():
            if registrar == source and self._users[number] == user:
                return number
        return None

    def register(self, number: int, trunk: TrunkSettings, resolved: str) -> None:
        """Send a trunk's REGISTER to an address, if it wants one. Raises LegError."""
        try:
            account = self._known.get(number)
            if account is None or resolved != self._registrars.get(number):
                configuration = setup.trunk_settings(self._settings, number, trunk, resolved)
                if account is None:
                    account = self._add(
                        number, configuration, partial(self._on_registration, number)
                    )
                else:
                    account.modify(configuration)
                self._registrars[number] = resolved
                self._users[number] = trunk.user
            if trunk.register:
                account.setRegistration(True)
        except pj.Error as error:
            raise LegError(error.info()) from None

    def unregister(self, number: int, lines: Iterable[Line]) -> None:
        """Forget a trunk once it is unregistered and its calls, which this ends, are over."""
        account = self._known.pop(number, None)
        self._registrars.pop(number, None)
        self._users.pop(number, None)
        if account is None:
            return
        account.silence()
        self._going[account] = time.monotonic()
        for line in list(lines):
            if line.account is account:
                line.drop()
        account.leave()

    def tidy(self, lines: Iterable[Line]) -> None:
        """Delete what is going and no longer used, or takes too long to unregister."""
        if not self._going:
            return
        used = {line.account for line in lines}
        now = time.monotonic()
        for account, since in list(self._going.items()):
            if account not in used and (not account.leaving or now - since > FORGET_SECONDS):
                del self._going[account]
                account.shutdown()

    def leave(self) -> None:
        """Begin to unregister everything, before the end."""
        for account in self._known.values():
            account.leave()

    @property
    def leaving(self) -> bool:
        """Whether a registrar has still to answer a farewell."""
        return any(account.leaving for account in (*self._known.values(), *self._going))

    def close(self) -> None:
        """Delete all of them."""
        for account in (*self._known.values(), *self._going):
            account.shutdown()
        self._known.clear()
        self._going.clear()

    def _add(self, number: int | None, configuration: Any, told: Told | None = None) -> Account:
        if len(self._known) + len(self._going) >= ROOM:
            raise LegError(
                f"The phone has room for {ROOM - 1} trunks, and they are all in use; take one "
                "away first."
            )
        account = new_account(configuration, self._owner, told)
        self._known[number] = account
        return account
