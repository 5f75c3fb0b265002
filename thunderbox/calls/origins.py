"""Origins: which web pages a publishable key lets in.

A key names hosts: `example.com` is that host alone, `*.example.com` every subdomain, however deep,
and not the bare domain. The scheme and the port of a page do not matter: the name decides who may
serve it. Pages of the visitor's own machine are always let in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import httpx

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?", re.ASCII)
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LONGEST = 253


def entry_of(domain: str) -> str | None:
    """A host as `allowed_domains` keeps it, an international one in ASCII; None for no host.

    `*` may stand for subdomains only, never for every host.
    """
    name = domain.strip().lower()
    wild = name.startswith("*.")
    name = _in_ascii(name.removeprefix("*."))
    if not _is_name(name) or (wild and _is_address(name)):
        return None
    return f"*.{name}" if wild else name


def host_of(origin: str) -> str | None:
    """The host of an Origin header; None where it is no page's: `null`, an extension, no origin."""
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None or int(found[2] or 0) > 65_535:
        return None
    if found[1].startswith("["):
        return found[1]
    # A name with a dot at its end is the same name.
    name = found[1].removesuffix(".")
    return name if _is_name(name) else None


def is_local(host: str) -> bool:
    """Whether a host is the visitor's own machine."""
    return host in _LOCAL


def entries_for(host: str) -> list[str]:
    """Every entry of `allowed_domains` that lets a host in."""
    entries = [host]
    if host.startswith("[") or _is_address(host):
        return entries
    rest = host
    while "." in rest:
        rest = rest.partition(".")[2]
        entries.append(f"*.{rest}")
    return entries


def lets_in(domains: Iterable[str], origin: str) -> bool:
    """Whether pages of an origin may use a key of these domains."""
    host = host_of(origin)
    if host is None:
        return False
    return is_local(host) or not set(domains).isdisjoint(entries_for(host))


def _in_ascii(name: str) -> str:
    if name.isascii():
        return name
    if not all(character.isalnum() or character in "-._" for character in name):
        return ""
    try:
        return httpx.URL(f"https://{name}").raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError):
        return ""


def _is_name(name: str) -> bool:
    """Whether this is a name, or an address in the only form that browsers write."""
    if len(name) > _LONGEST or _NAME.fullmatch(name) is None:
        return False
    return not _is_address(name) or _IPV4.fullmatch(name) is not None


def _is_address(name: str) -> bool:
    """Whether browsers take a name for an IPv4 address: its last part is a number."""
    return re.fullmatch(r"\d+|0x[0-9a-f]*", name.rpartition(".")[2], re.ASCII) is not None
