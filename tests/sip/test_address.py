"""Everything that is checked before PJSIP sees it."""

from __future__ import annotations

import pytest

from thunderbox.errors import LegError
from thunderbox.sip import address
from thunderbox.sip.line import info_digit


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sip:100@10.0.0.1", address.Target("100", "10.0.0.1", 0, "udp")),
        ("sip:+15550100@pbx.example:5080", address.Target("+15550100", "pbx.example", 5080, "udp")),
        ("sip:a.b-c_d@host;transport=tcp", address.Target("a.b-c_d", "host", 0, "tcp")),
        ("sip:bob%20x@h:1;transport=udp", address.Target("bob%20x", "h", 1, "udp")),
    ],
)
def test_targets(uri: str, target: address.Target) -> None:
    assert address.target(uri) == target


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "sip:",
        "sip:host",
        "sips:100@host",
        "SIP:100@host extra",
        "sip:100@host\r\nX: y",
        "sip:100@host\n",
        "sip:<100>@host",
        'sip:"100"@host',
        "sip:100@",
        "sip:100@-host",
        "sip:100@host..x",
        "sip:100@host:0",
        "sip:100@host:65536",
        "sip:100@host;transport=tls",
        "sip:100@host;lr",
        "sip:100@host?Replaces=x",
        "sip:100@[::1]",
        "sip:1%0@host",
        "sip:" + "1" * 65 + "@host",
        "sip:100@" + "h" * 300,
        "sip:\u0661@host",
    ],
)
def test_what_is_no_target(uri: str) -> None:
    with pytest.raises(LegError, match="must look like"):
        address.target(uri)


def test_a_target_as_text() -> None:
    target = address.target("sip:bob@host:5070;transport=tcp")
    assert target.uri() == "sip:bob@host:5070;transport=tcp"
    assert target.uri("10.0.0.1") == "sip:bob@10.0.0.1:5070;transport=tcp"


def test_servers() -> None:
    assert address.server("pbx:5070", "box", "tcp") == address.Target("box", "pbx", 5070, "tcp")
    for text in ("pbx:0", "pbx:99999", "http://pbx", "a b", ""):
        with pytest.raises(LegError, match=r"trunk\.server"):
            address.server(text, "box", "udp")
    with pytest.raises(LegError, match=r"trunk\.user"):
        address.server("pbx", "a b", "udp")


def test_numbers_and_keys() -> None:
    assert address.number("+15550100") == "+15550100"
    for text in ("", "1", "+1555010012345678", "12a", "+1 555", "1\n2"):
        with pytest.raises(LegError, match="number"):
            address.number(text)
    assert address.digits("12a#*") == "12A#*"
    for text in ("", "1" * 33, "x", "1,2", "1\n"):
        with pytest.raises(LegError, match="Keys"):
            address.digits(text)


def test_callers() -> None:
    assert address.caller("+15550100") == "+15550100"
    for text in ("", "a b", "a@b", "<x>", "x" * 65, "a\r\nb"):
        assert address.caller(text) == "anonymous"


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("sip:+15550100@10.0.0.1", "+15550100"),
        ('"A B" <sip:alice@example.org:5070;transport=tcp>', "alice"),
        ("<sips:bob:pw@host>", "bob"),
        ("<sip:+15550100;phone-context=x@host>", "+15550100"),
        ("sip:b%C3%A9a@host", "b\u00e9a"),
        ("<tel:+15550100;x=y>", "+15550100"),
        ("<sip:host.example>", "anonymous"),
        ("sip:a%0Ab@host", "anonymous"),
        ("", "anonymous"),
    ],
)
def test_parties(header: str, user: str) -> None:
    assert address.party(header) == user


def test_request_uris() -> None:
    assert address.request_uri("INVITE sip:100@h SIP/2.0\r\nVia: x\r\n") == "sip:100@h"
    assert address.request_uri("garbage") == ""


def test_hosts() -> None:
    assert address.host_of_uri('"Bob" <sip:bob@pbx.example:5070;user=phone>;tag=1') == (
        "pbx.example:5070"
    )
    assert address.host_of_uri("sip:bob@10.0.0.1") == "10.0.0.1"
    assert address.host_of_uri("<sip:bob@[::1]>") == ""
    assert address.host_of_uri("<tel:+15550100>") == ""
    assert address.target("sip:bob@pbx:5070;transport=tcp").place == "pbx:5070;transport=tcp"


def test_phrases_and_statuses() -> None:
    assert address.phrase('No\r\n "way"\\ h\u00e9') == "No ?way?? h?"
    assert len(address.phrase("x" * 500)) == address.REASON_CHARACTERS
    assert address.final_status(404) == 404
    for status in (0, 180, 200, 302, 700):
        with pytest.raises(LegError, match="400 to 699"):
            address.final_status(status)


def info(kind: str, body: str) -> str:
    """An INFO request."""
    return f"INFO sip:x@h SIP/2.0\r\nCSeq: 2 INFO\r\nContent-Type: {kind}\r\n\r\n{body}"


@pytest.mark.parametrize(
    ("message", "key"),
    [
        (info("application/dtmf", "7"), "7"),
        (info("application/dtmf", " # \r\n"), "#"),
        (info("application/dtmf", "11"), "#"),
        (info("application/dtmf", "d"), "D"),
        (info("application/DTMF", "Signal=3\r\n"), "3"),
        (info("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"), ""),
        (info("application/dtmf", "77777"), ""),
        (info("text/plain", "7"), ""),
        ("", ""),
    ],
)
def test_info_keys(message: str, key: str) -> None:
    assert info_digit(message) == key


@pytest.mark.parametrize(
    ("uri", "trunk"),
    [
        ("sip:box@192.0.2.1:5060;thunderbox-trunk=5", 5),
        ("sip:box@192.0.2.1;thunderbox-trunk=12;ob", 12),
        ("sip:box@192.0.2.1;thunderbox-trunk=0", 0),
        ("sip:box@192.0.2.1;thunderbox-trunk=x", None),
        ("sip:box@192.0.2.1;thunderbox-trunk=5x", None),
        ("sip:box@192.0.2.1;thunderbox-trunk=" + "9" * 30, None),
        ("sip:box@192.0.2.1", None),
    ],
)
def test_the_trunk_that_a_request_came_through(uri: str, trunk: int | None) -> None:
    assert address.trunk_of(uri) == trunk


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("INVITE sip:a@b SIP/2.0\r\nTo: <sip:+15550100@b>\r\n\r\n", "<sip:+15550100@b>"),
        ("INVITE sip:a@b SIP/2.0\r\nt:sip:1@b\r\n\r\n", "sip:1@b"),
        ("INVITE sip:a@b SIP/2.0\r\nTO : sip:1@b\r\nTo: sip:2@b\r\n\r\n", "sip:1@b"),
        ("INVITE sip:a@b SIP/2.0\r\nFrom: x\r\n\r\nTo: sip:1@b\r\n", ""),
    ],
)
def test_a_header_of_a_message(message: str, value: str) -> None:
    assert address.header(message, "To") == value
