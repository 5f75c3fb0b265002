"""ICE: at which addresses browsers find the box, and who helps them through a NAT."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from aioice.ice import get_host_addresses
from aiortc import RTCIceServer

from thunderbox.rtc_settings import RtcSettings

LOOPBACK = "127.0.0.1"
MOST = 8
"""Addresses at most that are tried: each costs a socket in every call."""


@dataclass(frozen=True, slots=True)
class Ice:
    """What one connection uses."""

    addresses: tuple[str, ...]
    servers: tuple[RTCIceServer, ...] = ()
    first_port: int = 0
    """First of the UDP ports; 0: any."""


def ice(settings: RtcSettings, api_host: str, client: str) -> Ice:
    """What a connection to the client at an IP address uses (empty: unknown)."""
    return Ice(addresses(settings, api_host, client), servers(settings), settings.udp_port)


def addresses(settings: RtcSettings, api_host: str, client: str) -> tuple[str, ...]:
    """Those of the settings; else this machine's, with 127.0.0.1 where that can be meant."""
    if settings.addresses:
        return settings.addresses
    found = get_host_addresses(use_ipv4=True, use_ipv6=True)[:MOST]
    if is_loopback(api_host) or is_loopback(client):
        found.insert(0, LOOPBACK)
    return tuple(found)


def servers(settings: RtcSettings) -> tuple[RTCIceServer, ...]:
    """The STUN and the TURN server of the settings; none by default."""
    found = []
    if settings.stun_url:
        found.append(RTCIceServer(settings.stun_url))
    if settings.turn_url:
        found.append(RTCIceServer(settings.turn_url, settings.turn_user, settings.turn_password))
    return tuple(found)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
