"""Library: the PJSIP endpoint with its lines, accounts and ports.

Every method runs on PJSIP's thread, except `tell`'s target, which runs on the loop.
"""

from __future__ import annotations

import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import pjsua2 as pj

from thunderbox.calls.ports import Invitation
from thunderbox.errors import LegError, StartError
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip import setup, vector
from thunderbox.sip.account import Account
from thunderbox.sip.accounts import Accounts
from thunderbox.sip.address import header, is_uri, party, request_uri, trunk_of
from thunderbox.sip.callback import Tell, guarded
from thunderbox.sip.card import Outgoing
from thunderbox.sip.line import Line, LineLeg
from thunderbox.sip.network import Gate, host_of
from thunderbox.sip.port import Port
from thunderbox.sip.setup import CODECS, LINES
from thunderbox.sip.sieve import Sieve
from thunderbox.sip.sound import Sound
from thunderbox.sip.throttle import Throttle

log = logging.getLogger(__name__)

POLL_MS = 10
BUSY_HERE = 486
MEDIA_LINES = 4
WATCH_SECONDS = 2.0
GOODBYE_SECONDS = 0.8
UNREGISTER_SECONDS = 0.5
NO_NETWORK = 3
"""Destroy without PJSIP's own farewell: it would wait a second, and ours is done by then."""

NewLeg = TypeVar("NewLeg", bound=LineLeg)


class Endpoint(pj.Endpoint):  # type: ignore[misc]
    """PJSIP's endpoint; it reports what PJSIP itself turned away, and connections."""

    def __init__(self, throttle: Throttle) -> None:
        super().__init__()
        self._throttle = throttle

    @guarded
    def onRejectedIncomingCall(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Say why, since nobody else does."""
        status = int(prm.statusCode)
        if status == BUSY_HERE:
            log.warning("A call was refused with 486: all %d lines of PJSIP are busy.", LINES)
            return
        self._throttle.call(prm.rdata.wholeMsg)
        log.warning(
            "A call was refused with %d: its request or its offer of sound is none that this "
            "phone takes.",
            status,
        )
        self._throttle.wait()

    @guarded
    def onTransportState(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Count connections, and close one that is too many."""
        if prm.state == pj.PJSIP_TP_STATE_CONNECTED:
            if not self._throttle.connected():
                log.warning("A connection was closed: there are too many.")
                self.transportShutdown(prm.hnd)
        elif prm.state == pj.PJSIP_TP_STATE_DESTROY:
            self._throttle.closed()


class Library(Generic[NewLeg]):
    """What the thread works on."""

    def __init__(
        self,
        settings: SipSettings,
        *,
        serials: Iterator[int],
        tell: Tell,
        new_leg: Callable[[int], NewLeg],
        on_invite: Callable[[NewLeg, Invitation], None],
        on_registration: Callable[[int, int, str, int], None],
        media_lost_seconds: float,
    ) -> None:
        self.tell = tell
        self.codecs: tuple[str, ...] = ()
        self.lines: dict[int, Line] = {}
        self.accounts = Accounts(settings, self, on_registration)
        self._settings = settings
        self._new_leg = new_leg
        self._on_invite = on_invite
        self._media_lost_seconds = media_lost_seconds
        self._throttle = Throttle()
        self._sieve = Sieve()
        self._gate = Gate(settings.allowed_networks)
        self._serials = serials
        self._finished: list[Line] = []
        self._turned_away: list[tuple[int, int, str]] = []
        self._endpoint: Any = None
        self._log: Any = None
        self._sink: Any = None
        self._ports: deque[Port] = deque()
        self._lent: set[Port] = set()
        self._watched_at = 0.0
        self._closing = False

    # The endpoint.

    def open(self) -> None:
        """Bring PJSIP up. Raises StartError; what was created is taken down again."""
        try:
            self._open()
        except pj.Error as error:
            self.close()
            raise StartError(f"The phone cannot start: {error.info()}.") from None
        except StartError:
            self.close()
            raise

    def _open(self) -> None:
        setup.hush()
        self._endpoint = Endpoint(self._throttle)
        self._endpoint.libCreate()
        self._log = setup.LogLines()
        self._endpoint.libInit(setup.endpoint_settings(self._log))
        for kind in (pj.PJSIP_TRANSPORT_UDP, pj.PJSIP_TRANSPORT_TCP):
            transport = setup.transport_settings(self._settings, kind)
            self._endpoint.transportCreate(kind, transport)
        self._endpoint.audDevManager().setNullDev()
        for codec in self._endpoint.codecEnum2():
            self._endpoint.codecSetPriority(codec.codecId, CODECS.get(codec.codecId, 0))
        enabled = {str(c.codecId) for c in self._endpoint.codecEnum2() if c.priority}
        self.codecs = tuple(name.partition("/")[0] for name in CODECS if name in enabled)
        self._endpoint.libStart()
        if not self._sieve.open():
            log.warning("Deadly requests are not sifted out: PJSIP looks different here.")
        direct = vector.check()
        if not direct:
            log.warning("Sound is copied the slow way: PJSIP's byte vectors look different here.")
        self._sink = self._endpoint.audDevManager().getPlaybackDevMedia()
        self._ports.extend(Port(number, direct) for number in range(1, LINES + 1))
        self.accounts.open()

    def poll(self) -> None:
        """Let PJSIP work for at most 10 ms, then tidy up after it."""
        if self._throttle.full:
            time.sleep(POLL_MS / 1000)  # and look for work meanwhile
        else:
            self._endpoint.libHandleEvents(POLL_MS)
        while self._turned_away:
            self.drop(*self._turned_away.pop())
        if self._finished:
            self._bury()
        self.accounts.tidy((*self.lines.values(), *self._finished))
        while self._log.lines:
            level, text = self._log.lines.popleft()
            log.log(logging.WARNING if level <= 1 else logging.DEBUG, "PJSIP: %s", text.strip())
        now = time.monotonic()
        if now - self._watched_at >= WATCH_SECONDS:
            self._watched_at = now
            self._watch(now)

    def close(self) -> None:
        """Hang up, unregister, let go of everything, destroy. May be called again."""
        if self._endpoint is None:
            return
        self._closing = True
        for line in list(self.lines.values()):
            line.drop(503, "The phone is being shut down")
        self._poll_while(lambda: bool(self.lines), GOODBYE_SECONDS)
        self.accounts.leave()
        self._poll_while(lambda: self.accounts.leaving, UNREGISTER_SECONDS)
        for port in (*self._ports, *self._lent):
            port.sound = None
        self.lines.clear()
        self._finished.clear()
        self.accounts.close()
        self._ports.clear()
        self._lent.clear()
        self._sink = None
        port = line = None  # type: ignore[assignment]
        gc.collect()
        self._endpoint.libDestroy(NO_NETWORK)
        self._endpoint = None
        self._log = None
        gc.collect()

    def _poll_while(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while condition() and time.monotonic() < deadline:
            self.poll()

    # Trunks.

    def register(self, number: int, trunk: TrunkSettings, resolved: str) -> None:
        """Send a trunk's REGISTER to an address, if it wants one. Raises LegError."""
        self.accounts.register(number, trunk, resolved)

    def unregister(self, number: int) -> None:
        """Unregister a trunk, end its calls and forget it."""
        self.accounts.unregister(number, self.lines.values())

    # Lines.

    def incoming(self, account: Account, prm: Any) -> None:
        """Turn an INVITE away or let it ring."""
        message = str(prm.rdata.wholeMsg)
        self._throttle.call(message)
        source = str(prm.rdata.srcAddress)
        line = Line(self, account, next(self._serials), None, prm.callId)
        self.lines[line.serial] = line
        if message.count("\nm=") > MEDIA_LINES:
            log.warning("A call from %s was refused with 488: it offers too much media.", source)
            line.drop(488, "Too much media is offered")
        elif not self._gate.allows(source):
            log.warning(
                "A call from %s was refused with 403: the address is outside sip.allowed_networks.",
                source,
            )
            self._turn_away(line, 403, "Your address is outside sip.allowed_networks")
        elif self._closing:
            self._turn_away(line, 503, "The phone is being shut down")
        elif len(self.lines) > self._settings.max_calls:
            log.warning(
                "A call from %s was refused with 486: all %d lines of sip.max_calls are busy.",
                source,
                self._settings.max_calls,
            )
            self._turn_away(line, 486, "All lines are busy")
        else:
            self._let_ring(line, message, source)
        # Here and not only in `poll`, because PJSIP may have read the next INVITE already.
        self._throttle.wait()

    def _let_ring(self, line: Line, message: str, source: str) -> None:
        """Ring, and say so."""
        try:
            line.leg = leg = self._new_leg(line.serial)
        except LegError as error:
            log.warning("A call from %s was refused with 486: %s", source, error)
            self._turn_away(line, BUSY_HERE, "All lines are busy")
            return
        uri = request_uri(message)
        line.trunk = trunk_of(uri)
        if line.trunk is None:
            line.trunk = self.accounts.trunk_behind(party(uri), host_of(source))
        invitation = Invitation(
            called=party(uri),
            caller=party(line.getInfo().remoteUri),
            source=source,
            trunk=line.trunk,
            meant=party(header(message, "To")),
        )
        line.ring()
        self.tell(self._on_invite, leg, invitation)

    def _turn_away(self, line: Line, status: int, reason: str) -> None:
        """Refuse a call once its callback is over: inside it, PJSIP leaves our headers out."""
        self._turned_away.append((line.serial, status, reason))

    def place(self, leg: LineLeg, serial: int, outgoing: Outgoing) -> None:
        """Send an INVITE. Raises LegError when no line is free or PJSIP will not have it."""
        if self._closing:
            raise LegError("The phone is being shut down.")
        if len(self.lines) >= min(LINES, self._settings.max_calls):
            raise LegError("All lines are busy.")
        account = self.accounts.of(outgoing.trunk)
        for uri in (outgoing.uri, outgoing.sent_to, outgoing.caller_uri):
            if uri and self._endpoint.utilVerifySipUri(uri.strip("<>")) != 0:
                raise LegError("The destination is not a SIP address that can be called.")
        line = Line(self, account, serial, leg)
        line.trunk = outgoing.trunk
        parameters = pj.CallOpParam(True)
        parameters.txOption.targetUri = outgoing.sent_to
        parameters.txOption.localUri = outgoing.caller_uri
        self.lines[serial] = line
        self._throttle.call()
        try:
            line.makeCall(outgoing.uri, parameters)
        except pj.Error as error:
            self.lines.pop(serial, None)
            raise LegError(f"The call could not be placed: {error.info()}.") from None
        line.slot = line.getId()

    def pick_up(self, serial: int) -> None:
        """Answer a line that rings."""
        if (line := self.lines.get(serial)) is not None:
            line.pick_up()

    def drop(self, serial: int, status: int, reason: str) -> None:
        """End a line."""
        if (line := self.lines.get(serial)) is not None:
            line.drop(status, reason)

    def press(self, serial: int, keys: str) -> bool:
        """Press keys on a line; False where that is not possible."""
        line = self.lines.get(serial)
        return line is not None and line.press(keys)

    def refer(self, serial: int, target: str, host: str) -> bool:
        """Ask a line's far end to call a number at a host, or a URI; False where it cannot be.

        Without a host, and in a call of another trunk than the settings', the number is one of the
        far end's own.
        """
        line = self.lines.get(serial)
        if line is None or line.over:
            return False
        place = line.far_host() if line.trunk or not host else host
        uri = target if is_uri(target) else f"sip:{target}@{place}"
        if self._endpoint.utilVerifySipUri(uri) != 0:
            raise LegError("The target is not a SIP address that can be called.")
        return line.refer(uri)

    def lend_port(self, sound: Sound) -> Port:
        """A port for a call. There are as many as PJSIP has calls."""
        port = self._ports.popleft()
        self._lent.add(port)
        port.sound = sound
        port.startTransmit(self._sink)  # so that the bridge asks it for frames on hold, too
        return port

    def take_port_back(self, port: Port) -> None:
        """Let go of a call's port."""
        port.sound = None
        port.stopTransmit(self._sink)
        self._lent.discard(port)
        self._ports.append(port)

    def ended(self, line: Line) -> None:
        """Note that a line is over; it is destroyed when that is safe."""
        self.lines.pop(line.serial, None)
        self._finished.append(line)

    def _bury(self) -> None:
        """Destroy finished lines whose call number no other line has taken over."""
        taken = {line.slot for line in self.lines.values()}
        self._finished = [line for line in self._finished if line.slot in taken]

    def _watch(self, now: float) -> None:
        for line in list(self.lines.values()):
            try:
                alive = line.watch_media(now, self._media_lost_seconds)
            except pj.Error as error:
                log.debug("A call's statistics could not be read: %s.", error.info())
                continue
            if not alive and line.leg is not None:
                self.tell(line.leg.on_media_lost)
