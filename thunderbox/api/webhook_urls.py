"""Webhook URLs: where somebody may want to be told of events; one rule for all of them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from thunderbox.api.fields import shown

MAX_LENGTH = 2000


def wrong(name: str, url: str, *, plain: bool) -> str:
    """What is wrong with the field of this name, in a sentence; empty: events may be sent there.

    https may be anywhere, http on this machine, and wherever `plain`. Where it leads to is
    checked whenever something is sent.
    """
    if _is_webhook(url, plain=plain):
        return ""
    return (
        f"{name} is {shown(url)}, but must begin with https:// and name a host; http:// is "
        "allowed for localhost, and once outgoing.allow_networks names networks."
    )


def _is_webhook(url: str, *, plain: bool) -> bool:
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
