"""Line: one call as PJSIP knows it. Everything here runs on PJSIP's thread.

PJSIP reuses a call's number as soon as the call is over, and a `Call` that is destroyed hangs up
whatever call has its number then. So nothing outside `library` ever holds a line: the
rest of the house knows it by its serial number.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any, Protocol

import pjsua2 as pj

from thunderbox.sip.address import host_of_uri, phrase
from thunderbox.sip.callback import Tell, guarded
from thunderbox.sip.causes import Past, TransferNotice
from thunderbox.sip.port import Port
from thunderbox.sip.sound import Sound

log = logging.getLogger(__name__)

_INFO_DIGIT = re.compile(
    r"^content-type\s*:\s*application/dtmf\s*\r?$.*?\r?\n\r?\n\s*(?:signal\s*=\s*)?([0-9A-D*#]|1[0-5])\s*$",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
DECLINE = 603
_INFO_DIGITS = "0123456789*#ABCD"


def with_reason(status: int, reason: str) -> Any:
    """The parameters of a final answer: its status, its phrase and a Reason header (RFC 3326)."""
    parameters = pj.CallOpParam()
    parameters.statusCode = status
    text = phrase(reason)
    if status and text:
        parameters.reason = text
        header = pj.SipHeader()
        header.hName = "Reason"
        header.hValue = f'SIP;cause={status};text="{text}"'
        headers = pj.SipHeaderVector()
        headers.append(header)
        parameters.txOption.headers = headers
    return parameters


def info_digit(message: str) -> str:
    """The key that an `application/dtmf` INFO names, empty if none."""
    match = _INFO_DIGIT.search(message)
    if match is None:
        return ""
    key = match[1].upper()
    return _INFO_DIGITS[int(key)] if len(key) == 2 else key


class LineLeg(Protocol):
    """Whom a line tells what happens; it may be called from PJSIP's thread and its media thread."""

    @property
    def sound(self) -> Sound:
        """The call's queues of sound."""

    def on_progress(self) -> None:
        """The far end has replied."""

    def on_up(self) -> None:
        """The call is answered and media flows."""

    def on_held(self) -> None:
        """The far end put us on hold."""

    def on_resumed(self) -> None:
        """The far end came back."""

    def on_digit(self, digit: str) -> None:
        """The far end pressed a key."""

    def on_transfer(self, notice: TransferNotice) -> None:
        """The far end says how a transfer goes."""

    def on_media_lost(self) -> None:
        """The far end has stopped sending without a word."""

    def on_over(self, past: Past, reason: str) -> None:
        """The line is gone."""


class LineOwner(Protocol):
    """What a line needs of the endpoint that it belongs to."""

    @property
    def tell(self) -> Tell:
        """The way to the loop."""

    def lend_port(self, sound: Sound) -> Port:
        """A port on the bridge for the call's sound."""

    def take_port_back(self, port: Port) -> None:
        """The call needs its port no more."""

    def ended(self, line: Line) -> None:
        """The line is over."""


class Line(pj.Call):  # type: ignore[misc]
    """A call, its port on the bridge, and the leg that is told what happens."""

    def __init__(
        self,
        owner: LineOwner,
        account: Any,
        serial: int,
        leg: LineLeg | None,
        call_id: int = -1,
    ) -> None:
        super().__init__(account, call_id)
        self.account = account
        self.trunk: int | None = None
        """The trunk that the call goes through."""
        self.serial = serial
        self.leg = leg
        self.outbound = call_id < 0
        self.slot = call_id
        self.over = False
        self._owner = owner
        self._port: Port | None = None
        self._confirmed = False
        self._rang = False
        self._held = False
        self._streaming = -1
        self._received = (0, 0)
        self._heard_at = 0.0

    # What the leg asks for.

    def ring(self) -> None:
        """Tell the caller that it rings."""
        parameters = pj.CallOpParam()
        parameters.statusCode = 180
        self.answer(parameters)

    def pick_up(self) -> None:
        """Accept the call."""
        if not self.over and not self._confirmed:
            parameters = pj.CallOpParam()
            parameters.statusCode = 200
            self.answer(parameters)

    def drop(self, status: int = 0, reason: str = "") -> None:
        """End the call, whatever its state; a status turns down a call that still rings."""
        if self.over:
            return
        try:
            self.hangup(with_reason(status, reason))
        except pj.Error as error:
            log.debug("A call was already ending: %s.", error.info())

    def press(self, keys: str) -> bool:
        """Send keys as RFC 4733 events; False where the far end has no way to take them."""
        if self.over or self._streaming < 0 or not self.hasMedia():
            return False
        try:
            self.dialDtmf(keys)
        except pj.Error as error:
            log.info("Keys could not be pressed: %s.", error.info())
            return False
        return True

    def refer(self, uri: str) -> bool:
        """Ask the far end to call a URI; False where it cannot be asked now."""
        if self.over or not self._confirmed:
            return False
        try:
            self.xfer(f"<{uri}>", pj.CallOpParam(True))
        except pj.Error as error:
            log.info("A transfer could not be asked for: %s.", error.info())
            return False
        return True

    def far_host(self) -> str:
        """The host by which the far end names itself; empty where it names none."""
        return host_of_uri(str(self.getInfo().remoteUri))

    def watch_media(self, now: float, limit: float) -> bool:
        """Whether the far end still sends; a far end that never sent is not expected to."""
        if self.over or self._port is None or self._held or self._streaming < 0:
            self._heard_at = now
            return True
        if self._media_status() != (self._streaming, pj.PJSUA_CALL_MEDIA_ACTIVE):
            return True
        statistics = self.getStreamStat(self._streaming)  # named, because its parts die with it
        received = (statistics.rtcp.rxStat.pkt, statistics.rtcp.txStat.updateCount)
        if received != self._received or not received[0]:
            self._received, self._heard_at = received, now
        return now - self._heard_at < limit

    # What PJSIP reports.

    @guarded
    def onCallState(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Follow the call from ringing to its end."""
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._end(info)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._confirmed = True
            self._follow_media()
        elif info.state == pj.PJSIP_INV_STATE_EARLY:
            self._progress()

    @guarded
    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Follow every offer and answer: PJSIP makes new streams each time."""
        self._follow_media()

    @guarded
    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Pass a key on. RFC 4733 keys come from PJSIP's media thread."""
        self._tell_digit(str(prm.digit))

    @guarded
    def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Pass on how a transfer goes."""
        notice = TransferNotice(int(prm.statusCode), phrase(str(prm.reason)), bool(prm.finalNotify))
        if self.leg is not None:
            self._owner.tell(self.leg.on_transfer, notice)

    @guarded
    def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Turn down a caller who would have us call somebody: PJSIP does so unasked."""
        log.warning("A far end's request to call somebody else was refused with 603.")
        prm.statusCode = DECLINE

    @guarded
    def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """Turn down a caller who would take another's place in this call."""
        log.warning("A call that would replace this one was refused with 603.")
        prm.statusCode = DECLINE

    @guarded
    def onCallTsxState(self, prm: Any) -> None:  # noqa: N802 - PJSIP's name
        """See the first reply to our INVITE, and the INFO bodies that PJSIP does not read."""
        event = prm.e.body.tsxState
        if event.type != pj.PJSIP_EVENT_RX_MSG:
            return
        method, role = event.tsx.method, event.tsx.role
        if method == "INVITE" and role == pj.PJSIP_ROLE_UAC and event.tsx.statusCode >= 100:
            self._progress()
        elif (
            method == "INFO"
            and role == pj.PJSIP_ROLE_UAS
            and event.prevState <= pj.PJSIP_TSX_STATE_TRYING
        ):
            self._tell_digit(info_digit(event.src.rdata.wholeMsg))

    def _tell_digit(self, key: str) -> None:
        if self.leg is not None and key in _INFO_DIGITS and len(key) == 1:
            self._owner.tell(self.leg.on_digit, key)

    def _progress(self) -> None:
        if self.outbound and not self._rang and self.leg is not None:
            self._rang = True
            self._owner.tell(self.leg.on_progress)

    def _media_status(self) -> tuple[int, int]:
        """Index and status of the call's sound; -1 where it has none."""
        info = self.getInfo()  # named, because its parts die with it
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO:
                return media.index, media.status
        return -1, pj.PJSUA_CALL_MEDIA_NONE

    def _follow_media(self) -> None:
        if self.over or not self._confirmed or self.leg is None:
            return
        index, status = self._media_status()
        active = status == pj.PJSUA_CALL_MEDIA_ACTIVE
        held = status in (pj.PJSUA_CALL_MEDIA_REMOTE_HOLD, pj.PJSUA_CALL_MEDIA_LOCAL_HOLD)
        self._streaming = index if active else -1
        self._received, self._heard_at = (0, 0), time.monotonic()
        if not active and not held:
            self.leg.sound.connected = False
            return
        first = self._port is None
        port = self._port = self._port or self._owner.lend_port(self.leg.sound)
        if active:
            audio = self.getAudioMedia(-1)
            audio.startTransmit(port)
            port.startTransmit(audio)
        self.leg.sound.connected = active
        if first:
            self._owner.tell(self.leg.on_up)
        if held != self._held:
            self._held = held
            self._owner.tell(self.leg.on_held if held else self.leg.on_resumed)

    def _end(self, info: Any) -> None:
        if self.over:
            return
        self.over = True
        port, self._port = self._port, None
        if port is not None:
            self._owner.take_port_back(port)
        past = Past(self.outbound, self._confirmed, self._rang, int(info.lastStatusCode))
        if self.leg is not None:
            self.leg.sound.connected = False
            self._owner.tell(self.leg.on_over, past, str(info.lastReason))
        self._owner.ended(self)
