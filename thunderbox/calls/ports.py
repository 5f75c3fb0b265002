"""What calls need from outside, as small protocols: lines to place calls on, and the time.

`sip` (and later `rtc`) implement them and `appliance.py` plugs them in, so that nothing in
`calls` ever learns what carries a call.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol

from thunderbox.settings import TrunkSettings
from thunderbox.store.agents import NewAgent
from thunderbox.voice.audience import Audience
from thunderbox.voice.leg import Leg


@dataclass(frozen=True, slots=True)
class Invitation:
    """An inbound call while it rings."""

    called: str
    """User part of the request, as dialled: `+15550100`, `15550100`, `100`."""

    caller: str
    """User part of the caller's address; `anonymous` when it names none."""

    source: str
    """`ip:port` the request came from, for the log."""

    trunk: int | None = None
    """The trunk that it came through: 0 for that of the settings; None for none."""

    meant: str = ""
    """User part of the To header: a trunk often puts the number there, and our user name above."""


OnRing = Callable[[Leg, Invitation], Awaitable[None]]
"""Handles an inbound leg from its first ring to its end; one task per call runs it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to place a call: a number through the trunk, or a SIP URI straight."""

    to: str
    """E.164 number, or `sip:user@host[:port][;transport=tcp]`."""

    caller: str
    """The number that the far end is shown."""

    trunk: int = 0
    """The trunk that numbers are called through: 0 for that of the settings."""


class Dialer(Protocol):
    """Places calls."""

    def can_call(self, trunk: int) -> bool:
        """Whether there is a trunk that numbers are called through, registered or not."""

    async def dial(self, destination: Destination, ring_timeout: float) -> Leg:
        """Start an outbound leg and return it while it rings.

        Its events then bring `Answered`, or `Ended` with the reason: busy, no answer within
        `ring_timeout` seconds, refused, unreachable, registration lost. Raises LegError, with a
        sentence, when no line is free or the destination cannot be called at all.
        """


class Registration(Enum):
    """How a trunk stands."""

    NONE = "none"
    REGISTERING = "registering"
    REGISTERED = "registered"
    NOT_NEEDED = "not_needed"
    """Its server takes calls without a registration."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TrunkState:
    """How a trunk stands, since when, and what its server last said."""

    registration: Registration = Registration.NONE
    status: int = 0
    """SIP status, 0 where there is none."""
    text: str = ""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def usable(self) -> bool:
        """Whether calls can go through it now."""
        return self.registration in (Registration.REGISTERED, Registration.NOT_NEEDED)


class Trunks(Protocol):
    """Trunks beside that of the settings, which come and go while the box runs."""

    async def open_trunk(self, number: int, settings: TrunkSettings) -> None:
        """Keep a trunk registered from now on; one of this number is replaced.

        Raises LegError when there is no room for another, or its address is none.
        """

    async def close_trunk(self, number: int) -> None:
        """Unregister a trunk and forget it; its calls end."""

    def trunk_state(self, number: int) -> TrunkState | None:
        """How a trunk stands; None where there is none."""

    async def try_trunk(self, settings: TrunkSettings) -> TrunkState:
        """Register once, at most for so long as SIP waits, and undo it. Raises LegError."""


@dataclass(frozen=True, slots=True)
class CarrierNumber:
    """A number of an account at a provider."""

    number: str
    """E.164."""

    name: str
    capabilities: tuple[str, ...]
    """Of `voice`, `sms`, `mms` and `fax`."""


class Carrier(Protocol):
    """An account at a provider of numbers. Everything raises CarrierError, with a sentence."""

    async def check(self) -> None:
        """Whether the account lets us in."""

    async def numbers(self) -> list[CarrierNumber]:
        """Every number of the account that takes calls."""

    async def point(self, number: str, host: str, port: int) -> None:
        """Have the calls of a number sent to a SIP address; asking again changes nothing."""


NewCarrier = Callable[[str, Mapping[str, str]], Carrier]
"""An account by provider and credentials, whose keys are those of `voip_logins.KEYS`."""


@dataclass(frozen=True, slots=True)
class CallConfig:
    """An agent that exists for one call alone, and what its placeholders stand for."""

    agent: NewAgent
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a client of LiveKit needs to join a room."""

    room_name: str
    token: str
    """JSON Web Token for this room alone, short-lived."""
    server_url: str = ""
    """`ws(s)://host[:port]`; empty where the box itself is the server."""


class Room(Audience, Protocol):
    """A browser's call: the visitor's line, and the captions that they see."""

    ticket: Ticket

    @property
    def leg(self) -> Leg:
        """Brings `Answered` once the visitor has joined and hears, or `Ended` when nobody comes."""


class Seat(Audience, Protocol):
    """A place from which a supervisor follows a call unseen."""

    ticket: Ticket

    @property
    def vacant(self) -> bool:
        """Whether whoever had the ticket has left, or never came."""

    async def close(self) -> None:
        """Send the supervisor away."""


class Rooms(Protocol):
    """Where browsers meet the box."""

    async def open(self, name: str, agent_name: str) -> Room:
        """Open a room for one visitor.

        Raises LegError, with a sentence, when it cannot be had.
        """

    async def seat(self, name: str) -> Seat:
        """Open a room in which a supervisor hears both sides of a call, mixed. Raises LegError."""


ReadConfig = Callable[[dict[str, Any]], CallConfig]
"""Reads the configuration of a call from JSON, strictly. Raises InvalidError."""


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""


class SystemClock:
    """The machine's own time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()
