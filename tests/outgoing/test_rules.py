"""Which addresses, ports and URLs may be asked."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from thunderbox.errors import OutgoingError
from thunderbox.outgoing.destination import Destination
from thunderbox.outgoing.rules import Rules

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::",
    "2002:808:808::",
    "2001:0:808:808::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_asked_over_tls_alone(address: str) -> None:
    assert Rules().allows(ip_address(address), encrypted=True)
    assert not Rules().allows(ip_address(address), encrypted=False)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_other_addresses_may_not(address: str) -> None:
    assert not Rules().allows(ip_address(address), encrypted=True)


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("192.168.0.0/16", "192.168.7.8"),
        ("192.168.0.0/16", "::ffff:192.168.7.8"),
        ("127.0.0.0/8", "127.0.0.1"),
        ("fd00::/8", "fd12::1"),
        ("2002::/16", "2002:808:808::"),
        ("8.8.8.0/24", "8.8.8.8"),
    ],
)
def test_a_network_that_is_named_may_be_asked_even_without_tls(network: str, address: str) -> None:
    assert Rules([network]).allows(ip_address(address), encrypted=False)


def test_a_network_that_is_named_opens_no_other() -> None:
    rules = Rules(["192.168.0.0/16"])
    assert not rules.allows(ip_address("10.0.0.1"), encrypted=True)
    assert not rules.allows(ip_address("::ffff:127.0.0.1"), encrypted=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "https://",
        "https:///path",
        "http://a.example:99999/",
        "http://a.example:port/",
        "http://a b/",
        "http://a.example\\@b.example/",
        "http://a.example/\r\nX: y",
        "http://[fe80::1%25eth0]/",
        "http://127%2e0.0.1/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://user@/",
        "http://a.example:25/",
        "http://a.example:5060/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://1.2.3.4.5/",
        "http://a.example/" + "x" * 9_000,
    ],
)
def test_a_url_that_cannot_be_asked(url: str) -> None:
    with pytest.raises(OutgoingError) as caught:
        Destination.of(url)
    assert caught.value.reason == "not_allowed"


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "target", "authority"),
    [
        ("https://A.Example", "https", "a.example", 443, "/", "a.example"),
        ("http://a.example:80/x?y=1#z", "http", "a.example", 80, "/x?y=1", "a.example"),
        ("https://a.example:8443/é", "https", "a.example", 8443, "/%C3%A9", "a.example:8443"),
        ("https://[2606:4700::AB]/", "https", "2606:4700::ab", 443, "/", "[2606:4700::ab]"),
        ("http://[::1]:8080/", "http", "::1", 8080, "/", "[::1]:8080"),
        ("https://bücher.example/", "https", "xn--bcher-kva.example", 443, "/", None),
        ("http://127.0.0.1:81/a%2Fb", "http", "127.0.0.1", 81, "/a%2Fb", "127.0.0.1:81"),
    ],
)
def test_a_url_is_taken_apart(
    url: str, scheme: str, host: str, port: int, target: str, authority: str | None
) -> None:
    to = Destination.of(url)
    assert (to.scheme, to.host, to.port, to.target) == (scheme, host, port, target)
    assert to.authority == (authority or host)


def test_a_login_in_a_url_becomes_a_header() -> None:
    to = Destination.of("https://anna:pass%20word@a.example/x")
    assert to.authorization == "Basic YW5uYTpwYXNzIHdvcmQ="
    assert to.host == "a.example"
