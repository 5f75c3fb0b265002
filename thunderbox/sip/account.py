"""Account: the address under which PJSIP takes and places calls."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

import pjsua2 as pj

from thunderbox.sip.callback import Tell, guarded

log = logging.getLogger(__name__)


class AccountOwner(Protocol):
    """Whom an account passes calls to."""

    @property
    def tell(self) -> Tell:
        """The way to the loop."""

    def incoming(self, account: Account, prm: Any) -> None:
        """A call has come in."""


class Account(pj.Account):  # type: ignore[misc]
    """PJSIP's account; it passes on calls and the outcome of registrations."""

    def __init__(
        self,
        owner: AccountOwner,
        on_registration: Callable[[int, str, int], None] | None,
    ) -> None:
        super().__init__()
        self._owner = owner
        self._on_registration = on_registration
        self.leaving = False
        """Whether a REGISTER that takes our address away is still to be answered."""

    @guarded
    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Pass a call on."""
        self._owner.incoming(self, prm)

    @guarded
    def onRegState(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Pass on how a REGISTER ended."""
        self.leaving = False
        if self._on_registration is not None:
            outcome = int(prm.code), str(prm.reason), int(prm.expiration)
            self._owner.tell(self._on_registration, *outcome)

    def silence(self) -> None:
        """Tell nobody any more how registrations end."""
        self._on_registration = None

    def leave(self) -> None:
        """Start to take our address away from the registrar, if it has it."""
        try:
            if self.getInfo().regIsActive:
                self.leaving = True
                self.setRegistration(False)
        except pj.Error as error:
            self.leaving = False
            log.debug("A trunk could not be unregistered: %s.", error.info())


def new_account(
    configuration: Any,
    owner: AccountOwner,
    on_registration: Callable[[int, str, int], None] | None,
) -> Account:
    """Create an account at PJSIP."""
    account = Account(owner, on_registration)
    account.create(configuration)
    return account
