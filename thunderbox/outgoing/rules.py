"""Rules: which addresses and ports of others may be asked.

Public addresses may, over TLS. Everything else (this machine, its network, link-local,
carrier-grade, multicast and reserved ranges) may only where the operator named the network, and
so may plain HTTP: what it carries can be read on the way.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SETTING = "outgoing.allow_networks"

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER_PUBLIC = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # special purposes
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.IPv6Network("2001::/32"),  # Teredo, which leads to an IPv4 address
    ipaddress.IPv6Network("2002::/16"),  # 6to4, which does, too
    ipaddress.IPv6Network("3fff::/20"),  # documentation
)
# The ports that the Fetch standard blocks: other protocols, which a request could be taken for.
# fmt: off
_BLOCKED_PORTS = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
    103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465,
    512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993,
    995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
    6669, 6679, 6697, 10080,
))
# fmt: on


class Rules:
    """What the operator allows."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """`networks` may be asked besides public addresses, such as 192.168.0.0/16."""
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)

    def allows(self, address: Address, *, encrypted: bool) -> bool:
        """Whether a connection to this address may be opened."""
        known = _meant(address)
        if any(known in network or address in network for network in self._networks):
            return True
        return encrypted and _is_public(known)


def is_blocked(port: int) -> bool:
    """Whether a port belongs to another protocol."""
    return port in _BLOCKED_PORTS


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where the packets go in the end."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NEVER_PUBLIC)
    )
