"""ServerEvents: reads a stream of server-sent events (WHATWG HTML, section 9.2), strictly."""

from __future__ import annotations

import re

MOST_BYTES = 256 * 1024
"""Of one event: a token takes some hundred, a long tool call some thousand."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_OTHER_FIELDS = frozenset((b"event", b"id", b"retry"))


class ServerEvents:
    """One stream."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held = b""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[str]:
        """The data of every event that is complete now. Raises ValueError for anything else."""
        held = self._held + chunk
        # A \r at the very end may be the first half of a line's end.
        open_end = b"\r" if held.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(held.removesuffix(open_end) if open_end else held)
        self._held = rest + open_end
        found = [data for line in lines if (data := self._line(line)) is not None]
        if self._size + len(self._held) > self._most_bytes:
            raise ValueError(f"an event of more than {self._most_bytes} bytes")
        return found

    def _line(self, line: bytes) -> str | None:
        """Take a line; the event's data at its end."""
        if not line:
            data, self._data, self._size = self._data, [], 0
            return "\n".join(data) if data else None
        field, _, value = line.partition(b":")
        if field == b"data":
            self._size += len(value)
            self._data.append(value.removeprefix(b" ").decode("utf-8"))
        elif field and field not in _OTHER_FIELDS:
            raise ValueError("a line that is none of a stream of events")
        return None
