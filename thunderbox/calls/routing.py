"""Routing: which of this box's numbers a caller dialled."""

from __future__ import annotations

import re
from collections.abc import Mapping


def resolve(called: str, extensions: Mapping[str, str]) -> str | None:
    """The E.164 number meant by the user part of a request; None when it is none.

    `100` is looked up in the extension table; `+15550100` and `15550100` are the number itself;
    separators that phones put in (`+1 (555) 010-0`) do not matter.
    """
    if called in extensions:
        return extensions[called]
    digits = re.sub(r"[\s().-]", "", called)
    if re.fullmatch(r"\+[1-9]\d{1,14}", digits):
        return digits
    if re.fullmatch(r"00[1-9]\d{6,14}", digits):
        return f"+{digits[2:]}"
    if re.fullmatch(r"[1-9]\d{6,14}", digits):
        return f"+{digits}"
    return None


def is_sip_uri(destination: str) -> bool:
    """True for something that is to be called as a SIP URI and not as a number."""
    return destination.startswith(("sip:", "sips:"))
