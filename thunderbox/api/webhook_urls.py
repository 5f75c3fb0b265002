"""Webhook URLs: where somebody may want to be told of events."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from thunderbox.api.fields import shown

MAX_LENGTH = 2000


def is_webhook(url: str, *, plain: bool = False) -> bool:
    """Whether events may be sent there: https, and http on this machine, or wherever `plain`.

    Where it leads to is checked whenever something is sent.
    """
    if re.search(r"[\s\x00-\x1f\\]", url) or len(url) > MAX_LENGTH:
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and (local or plain))
    )


def refused(name: str, url: str) -> str:
    """The sentence for a URL that is none."""
    return (
        f"{name} is {shown(url)}, but must begin with https:// and name a host; http:// is "
        "allowed for localhost."
    )
