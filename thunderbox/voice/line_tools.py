"""Line tools: those of an agent's tools that act on the line itself, beside all others.

Pressing keys and handing the caller on; what the agent brings under the same name wins.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from thunderbox.errors import LegError
from thunderbox.voice.engine import Tool
from thunderbox.voice.journal import Journal
from thunderbox.voice.leg import Leg
from thunderbox.voice.tools import (
    SEND_DIGITS_TOOL,
    TRANSFER_CALL,
    Tools,
    name_of,
    transfer_tool,
)

log = logging.getLogger(__name__)

_KEYS = re.compile(r"[0-9*#A-D]{1,32}")


class LineTools:
    """An agent's tools in one call; a voice.tools.Tools."""

    def __init__(
        self,
        others: Tools,
        leg: Leg,
        journal: Journal,
        destinations: Mapping[str, str],
        *,
        presses_keys: bool,
    ) -> None:
        """`destinations` are the numbers or SIP URIs that callers may be handed on to, by name."""
        self._others = others
        self._leg = leg
        self._journal = journal
        self._destinations = destinations
        own = own_tools(others.schemas, destinations, presses_keys=presses_keys)
        self._own = {name_of(tool) for tool in own}
        self.schemas: Sequence[Tool] = (*others.schemas, *own)

    async def run(self, call_id: str, name: str, arguments: dict[str, Any]) -> str:
        """Carry out one call; what goes wrong becomes an error object for the model."""
        if name not in self._own:
            return await self._others.run(call_id, name, arguments)
        try:
            if name == TRANSFER_CALL:
                return await self._transfer(arguments)
            return await self._press(arguments)
        except LegError as error:
            log.warning("%s: %s failed: %s", self._leg.name, name, error)
            return _json({"error": str(error)})

    async def _press(self, arguments: dict[str, Any]) -> str:
        """Press keys, one after the other."""
        keys = re.sub(r"[\s,.-]", "", str(arguments.get("digits", ""))).upper()
        if not _KEYS.fullmatch(keys):
            raise LegError("digits must be 1 to 32 keys: 0-9, *, # and A-D.")
        await self._leg.send_digits(keys)
        return _json({"status": "sent", "digits": keys})

    async def _transfer(self, arguments: dict[str, Any]) -> str:
        """Hand the caller on; the leg is over when this succeeds."""
        name = self._destination(str(arguments.get("destination", "")))
        target = self._destinations[name]
        log.info("%s: transfer to %s", self._leg.name, name)
        try:
            await self._leg.transfer(target)
        except LegError:
            self._journal.handed_on(target, reached=False)
            raise
        self._journal.handed_on(target, reached=True)
        return _json({"status": "transferred", "destination": name})

    def _destination(self, wanted: str) -> str:
        """The destination that is meant. Raises LegError."""
        known = {_plain(name): name for name in self._destinations}
        found = known.get(_plain(wanted))
        if found is None and len(known) == 1 and not wanted:
            (found,) = known.values()
        if found is None:
            names = ", ".join(self._destinations)
            raise LegError(f'There is no destination "{wanted}". Destinations: {names}.')
        return found


def own_tools(
    others: Sequence[Tool], destinations: Mapping[str, str], *, presses_keys: bool
) -> list[Tool]:
    """What an agent with these tools can do with the line besides."""
    offered: list[Tool] = []
    if destinations:
        offered.append(transfer_tool(list(destinations)))
    if presses_keys:
        offered.append(SEND_DIGITS_TOOL)
    taken = {name_of(tool) for tool in others}
    return [tool for tool in offered if name_of(tool) not in taken]


def _plain(name: str) -> str:
    """A name without what a recogniser or a model may change of it."""
    words = re.sub(r"[^\w\s]", " ", name.casefold()).split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
