"""Endpoint: the softphone. It takes calls, places calls, and keeps the trunk registered."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from thunderbox.calls.ports import Destination, Invitation, OnRing
from thunderbox.config import SipSettings, TrunkSettings
from thunderbox.errors import LegError, StartError
from thunderbox.sip import address
from thunderbox.sip.account import Trunk, TrunkState
from thunderbox.sip.leg import SipLeg
from thunderbox.sip.library import Library, Outgoing
from thunderbox.sip.network import address_towards, resolve
from thunderbox.sip.thread import PjThread
from thunderbox.voice.leg import EndCause, Leg

log = logging.getLogger(__name__)

RING_LIMIT_SECONDS = 31.0
"""With the 3 s that hanging up may take, every failed call ends within 35 s."""
START_SECONDS = 10.0
HANG_UP_SECONDS = 0.8
HANDLERS_SECONDS = 0.4
CLOSE_SECONDS = 2.0
TRUNK_TASK = "sip-trunk"


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


class Phone:
    """The box's phone. One can run in a process at a time. Implements `calls.ports.Dialer`."""

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
        self._running: _Running | None = None
        self._trunk: Trunk | None = None
        self._legs: set[SipLeg] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen, and register the trunk. Raises StartError, in a sentence."""
        if self._running is not None:
            return
        _check_port(self._settings)
        loop = asyncio.get_running_loop()
        library = Library(
            self._settings,
            tell=partial(_tell, loop),
            on_invite=self._invited,
            media_lost_seconds=self._timing.media_lost,
        )
        thread = PjThread(library.poll)
        running = _Running(loop, thread, library)
        library.new_leg = lambda serial: self._new_leg(running, serial, outbound=False)
        trunk: Trunk | None = None
        if self._trunk_settings.server:
            try:
                trunk = Trunk(self._trunk_settings, thread, library, self._trunk_lost)
            except LegError as error:
                raise StartError(str(error)) from None
        thread.start()
        try:
            await thread.call(running.open, START_SECONDS)
        except (StartError, LegError) as error:
            await thread.stop(CLOSE_SECONDS)
            raise StartError(str(error)) from None
        self._running, self._trunk = running, trunk
        running.trunk = trunk
        log.info(
            "The phone listens on %s, UDP and TCP, with %s.",
            self.state().listening,
            ", ".join(library.codecs),
        )
        if trunk is not None:
            self._own(trunk.run(), TRUNK_TASK)

    async def stop(self) -> None:
        """Hang up everything and let go of PJSIP; takes at most 3 s. May be called again."""
        running, self._running = self._running, None
        if running is None:
            return
        await self._say_goodbye()
        try:
            await running.thread.call(running.close, CLOSE_SECONDS)
        except LegError as error:
            log.error("The phone was not closed in time: %s", error)  # noqa: TRY400 - a sentence
        if not await running.thread.stop(CLOSE_SECONDS):
            log.error("The phone's thread did not end.")
        self._trunk = None

    def state(self) -> PhoneState:
        """How the phone stands, for readiness."""
        library = self._running.library if self._running else None
        return PhoneState(
            listening=f"{self._settings.host}:{self._settings.port}" if library else "",
            codecs=library.codecs if library else (),
            lines_used=len(library.lines) if library else 0,
            lines_max=self._settings.max_calls,
            trunk=self._trunk.state if self._trunk else TrunkState(),
        )

    async def dial(self, destination: Destination, ring_timeout: float) -> Leg:
        """Start an outbound leg and return it while it rings. Raises LegError."""
        running = self._running
        if running is None:
            raise LegError("The phone is not running.")
        straight = address.is_uri(destination.to)
        if straight and not self._settings.allow_uri_calls:
            raise LegError("Calls to SIP addresses are turned off (sip.allow_uri_calls).")
        if straight:
            target = address.target(destination.to)
        else:
            user = address.number(destination.to)
            if self._trunk is None:
                raise LegError("Numbers are called through a trunk, and none is configured.")
            target = replace(self._trunk.target, user=user)
        leg = self._new_leg(running, running.library.new_serial(), outbound=True)
        leg.through_trunk = not straight
        if leg.through_trunk and self._trunk is not None and not self._trunk.registered:
            state = self._trunk.state
            leg.fail(EndCause.REGISTRATION_LOST, state.status, "the trunk is not registered")
            return leg
        try:
            resolved = await resolve(target.host)
        except OSError as error:
            leg.fail(EndCause.UNREACHABLE, 0, f"{target.host} cannot be resolved: {error}")
            return leg
        shown = address.caller(destination.caller)
        own_host = self._settings.public_address or address_towards(resolved)
        if leg.through_trunk:
            own_host = target.host
        outgoing = Outgoing(
            uri=f"<{target.uri()}>",
            sent_to="" if leg.through_trunk or resolved == target.host else target.uri(resolved),
            caller_uri=f"<sip:{shown}@{own_host}>",
            through_trunk=leg.through_trunk,
        )
        await running.thread.call(partial(running.library.place, leg, leg.serial, outgoing))
        self._legs.add(leg)
        ring_seconds = min(ring_timeout, RING_LIMIT_SECONDS)
        self._own(leg.watch_ringing(ring_seconds, self._timing.reply), f"sip-{leg.name}")
        return leg

    def _new_leg(self, running: _Running, serial: int, *, outbound: bool) -> SipLeg:
        """A leg whose wishes go to PJSIP's thread."""
        return SipLeg(
            serial,
            outbound=outbound,
            desk=running,
            wake=running.loop.call_soon_threadsafe,
            on_end=self._legs.discard,
        )

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

    def _trunk_lost(self, state: TrunkState) -> None:
        """End the outbound calls that still ring at the trunk."""
        for leg in list(self._legs):
            if leg.outbound and leg.through_trunk and not leg.up:
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
        trunks = [task for task in self._tasks if task.get_name() == TRUNK_TASK]
        for task in trunks:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=HANDLERS_SECONDS)
            for task in late:
                log.warning("%s was still busy and is cancelled.", task.get_name())
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=HANDLERS_SECONDS)
        for future in legs:
            future.cancel()


class _Running:
    """PJSIP while it is up: its thread and what runs there. Carries out what legs ask for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, thread: PjThread, library: Library) -> None:
        self.loop = loop
        self.thread = thread
        self.library = library
        self.trunk: Trunk | None = None

    def open(self) -> None:
        """Bring PJSIP up. On its thread."""
        self.library.open()
        self.thread.begin_polling()

    def close(self) -> None:
        """Take PJSIP down. On its thread."""
        self.thread.end_polling()
        self.library.close()

    def pick_up(self, serial: int) -> None:
        """Answer a line."""
        self.thread.post(partial(self.library.pick_up, serial))

    def drop(self, serial: int, status: int, reason: str) -> None:
        """End a line."""
        self.thread.post(partial(self.library.drop, serial, status, reason))

    async def press(self, serial: int, keys: str) -> bool:
        """Press keys on a line."""
        return await self.thread.call(partial(self.library.press, serial, keys))

    async def refer(self, serial: int, target: str) -> bool:
        """Ask a line's far end to call somebody else; the trunk's server knows the numbers."""
        host = self.trunk.target.place if self.trunk is not None else ""
        return await self.thread.call(partial(self.library.refer, serial, target, host))


def _tell(loop: asyncio.AbstractEventLoop, target: Callable[..., object], *args: object) -> None:
    """Run something on the loop; from any thread."""
    with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
        loop.call_soon_threadsafe(target, *args)


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
