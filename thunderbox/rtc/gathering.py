"""Gathering: the UDP sockets of one connection, and the addresses that its browser is told.

aioice would open them itself: on all addresses of the machine but 127.0.0.1, on ports that the
system chooses, and with a wait of 5 s for a STUN server that does not answer.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
from collections.abc import Iterator
from itertools import count

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, server_reflexive_candidate
from aioice.stun import TransactionError

log = logging.getLogger(__name__)

PORTS = 200
"""Ports from the first of the settings on; one call takes one or two for each address."""
WAIT_SECONDS = 1
"""How long a STUN or TURN server may take; without any, nothing is waited for."""

_turns = count()


async def gather(
    connection: Connection, component: int, addresses: tuple[str, ...], first_port: int
) -> list[Candidate]:
    """Open a socket for each address and ask the helpers; what the browser is told of them."""
    opened = [await _open(connection, component, address, first_port) for address in addresses]
    protocols = [protocol for protocol in opened if protocol is not None]
    if not protocols:
        log.warning("No socket can be opened for a browser's sound on %s.", ", ".join(addresses))
    connection._protocols += protocols
    # Without addresses this asks the TURN server alone, where there is one.
    relayed = connection.get_component_candidates(component, [], timeout=WAIT_SECONDS)
    outside = [_outside(connection, protocol) for protocol in protocols]
    candidates = [protocol.local_candidate for protocol in protocols]
    for found in await asyncio.gather(*outside, relayed):
        candidates += found
    return candidates


async def _open(
    connection: Connection, component: int, address: str, first_port: int
) -> StunProtocol | None:
    """A socket on an address; on all of them where that is none of this machine's.

    Such an address stands for this machine beyond a NAT, which sends us what comes there.
    """
    anywhere = ipaddress.ip_address(address).__class__(0)
    try:
        try:
            protocol, port = await _bind(connection, address, first_port)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            protocol, port = await _bind(connection, str(anywhere), first_port)
    except OSError as error:
        log.info("No socket can be opened on %s (%s).", address, error.strerror or error)
        return None
    protocol.local_candidate = Candidate(
        foundation=candidate_foundation("host", "udp", address),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=address,
        port=port,
        type="host",
    )
    return protocol


async def _bind(connection: Connection, address: str, first_port: int) -> tuple[StunProtocol, int]:
    """A socket on an address, and its port. Raises OSError."""
    loop = asyncio.get_running_loop()
    for port in _ports(first_port):
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: StunProtocol(connection), local_addr=(address, port)
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return protocol, transport.get_extra_info("sockname")[1]
    raise OSError(errno.EADDRINUSE, f"all {PORTS} ports from {first_port} on are in use")


def _ports(first: int) -> Iterator[int]:
    """The ports that may be tried, beginning at another with each call; 0 is any."""
    if not first:
        yield 0
        return
    start = next(_turns)
    for step in range(PORTS):
        yield first + (start + step) % PORTS


async def _outside(connection: Connection, protocol: StunProtocol) -> list[Candidate]:
    """How a socket looks from outside a NAT, where a STUN server says so in time."""
    is_ipv4 = ipaddress.ip_address(protocol.local_candidate.host).version == 4
    if connection.stun_server is None or not is_ipv4:
        return []
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            candidate, _ = await server_reflexive_candidate(protocol, connection.stun_server)
    except (TimeoutError, OSError, TransactionError) as error:
        log.info("The STUN server has not answered (%s).", error or "in time")
        return []
    return [candidate]
