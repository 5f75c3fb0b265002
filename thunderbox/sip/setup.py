"""Setup: the configuration that PJSIP gets, and how it is kept quiet."""

from __future__ import annotations

import ctypes
import logging
import socket
from collections import deque
from typing import Any

import pjsua2 as pj

from thunderbox import __version__
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip.address import server
from thunderbox.voice.leg import FRAME_MS, SAMPLE_RATE

log = logging.getLogger(__name__)

LINES = 4
"""How many calls this build of PJSIP can carry."""
CODECS = {"G722/16000/1": 132, "PCMU/8000/1": 131, "PCMA/8000/1": 130}
RTP_PORTS = 200
TRUNK_PARAMETER = "thunderbox-trunk"
"""Tells which trunk a call came through, in the URI of its request."""


class LogLines(pj.LogWriter):  # type: ignore[misc]
    """Keeps what PJSIP says until its thread has time: no thread of PJSIP's waits for a log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[tuple[int, str]] = deque(maxlen=100)

    def write(self, entry: Any) -> None:
        """Keep one line."""
        self.lines.append((entry.level, entry.msg))


def endpoint_settings(log_lines: LogLines) -> Any:
    """PJSIP's own configuration: no thread but ours, no sound card, no echo canceller."""
    configuration = pj.EpConfig()
    agent = configuration.uaConfig
    agent.threadCnt = 0
    agent.mainThreadOnly = False
    agent.maxCalls = LINES
    agent.userAgent = f"ThunderBox/{__version__}"
    agent.natTypeInSdp = 0
    agent.mwiUnsolicitedEnabled = False
    media = configuration.medConfig
    media.clockRate = media.sndClockRate = SAMPLE_RATE
    media.channelCount = 1
    media.audioFramePtime = media.ptime = FRAME_MS
    media.noVad = True
    media.ecTailLen = 0
    media.sndAutoCloseTime = -1
    writer = configuration.logConfig
    writer.level = 2
    writer.consoleLevel = 0
    writer.msgLogging = 0
    writer.decor = pj.PJ_LOG_HAS_SENDER
    writer.writer = log_lines
    log_lines.this.disown()  # libDestroy deletes it
    return configuration


def transport_settings(settings: SipSettings, kind: int) -> Any:
    """Where UDP or TCP listens."""
    transport = pj.TransportConfig()
    transport.port = settings.port
    transport.boundAddress = settings.host
    transport.publicAddress = settings.public_address
    if kind == pj.PJSIP_TRANSPORT_TCP:
        # A restart must not wait for the connections of the last run to time out.
        options = pj.SockOptVector()
        options.append(pj.SockOpt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1))
        parameters = pj.SockOptParams()
        parameters.sockOpts = options
        transport.sockOptParams = parameters
    return transport


def account_settings(settings: SipSettings) -> Any:
    """An account's configuration with what all of ours share."""
    configuration = pj.AccountConfig()
    configuration.idUri = f"sip:thunderbox@{settings.public_address or _shown(settings.host)}"
    configuration.regConfig.registerOnAdd = False
    configuration.presConfig.publishEnabled = False
    configuration.mwiConfig.enabled = False
    configuration.natConfig.iceEnabled = False
    configuration.natConfig.turnEnabled = False
    media = configuration.mediaConfig
    media.srtpUse = pj.PJMEDIA_SRTP_DISABLED
    media.transportConfig.port = settings.rtp_port
    media.transportConfig.portRange = min(RTP_PORTS, 65535 - settings.rtp_port)
    media.transportConfig.boundAddress = "" if settings.host == "0.0.0.0" else settings.host  # noqa: S104
    media.transportConfig.publicAddress = settings.public_address
    return configuration


def trunk_settings(settings: SipSettings, number: int, trunk: TrunkSettings, resolved: str) -> Any:
    """The account that registers at a trunk whose server has an address."""
    configuration = account_settings(settings)
    target = server(trunk.server, trunk.user, trunk.transport)
    configuration.idUri = f"sip:{target.user}@{target.host}"
    # A registrar sends calls to the address that it was told, with all its parameters.
    configuration.sipConfig.contactUriParams = f";{TRUNK_PARAMETER}={number}"
    registration = configuration.regConfig
    transport = ";transport=tcp" if target.transport == "tcp" else ""
    port = f":{target.port}" if target.port else ""
    registration.registrarUri = f"sip:{target.place}"
    registration.timeoutSec = trunk.expires_seconds
    registration.retryIntervalSec = 0  # the trunk tries again, with the name resolved anew
    registration.delayBeforeRefreshSec = min(5, trunk.expires_seconds // 2)
    login = pj.AuthCredInfo("digest", trunk.realm, trunk.user, 0, trunk.password)
    logins = pj.AuthCredInfoVector()
    logins.append(login)
    configuration.sipConfig.authCreds = logins
    if resolved != target.host:
        # PJSIP would resolve the name itself and stop every call meanwhile.
        route = pj.StringVector()
        route.append(f"<sip:{resolved}{port}{transport};lr;hide>")
        configuration.sipConfig.proxies = route
    return configuration


def hush() -> None:
    """Keep PJSIP from printing before it has read its log settings."""
    try:
        module: Any = pj._pjsua2
        ctypes.PyDLL(module.__file__).pj_log_set_level(0)
    except (AttributeError, OSError):
        log.debug("PJSIP's first lines cannot be silenced here.")


def _shown(host: str) -> str:
    """The host part of our own address."""
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
