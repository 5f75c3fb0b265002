"""Transfer: what a download decides, without doing any of it.

What the hub promises of a file, whether a part that is here still belongs to it, where a redirect
may lead, and how long to wait before the next try.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

FIRST_WAIT, LONGEST_WAIT, LONGEST_ASKED = 1.0, 30.0, 120.0
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better in a while."""
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_GIT_SHA1 = re.compile(r"^[0-9a-f]{40}$")


class Promise(Struct, frozen=True):
    """What was said of a file before it came; kept beside its first part for the next try."""

    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None
    """Hash of a small file as git counts it, which the hub gives where it has no SHA-256."""
    etag: str | None = None
    """Strong validator of whoever sends the bytes, for If-Range."""
    commit: str | None = None

    def same_file(self, other: Promise) -> bool:
        """Whether both speak of the same bytes, so that a part of one may be gone on with."""
        if self.size != other.size:
            return False
        for mine, theirs in ((self.sha256, other.sha256), (self.git_sha1, other.git_sha1)):
            if mine and theirs:
                return mine == theirs
        return self.etag is not None and self.etag == other.etag

    @property
    def resumable(self) -> bool:
        """Whether a change in between would be noticed."""
        return bool(self.etag or self.sha256 or self.git_sha1)


def promise(
    hub: Mapping[str, str], last: Mapping[str, str], status: int, *, last_is_hub: bool
) -> Promise:
    """What the hub's first answer and the last one, which brings the bytes, say together.

    Headers have lower-case names. A hash is believed from the hub alone, never from where it sends
    us: X-Linked-Etag for large files, its ETag for small ones.
    """
    commit = hub.get("x-repo-commit") or (last.get("x-repo-commit") if last_is_hub else None)
    named = _bare(hub.get("x-linked-etag")) or ""
    if not named and commit and last_is_hub:
        named = _bare(last.get("x-linked-etag") or last.get("etag")) or ""
    tag = last.get("etag")
    return Promise(
        size=_whole_size(last, status) or _number(hub.get("x-linked-size")),
        sha256=named if _SHA256.match(named) else None,
        git_sha1=named if _GIT_SHA1.match(named) else None,
        etag=tag if tag and not tag.startswith("W/") else None,
        commit=commit,
    )


def range_start(headers: Mapping[str, str]) -> int | None:
    """The first byte that a 206 brings."""
    found = re.match(r"bytes (\d+)-\d+/", headers.get("content-range", ""))
    return int(found[1]) if found else None


def range_headers(have: int, kept: Promise | None) -> dict[str, str]:
    """Headers that ask for the rest of a file of which `have` bytes are here."""
    if not have or kept is None or not kept.resumable:
        return {}
    headers = {"Range": f"bytes={have}-"}
    if kept.etag:
        headers["If-Range"] = kept.etag
    return headers


def is_address(text: str) -> bool:
    """Whether this is the address of a server."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def may_follow(endpoint: str, target: str) -> bool:
    """Whether a redirect may lead there: over https anywhere, without it only on the same host."""
    home, there = urlsplit(endpoint), urlsplit(target)
    if there.scheme == "https":
        return bool(there.hostname)
    if there.scheme != "http" or home.scheme != "http" or not home.hostname or not there.hostname:
        return False
    return there.hostname == home.hostname or there.hostname.endswith(f".{home.hostname}")


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses have scheme, host and port in common."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def wait_seconds(failures: int, retry_after: str | None) -> float:
    """How long to wait after so many failures in a row; what the hub asks for counts, in bounds."""
    mine = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (failures - 1))
    asked = _number(retry_after)
    return mine if asked is None else min(LONGEST_ASKED, max(mine, float(asked)))


def _whole_size(headers: Mapping[str, str], status: int) -> int | None:
    if status == 206:
        return _number(headers.get("content-range", "").rpartition("/")[2])
    return _number(headers.get("content-length")) if status == 200 else None


def _bare(tag: str | None) -> str | None:
    return tag.removeprefix("W/").strip('"') if tag else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
