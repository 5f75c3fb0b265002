"""Destination: the URL of a request, taken apart once.

The name that is looked up, the Host header, the name in the certificate and the signed path all
come from here, so that no two readers of a URL can disagree about where it leads.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

import httpx

from thunderbox.errors import OutgoingError
from thunderbox.outgoing import rules

_PORTS = {"http": 80, "https": 443}
MAX_URL = 8_192
"""Characters."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes."""

    scheme: str
    host: str
    """A name in ASCII or an address, without brackets."""
    port: int
    target: str
    """Path and query, exactly as they are sent; what a signature covers."""
    authorization: str = ""
    """The Authorization header that a user name and a password in the URL stand for, or empty."""

    @classmethod
    def of(cls, url: str) -> Destination:
        """Read a URL. Raises OutgoingError with the reason `not_allowed`."""
        if len(url) > MAX_URL:
            raise _refused(f"A URL must have at most {MAX_URL} characters.")
        if re.search(r"[\s\x00-\x20\x7f\\]", url):
            raise _refused("A URL must have no spaces and no backslashes.")
        try:
            read = httpx.URL(url)
            port = read.port or _PORTS[read.scheme]
            host = read.raw_host.decode("ascii").lower()
        except (httpx.InvalidURL, KeyError, ValueError):
            raise _refused("A URL must begin with http:// or https:// and name a host.") from None
        if not host or not re.fullmatch(r"[0-9a-z._-]+|[0-9a-f:.]+", host):
            raise _refused("A URL must name a host, and an IPv6 address without a zone.")
        if _is_odd_address(host):
            raise _refused(f"{host} is no address in the form 192.0.2.1.")
        if not 0 < port < 65_536 or rules.is_blocked(port):
            raise _refused(f"Port {port} is none for HTTP.")
        authorization = ""
        if read.userinfo:
            login = f"{read.username}:{read.password}".encode()
            authorization = "Basic " + base64.b64encode(login).decode("ascii")
        return cls(read.scheme, host, port, read.raw_path.decode("ascii"), authorization)

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def _is_odd_address(host: str) -> bool:
    """Whether a host is an IPv4 address in a form that readers of addresses disagree about."""
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last):
        return False
    try:
        IPv4Address(host)
    except AddressValueError:
        return True
    return False


def _refused(sentence: str) -> OutgoingError:
    return OutgoingError(sentence, reason="not_allowed")
