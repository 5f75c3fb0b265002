"""Routing: which of this box's numbers a caller dialled."""

from __future__ import annotations

import re
from collections.abc import Mapping

from thunderbox.calls.ports import Invitation
from thunderbox.store import phone_numbers
from thunderbox.store.database import Source
from thunderbox.store.phone_numbers import PhoneNumber


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


async def find_line(
    db: Source, invitation: Invitation, extensions: Mapping[str, str]
) -> PhoneNumber | None:
    """The active number that a caller wants; None where it is none of this box.

    Through a trunk, the number may stand in the To header alone, and through that of a connection
    only its own numbers are reached: where it has one, that one whatever was dialled.
    """
    trunk = invitation.trunk
    for called in (invitation.called, *((invitation.meant,) if trunk is not None else ())):
        number = resolve(called, {} if trunk else extensions)
        line = await phone_numbers.by_number(db, number) if number else None
        if line is not None and (not trunk or line.voip_connection_id == trunk):
            return line
    if not trunk:
        return None
    lines = await phone_numbers.of_connection(db, trunk)
    up = [line for line in lines if line.status == "active"]
    return up[0] if len(up) == 1 else None


def is_sip_uri(destination: str) -> bool:
    """True for something that is to be called as a SIP URI and not as a number."""
    return destination.startswith(("sip:", "sips:"))
