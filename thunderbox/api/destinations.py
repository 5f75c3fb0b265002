"""Transfer destinations: whom an agent may hand callers on to, `{"name": …, "number": …}` each."""

from __future__ import annotations

import re
from typing import Any

from thunderbox.api.fields import shown
from thunderbox.errors import InvalidError

MAX_DESTINATIONS = 20
FIELD = "transfer_destinations"
NUMBER = re.compile(r"\+?[0-9]{2,15}|sip:[^\s<>\"@]+@[^\s<>\"@]+")


def check(given: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The destinations, without what else was sent. Raises InvalidError."""
    if len(given) > MAX_DESTINATIONS:
        raise InvalidError(
            {FIELD: [f"{FIELD} has {len(given)} destinations, but must have at most 20."]}
        )
    wrong = []
    names: list[str] = []
    for at, destination in enumerate(given):
        name, number = destination.get("name"), destination.get("number")
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= 80:
            wrong.append(f"{FIELD}[{at}].name is {shown(name)}, but must be 1 to 80 characters.")
        elif name.strip().casefold() in names:
            wrong.append(f"{FIELD}[{at}].name is {shown(name)} a second time; give each its own.")
        else:
            names.append(name.strip().casefold())
        if not isinstance(number, str) or not NUMBER.fullmatch(number.strip()):
            wrong.append(
                f"{FIELD}[{at}].number is {shown(number)}, but must be a number such as +15550123, "
                "an extension such as 200, or a SIP URI such as sip:200@192.168.1.20."
            )
    if wrong:
        raise InvalidError({FIELD: wrong})
    return [{"name": str(d["name"]).strip(), "number": str(d["number"]).strip()} for d in given]
