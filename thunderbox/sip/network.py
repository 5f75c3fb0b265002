"""Network: who may call, by the address that the request came from."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

RESOLVE_SECONDS = 5.0


class Gate:
    """Lets in the networks of `sip.allowed_networks`."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def allows(self, source: str) -> bool:
        """Whether `ip:port` or `[ip]:port` lies in one of the networks; nonsense does not."""
        try:
            address = ipaddress.ip_address(host_of(source))
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def host_of(source: str) -> str:
    """The address in `ip:port` or `[ip]:port`, without an IPv6 zone."""
    if source.startswith("["):
        host = source[1:].partition("]")[0]
    else:
        host = source.rpartition(":")[0] or source
    return host.partition("%")[0]


async def resolve(host: str) -> str:
    """The IPv4 address of a host name. Raises OSError after at most 5 s.

    PJSIP would look it up on its own thread and stand still for all calls meanwhile.
    """
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, None, family=socket.AF_INET)
    except TimeoutError:
        raise OSError(f"the name {host} was not found in time") from None
    return str(found[0][4][0])


def address_towards(host: str) -> str:
    """This machine's own address on the way to an IPv4 address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
