"""Sieve: takes out requests that would end PJSIP, before PJSIP looks at them.

A module of PJSIP's own kind, below its transactions, registered by way of its C interface; the
message is read with PJSIP's own C++, so that no layout of a structure has to be guessed but that
of `pjsip_module`, which is public. Two kinds of requests, which no phone sends, end in assertions:

- an ACK whose To has no tag. Where it agrees with a call's INVITE but for the branch, PJSIP takes
  it for a copy that came on another way and tries to answer it, and an ACK has no answer.
- one whose CSeq names another method than its first line. PJSIP finds the transaction by the
  former and is surprised by the latter.
"""

from __future__ import annotations

import ctypes
import logging
import re
from typing import Any

import pjsua2 as pj

log = logging.getLogger(__name__)

PRIORITY = 12
"""Between PJSIP's transports (8) and its transactions (16)."""
_HEADER = re.compile(r"^(to|t|cseq)[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_METHOD = re.compile(r"\s*([^\s]+)[ \t]")
_CSEQ = re.compile(r"\s*\d+\s+([^\s]+)\s*")
_TOKEN = r"[A-Za-z0-9.!%*_+`'~-]+"  # noqa: S105 - a token of SIP's grammar
_PARAMETERS = rf"(?:\s*;\s*{_TOKEN}(?:\s*=\s*{_TOKEN})?)*\s*"
_TAGGED = re.compile(rf"[^;>]*(?:<[^>]*>)?(?P<parameters>{_PARAMETERS})", re.DOTALL)
_TAG = re.compile(rf";\s*tag\s*=\s*{_TOKEN}", re.IGNORECASE)
_OnRequest = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class _Module(ctypes.Structure):
    """`struct pjsip_module`."""

    _fields_ = (
        ("previous", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("name_length", ctypes.c_ssize_t),
        ("id", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("load", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("unload", ctypes.c_void_p),
        ("on_rx_request", _OnRequest),
        ("on_rx_response", ctypes.c_void_p),
        ("on_tx_request", ctypes.c_void_p),
        ("on_tx_response", ctypes.c_void_p),
        ("on_tsx_state", ctypes.c_void_p),
    )


class Sieve:
    """Is in force from `open` until PJSIP is destroyed; keep it for as long."""

    def __init__(self) -> None:
        self._request = pj.SipRxData()
        self._callback = _OnRequest(self._on_request)
        name = b"thunderbox-sieve"
        self._module = _Module(
            name=name,
            name_length=len(name),
            id=-1,
            priority=PRIORITY,
            on_rx_request=self._callback,
        )
        self._read: Any = None

    def open(self) -> bool:
        """Get in the way of requests; False where this build of PJSIP offers no way."""
        try:
            library: Any = ctypes.PyDLL(pj._pjsua2.__file__)
            self._read = library._ZN2pj9SipRxData6fromPjER13pjsip_rx_data
            self._read.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
            self._read.restype = None
            endpoint = library.pjsua_get_pjsip_endpt
            endpoint.restype = ctypes.c_void_p
            register = library.pjsip_endpt_register_module
            register.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
        except (AttributeError, OSError):
            return False
        return bool(register(endpoint(), ctypes.byref(self._module)) == 0)

    def _on_request(self, received: int) -> int:
        """Whether PJSIP shall look no further. On its thread; nothing may get out of here."""
        try:
            self._read(int(self._request.this), received)
            if not is_deadly(str(self._request.wholeMsg)):
                return 0
            log.warning(
                "A request from %s was dropped: PJSIP would not bear it.", self._request.srcAddress
            )
        except Exception:
            log.exception("A request could not be looked at.")
        return 1


def is_deadly(message: str) -> bool:
    """Whether a request is an ACK to no answer of ours, or one of two methods."""
    first = _METHOD.match(message)
    if first is None:
        return True
    method = first[1].upper()
    head = re.split(r"\r?\n\r?\n", message.lstrip(), maxsplit=1)[0]
    unfolded = re.sub(r"\r?\n[ \t]+", " ", head).replace("\r", "")
    headers = [(name.lower(), value) for name, value in _HEADER.findall(unfolded)]
    numbers = [_CSEQ.fullmatch(value) for name, value in headers if name == "cseq"]
    if not all(number and number[1].upper() == method for number in numbers):
        return True
    targets = [value for name, value in headers if name != "cseq"]
    return method == "ACK" and not (targets and all(map(_has_tag, targets)))


def _has_tag(header: str) -> bool:
    """Whether a To header has a tag beyond doubt: one that is written oddly has none."""
    match = _TAGGED.fullmatch(header.strip())
    return match is not None and _TAG.search(match["parameters"]) is not None
