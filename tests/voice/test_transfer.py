"""What a download decides."""

from __future__ import annotations

import pytest

from thunderbox.voice.transfer import (
    Promise,
    may_follow,
    promise,
    range_headers,
    range_start,
    same_origin,
    wait_seconds,
)

SHA, OTHER, GIT = "a" * 64, "b" * 64, "c" * 40


@pytest.mark.parametrize(
    ("endpoint", "target", "allowed"),
    [
        ("https://huggingface.co", "https://cdn-lfs.hf.co/x", True),
        ("https://huggingface.co", "https://evil.example/x", True),
        ("https://huggingface.co", "http://huggingface.co/x", False),
        ("http://mirror.lan", "http://mirror.lan:8080/x", True),
        ("http://mirror.lan", "http://files.mirror.lan/x", True),
        ("http://mirror.lan", "https://other.lan/x", True),
        ("http://mirror.lan", "http://other.lan/x", False),
        ("http://mirror.lan", "http://evilmirror.lan/x", False),
        ("http://mirror.lan", "file:///etc/passwd", False),
        ("http://mirror.lan", "ftp://mirror.lan/x", False),
        ("https://huggingface.co", "https:///x", False),
    ],
)
def test_where_redirects_may_lead(endpoint: str, target: str, allowed: bool) -> None:
    assert may_follow(endpoint, target) is allowed


@pytest.mark.parametrize(
    ("failures", "retry_after", "seconds"),
    [
        (1, None, 1.0),
        (2, None, 2.0),
        (5, None, 16.0),
        (20, None, 30.0),
        (1, "9", 9.0),
        (5, "9", 16.0),
        (1, "9999", 120.0),
        (1, "-1", 1.0),
        (1, "Wed, 21 Oct 2026 07:28:00 GMT", 1.0),
    ],
)
def test_pauses(failures: int, retry_after: str | None, seconds: float) -> None:
    assert wait_seconds(failures, retry_after) == seconds


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Promise(9, SHA), Promise(9, SHA, etag='"x"'), True),
        (Promise(9, SHA, etag='"x"'), Promise(9, OTHER, etag='"x"'), False),
        (Promise(9, None, GIT), Promise(9, None, GIT), True),
        (Promise(9, etag='"x"'), Promise(9, etag='"x"'), True),
        (Promise(9, etag='"x"'), Promise(9, etag='"y"'), False),
        (Promise(9, etag='"x"'), Promise(8, etag='"x"'), False),
        (Promise(9), Promise(9), False),
    ],
)
def test_parts_of_the_same_file(one: Promise, other: Promise, same: bool) -> None:
    assert one.same_file(other) is same


@pytest.mark.parametrize(
    ("have", "kept", "headers"),
    [
        (0, Promise(9, SHA), {}),
        (5, None, {}),
        (5, Promise(9), {}),
        (5, Promise(9, SHA), {"Range": "bytes=5-"}),
        (5, Promise(9, etag='"x"'), {"Range": "bytes=5-", "If-Range": '"x"'}),
    ],
)
def test_asking_for_the_rest(have: int, kept: Promise | None, headers: dict[str, str]) -> None:
    assert range_headers(have, kept) == headers


def test_a_large_file_is_promised_by_the_hub_and_brought_by_another() -> None:
    hub = {"x-linked-etag": f'"{SHA}"', "x-linked-size": "9", "x-repo-commit": "abc"}
    last = {"etag": '"other"', "content-range": "bytes 4-8/9", "x-linked-etag": f'"{OTHER}"'}
    assert promise(hub, last, 206, last_is_hub=False) == Promise(9, SHA, None, '"other"', "abc")


def test_a_small_file_comes_from_the_hub_itself() -> None:
    last = {"etag": f'W/"{GIT}"', "content-length": "7", "x-repo-commit": "abc"}
    assert promise({}, last, 200, last_is_hub=True) == Promise(7, None, GIT, None, "abc")


def test_an_etag_of_somebody_else_is_no_hash() -> None:
    last = {"etag": f'"{SHA}"', "content-length": "7"}
    assert promise({}, last, 200, last_is_hub=True) == Promise(7, None, None, f'"{SHA}"', None)
    assert promise({}, last, 200, last_is_hub=False).sha256 is None


def test_ranges_and_origins() -> None:
    assert range_start({"content-range": "bytes 5-8/9"}) == 5
    assert range_start({"content-range": "bytes */9"}) is None
    assert same_origin("https://a:1/x", "https://a:1/y")
    assert not same_origin("https://a/x", "http://a/x")
