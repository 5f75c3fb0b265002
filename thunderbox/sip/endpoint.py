"""Endpoint: the softphone. It takes calls, places calls, and keeps its trunks registered."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

from thunderbox.calls.ports import Destination, Invitation, OnRing, TrunkState
from thunderbox.errors import LegError, StartError
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip import address
from thunderbox.sip.card import Card, CardState, Outgoing, Reports
from thunderbox.sip.leg import SipLeg
from thunderbox.sip.network import address_towards, resolve
from thunderbox.sip.trunks import OWN, Trunks
from thunderbox.voice.leg import EndCause, Leg

log = logging.getLogger(__name__)

RING_LIMIT_SECONDS = 31.0
"""With the 3 s that hanging up may take, every failed call ends within 35 s."""
HANG_UP_SECONDS = 0.8
HANDLERS_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the phone waits, in seconds."""

    reply: float = 10.0
    """For any reply to an INVITE of ours."""
    media_lost: float = 20.0
    """For sound from a far end that sent some before."""


@dataclass(frozen=True, slots=True)
class PhoneState:
    """How the phone stands."""

    listening: str
    """`ip:port` for UDP and TCP; empty while the phone is not running."""
    codecs: tuple[str, ...]
    lines_used: int
    lines_max: int
    trunk: TrunkState
    process: int
    """Id of the process that PJSIP has for itself; 0 where it has none."""
    failures: int
    """How often that process failed."""
    detail: str
    """Why the phone is not running, where it is being started again."""


class Phone:
    """The box's phone; one can run in a process. Implements `Dialer` and `Trunks` of the ports."""

    def __init__(
        self,
        settings: SipSettings,
        trunk: TrunkSettings,
        on_ring: OnRing,
        timing: Timing = Timing(),
    ) -> None:
        self._settings = settings
        self._trunk_settings = trunk
        self._on_ring = on_ring
        self._timing = timing
        self._card: Card | None = None
        self._trunks: Trunks | None = None
        self._legs: set[SipLeg] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen, and register the trunk. Raises StartError, in a sentence."""
        if self._card is not None:
            return
        _check_port(self._settings)
        try:
            card = self._new_card()
        except LegError as error:
            raise StartError(str(error)) from None
        await card.open()
        self._card, self._trunks = card, Trunks(card, self._trunk_lost)
        log.info(
            "The phone listens on %s, UDP and TCP, with %s.",
            self.state().listening,
            ", ".join(card.state().codecs),
        )
        if self._trunk_settings.server:
            self._trunks.add(OWN, self._trunk_settings)

    async def stop(self) -> None:
        """Hang up everything and let go of PJSIP; takes at most 3 s. May be called again."""
        card, self._card = self._card, None
        if card is None:
            return
        await self._say_goodbye()
        await card.close()
        self._trunks = None

    def state(self) -> PhoneState:
        """How the phone stands, for readiness."""
        card = self._card.state() if self._card else CardState((), 0)
        running = bool(card.codecs)
        return PhoneState(
            listening=f"{self._settings.host}:{self._settings.port}" if running else "",
            codecs=card.codecs,
            lines_used=card.lines_used,
            lines_max=self._settings.max_calls,
            trunk=self.trunk_state(OWN) or TrunkState(),
            process=card.process,
            failures=card.failures,
            detail=card.detail,
        )

    async def dial(self, destination: Destination, ring_timeout: float) -> Leg:
        """Start an outbound leg and return it while it rings. Raises LegError."""
        card = self._card
        if card is None:
            raise LegError("The phone is not running.")
        straight = address.is_uri(destination.to)
        if straight and not self._settings.allow_uri_calls:
            raise LegError("Calls to SIP addresses are turned off (sip.allow_uri_calls).")
        if straight:
            target = address.target(destination.to)
        else:
            user = address.number(destination.to)
            trunk = self._trunks.get(destination.trunk) if self._trunks else None
            if trunk is None:
                raise LegError("Numbers are called through a trunk, and none is configured.")
            target = replace(trunk.target, user=user)
        leg = card.outbound_leg()
        leg.trunk = None if straight else destination.trunk
        if not straight and trunk is not None and not trunk.state.usable:
            state = trunk.state
            leg.fail(EndCause.REGISTRATION_LOST, state.status, "the trunk is not registered")
            return leg
        try:
            resolved = await resolve(target.host)
        except OSError as error:
            leg.fail(EndCause.UNREACHABLE, 0, f"{target.host} cannot be resolved: {error}")
            return leg
        shown = address.caller(destination.caller)
        own_host = self._settings.public_address or address_towards(resolved)
        if leg.trunk is not None:
            own_host = target.host
        outgoing = Outgoing(
            uri=f"<{target.uri()}>",
            sent_to=""
            if leg.trunk is not None or resolved == target.host
            else target.uri(resolved),
            caller_uri=f"<sip:{shown}@{own_host}>",
            trunk=leg.trunk,
        )
        await card.place(leg, outgoing)
        self._legs.add(leg)
        ring_seconds = min(ring_timeout, RING_LIMIT_SECONDS)
        self._own(leg.watch_ringing(ring_seconds, self._timing.reply), f"sip-{leg.name}")
        return leg

    async def open_trunk(self, number: int, settings: TrunkSettings) -> None:
        """Keep a trunk registered from now on; one of this number is replaced. Raises LegError."""
        trunks = self._running_trunks()
        await trunks.remove(number)
        trunks.add(number, settings)

    async def close_trunk(self, number: int) -> None:
        """Unregister a trunk and forget it; its calls end."""
        if self._trunks is not None:
            await self._trunks.remove(number)

    def can_call(self, trunk: int) -> bool:
        """Whether there is a trunk that numbers are called through, registered or not."""
        return self.trunk_state(trunk) is not None

    def trunk_state(self, number: int) -> TrunkState | None:
        """How a trunk stands; None where there is none."""
        trunk = self._trunks.get(number) if self._trunks else None
        return trunk.state if trunk else None

    async def try_trunk(self, settings: TrunkSettings) -> TrunkState:
        """Register once and undo it. Raises LegError."""
        return await self._running_trunks().try_out(settings)

    def _running_trunks(self) -> Trunks:
        if self._trunks is None:
            raise LegError("The phone is not running; set sip.enabled = true and start the box.")
        return self._trunks

    def _new_card(self) -> Card:
        """Four lines, in this process or in one of their own."""
        reports = Reports(
            invited=self._invited,
            ended=self._legs.discard,
            registration=self._registration,
            failed=self._card_failed,
            restored=self._card_restored,
        )
        trunk = self._trunk_settings
        server = address.server(trunk.server, trunk.user, trunk.transport) if trunk.server else None
        where = server.place if server else ""
        lost = self._timing.media_lost
        # Imported only here, so that PJSIP is loaded by one process alone.
        if self._settings.separate_process:
            from thunderbox.sip.child_card import ChildCard

            return ChildCard(self._settings, reports, lost, where)
        from thunderbox.sip.own_card import OwnCard

        return OwnCard(self._settings, reports, lost, where)

    def _registration(self, trunk: int, status: int, text: str, expires: int) -> None:
        if self._trunks is not None:
            self._trunks.on_outcome(trunk, status, text, expires)

    def _card_failed(self) -> None:
        """Every registration is gone until the card is back; its legs have ended."""
        if self._trunks is not None:
            self._trunks.on_card_failed()

    def _card_restored(self) -> None:
        if self._trunks is not None:
            self._trunks.on_card_restored()

    def _invited(self, leg: SipLeg, invitation: Invitation) -> None:
        """Hand a call that rings to whoever handles calls."""
        self._legs.add(leg)
        self._own(self._handle(leg, invitation), f"sip-{leg.name}")

    async def _handle(self, leg: SipLeg, invitation: Invitation) -> None:
        """Run the handler; whatever it does, the caller is not left hanging."""
        try:
            await self._on_ring(leg, invitation)
        except Exception:
            log.exception("%s: the handler of the call failed.", leg.name)
            await leg.refuse(500, "The call could not be handled")
        finally:
            if not leg.over:
                await leg.hang_up()

    def _trunk_lost(self, trunk: int, state: TrunkState) -> None:
        """End the outbound calls that still ring at a trunk."""
        for leg in list(self._legs):
            if leg.outbound and leg.trunk == trunk and not leg.up:
                lost = leg.lose_registration(state.status, "the trunk's registration was lost")
                self._own(lost, f"sip-{leg.name}-lost")

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run work as a task that is never lost."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A task of the phone failed: %s.", task.get_name(), exc_info=error)

    async def _say_goodbye(self) -> None:
        """Hang up every leg, then wait for the handlers of their calls."""
        legs = [asyncio.ensure_future(leg.hang_up()) for leg in self._legs]
        if legs:
            await asyncio.wait(legs, timeout=HANG_UP_SECONDS)
        if self._trunks is not None:
            await self._trunks.close()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=HANDLERS_SECONDS)
            for task in late:
                log.warning("%s was still busy and is cancelled.", task.get_name())
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=HANDLERS_SECONDS)
        for future in legs:
            future.cancel()


def _check_port(settings: SipSettings) -> None:
    """Raise StartError when the port is taken or the address is not ours."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, settings.port))
            except OSError as error:
                raise StartError(_why_not_bound(settings, error)) from None


def _why_not_bound(settings: SipSettings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {settings.port} of {settings.host} is in use by another program. Choose "
            "another with sip.port in the config file or THUNDERBOX_SIP_PORT."
        )
    return (
        f"The phone cannot listen on {settings.host}, port {settings.port} "
        f"({error.strerror}). Change sip.host or sip.port (THUNDERBOX_SIP_HOST, "
        "THUNDERBOX_SIP_PORT)."
    )
