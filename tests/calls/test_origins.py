"""Origins: which pages a key of these domains lets in, as one table."""

from __future__ import annotations

import pytest

from thunderbox.calls import origins

DOMAINS = ("example.com", "*.shop.example", "192.168.1.20", "xn--bcher-kva.example", "*.intern")

ALLOWED = (
    "https://example.com",
    "http://example.com",
    "https://example.com:8443",
    "http://example.com:80",
    "https://EXAMPLE.com",
    "HTTPS://Example.Com",
    "https://example.com.",
    "https://example.com.:8443",
    "https://www.shop.example",
    "https://a.b.c.shop.example",
    "https://WWW.Shop.Example:444",
    "https://with_underscore.shop.example",
    "https://xn--bcher-kva.shop.example",
    "https://xn--bcher-kva.example",
    "https://host.intern",
    "http://192.168.1.20",
    "http://192.168.1.20:3000",
    "http://localhost",
    "http://localhost:5173",
    "https://localhost",
    "http://LOCALHOST:3000",
    "http://127.0.0.1:8080",
    "https://127.0.0.1",
    "http://[::1]",
    "http://[::1]:8080",
)
REFUSED = (
    "",
    "null",
    "NULL",
    "https://",
    "https://www.example.com",
    "https://evil-example.com",
    "https://evilexample.com",
    "https://example.com.evil.net",
    "https://example.com..",
    "https://example.co",
    "https://example.comm",
    "https://com",
    "https://shop.example",
    "https://shop.example.",
    "https://evilshop.example",
    "https://.shop.example",
    "https://www..shop.example",
    "https://www.shop.example.evil.net",
    "https://intern",
    "https://bücher.example",
    "https://www.xn--bcher-kva.example",
    "https://example.com@evil.net",
    "https://evil.net@example.com",
    "https://example.com:443@evil.net",
    "https://user:pass@example.com",
    "https://example.com/",
    "https://example.com/page",
    "https://example.com?x",
    "https://example.com#x",
    "https://evil.net/https://example.com",
    "https://evil.net\\.shop.example",
    "https://evil.net%2e.shop.example",
    "https://example.com https://evil.net",
    "https://evil.net, https://example.com",
    "https://example.com\n",
    " https://example.com",
    "https://example.com:",
    "https://example.com:99999",
    "https://example.com:x",
    "ftp://example.com",
    "file://",
    "file://example.com",
    "ws://example.com",
    "chrome-extension://example.com",
    "example.com",
    "//example.com",
    "https:example.com",
    "http://192.168.1.21",
    "http://1.192.168.1.20",
    "http://0192.168.1.20",
    "http://3232235796",
    "http://0xc0a80114",
    "http://127.0.0.2",
    "http://127.1",
    "http://0.0.0.0",
    "http://localhost.evil.net",
    "http://evil.localhost",
    "http://notlocalhost",
    "http://[::2]",
    "http://[::1].evil.net",
    "http://[::ffff:127.0.0.1]",
    "http://*.shop.example",
    "http://" + "a." * 130 + "shop.example",
)


@pytest.mark.parametrize("origin", ALLOWED)
def test_pages_of_the_domains_are_let_in(origin: str) -> None:
    assert origins.lets_in(DOMAINS, origin)


@pytest.mark.parametrize("origin", REFUSED)
def test_other_pages_are_not(origin: str) -> None:
    assert not origins.lets_in(DOMAINS, origin)


def test_no_entry_lets_everybody_in() -> None:
    for domain in ("*", "*.*", "*.", ".", "", "*.*.com", "a.*"):
        assert origins.entry_of(domain) is None


def test_a_wildcard_for_a_whole_ending_lets_in_names_and_no_addresses() -> None:
    assert origins.lets_in(["*.example"], "https://a.example")
    assert not origins.lets_in(["*.20"], "http://192.168.1.20")
