"""Address: SIP URIs, checked here because PJSIP's own checks end the process.

Grammar: RFC 3261, section 25.1, narrowed to what a phone call needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from thunderbox.errors import LegError

_USER = r"(?:[A-Za-z0-9_.!~*'()&=+$,-]|%[0-9A-Fa-f]{2}){1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL}){{0,9}}"
_URI = re.compile(
    rf"sip:(?P<user>{_USER})@(?P<host>{_HOST})(?::(?P<port>\d{{1,5}}))?"
    r"(?:;transport=(?P<transport>udp|tcp))?"
)
_SERVER = re.compile(rf"(?P<host>{_HOST})(?::(?P<port>\d{{1,5}}))?")
_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_CALLER = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")
_PARTY = re.compile(
    r"(?:sips?:(?P<user>[^@;>:\s]+)(?::[^@>\s]*)?(?:;[^@>\s]*)?@|tel:(?P<number>[^;>\s]+))"
)
_HOST_OF = re.compile(rf"sips?:[^@>\s]*@({_HOST}(?::\d{{1,5}})?)(?=[;>]|$)")
_TRUNK = re.compile(r";thunderbox-trunk=(\d{1,18})(?=[;?>\s]|$)")
_UNSPEAKABLE = re.compile(r"[^ !#-\[\]-~]")
REASON_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes; `port` is 0 where none is named."""

    user: str
    host: str
    port: int
    transport: str

    def uri(self, host: str = "") -> str:
        """The URI, with another host if one is given."""
        port = f":{self.port}" if self.port else ""
        return f"sip:{self.user}@{host or self.host}{port}{self._parameters}"

    @property
    def place(self) -> str:
        """What follows the user in the URI."""
        return self.uri().partition("@")[2]

    @property
    def _parameters(self) -> str:
        return ";transport=tcp" if self.transport == "tcp" else ""


def is_uri(to: str) -> bool:
    """Whether a destination is meant as a URI rather than as a number."""
    return ":" in to or "@" in to


def target(to: str) -> Target:
    """Parse `sip:user@host[:port][;transport=udp|tcp]`. Raises LegError."""
    match = _URI.fullmatch(to)
    port = int(match["port"] or 0) if match else 0
    if match is None or port > 65535 or (match["port"] and not port):
        raise LegError(
            "The destination must look like sip:user@host, sip:user@host:port or "
            "sip:user@host;transport=tcp."
        )
    return Target(match["user"], match["host"], port, match["transport"] or "udp")


def server(text: str, user: str, transport: str) -> Target:
    """Parse the `host[:port]` of a trunk. Raises LegError."""
    match = _SERVER.fullmatch(text)
    port = int(match["port"] or 0) if match else 0
    if match is None or port > 65535 or (match["port"] and not port):
        raise LegError("trunk.server must be host or host:port.")
    if not re.fullmatch(_USER, user):
        raise LegError("trunk.user must be a SIP user name of at most 64 characters.")
    return Target(user, match["host"], port, transport)


def number(to: str) -> str:
    """Check a number to dial. Raises LegError."""
    if not _NUMBER.fullmatch(to):
        raise LegError("The destination must be a number of 2 to 15 digits, such as +15550100.")
    return to


def caller(text: str) -> str:
    """The user part that the far end is shown; `anonymous` where ours cannot be one."""
    return text if _CALLER.fullmatch(text) else "anonymous"


def digits(text: str) -> str:
    """Check keys to press, in upper case. Raises LegError."""
    if not _DIGITS.fullmatch(text.upper()):
        raise LegError("Keys must be 1 to 32 of 0-9, *, # and A-D.")
    return text.upper()


def party(header: str) -> str:
    """The user part of a From, To or request URI; `anonymous` where it names none."""
    match = _PARTY.search(header)
    if match is None:
        return "anonymous"
    user = unquote(match["user"] or match["number"])[:128]
    return user if user.isprintable() else "anonymous"


def host_of_uri(header: str) -> str:
    """Host, and port if any, in the URI of a From or To header; empty where it is not IPv4."""
    match = _HOST_OF.search(header)
    return match[1] if match else ""


def request_uri(message: str) -> str:
    """The URI in the first line of a SIP request."""
    words = message[:2048].split("\r\n", 1)[0].split(" ")
    return words[1] if len(words) == 3 else ""


def trunk_of(uri: str) -> int | None:
    """The trunk that a request URI names as the one it came through; None where it names none."""
    match = _TRUNK.search(uri)
    return int(match[1]) if match else None


def header(message: str, name: str) -> str:
    """The first header of a name in a SIP message, or of its short form; empty where it has none.

    Only the headers are looked at, for a body may look like one.
    """
    head = message.partition("\r\n\r\n")[0]
    short = {"to": "t"}.get(name.lower(), name.lower())
    for line in head.split("\r\n")[1:]:
        key, colon, value = line.partition(":")
        if colon and key.strip().lower() in (name.lower(), short):
            return value.strip()
    return ""


def final_status(status: int) -> int:
    """Check a status that turns a call down. Raises LegError."""
    if not 400 <= status <= 699:
        raise LegError("A call is turned down with a status from 400 to 699.")
    return status


def phrase(reason: str) -> str:
    """A text as a SIP reason phrase: printable ASCII without quotes, at most 120 characters."""
    return _UNSPEAKABLE.sub("?", " ".join(reason.split()))[:REASON_CHARACTERS]
