"""Card: four lines of PJSIP as the phone knows them, in this process or in one of their own.

Commands go in, reports come out, and sound moves through two rings for each call: nothing else
passes. So it makes no difference to the phone where PJSIP runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from thunderbox.calls.ports import Invitation
from thunderbox.settings import TrunkSettings
from thunderbox.sip.leg import Desk, SipLeg

START_SECONDS = 10.0
CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An INVITE to be sent: every part is checked already."""

    uri: str
    """Whom it is for, as its To header shows."""
    sent_to: str
    """The request URI where it differs, else empty."""
    caller_uri: str
    trunk: int | None
    """The trunk that it goes through; None for straight to its address."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom a card tells what happens; each is called on the loop."""

    invited: Callable[[SipLeg, Invitation], None]
    """Somebody calls."""
    ended: Callable[[SipLeg], None]
    """A leg is over."""
    registration: Callable[[int, int, str, int], None]
    """A REGISTER was answered: trunk, status, text, and for how many seconds it holds."""
    failed: Callable[[], None]
    """The card is gone, and its calls with it; it is being started again."""
    restored: Callable[[], None]
    """The card is back, without a trunk."""


@dataclass(frozen=True, slots=True)
class CardState:
    """How a card stands."""

    codecs: tuple[str, ...]
    """Empty while the card is not running."""
    lines_used: int
    process: int = 0
    """Id of its own process; 0 where it runs in ours."""
    failures: int = 0
    """How often it failed and was to be started again."""
    detail: str = ""
    """Why it is not running."""


class Card(Desk, Protocol):
    """Four lines."""

    async def open(self) -> None:
        """Bring PJSIP up. Raises StartError, in a sentence."""

    async def close(self) -> None:
        """Take PJSIP down; takes at most 3 s."""

    def state(self) -> CardState:
        """How the card stands."""

    def outbound_leg(self) -> SipLeg:
        """A leg for a call that is to be placed."""

    async def place(self, leg: SipLeg, outgoing: Outgoing) -> None:
        """Send a leg's INVITE. Raises LegError when no line is free or PJSIP will not have it."""

    async def register(self, number: int, trunk: TrunkSettings, resolved: str) -> None:
        """Send REGISTER to a trunk whose server has an address, or only make room for its calls.

        Raises LegError, also when there are too many trunks.
        """

    async def unregister(self, number: int) -> None:
        """Unregister a trunk, end its calls and forget it. Raises LegError."""
