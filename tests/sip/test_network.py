"""Who may call, and how names are found."""

from __future__ import annotations

import pytest

from thunderbox.settings import SipSettings
from thunderbox.sip.network import Gate, address_towards, resolve


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("127.0.0.1:5060", True),
        ("192.168.1.20:5062", True),
        ("10.255.0.1", True),
        ("8.8.8.8:5060", False),
        ("172.32.0.1:5060", False),
        ("[::1]:5060", True),
        ("[fe80::1%eth0]:5060", True),
        ("[2001:db8::1]:5060", False),
        ("[::ffff:192.168.1.20]:5060", True),
        ("[::ffff:8.8.8.8]:5060", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_default_networks(source: str, allowed: bool) -> None:
    assert Gate(SipSettings().allowed_networks).allows(source) is allowed


def test_no_network_allows_nobody() -> None:
    assert not Gate(()).allows("127.0.0.1:5060")


async def test_addresses_and_names() -> None:
    assert await resolve("127.0.0.1") == "127.0.0.1"
    assert await resolve("localhost") == "127.0.0.1"
    with pytest.raises(OSError, match=r"\w"):
        await resolve("nowhere.invalid")


def test_own_address() -> None:
    assert address_towards("127.0.0.1") == "127.0.0.1"
