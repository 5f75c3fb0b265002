"""Server-sent events, however the bytes are cut."""

from __future__ import annotations

import pytest

from thunderbox.voice.engines.server_events import ServerEvents


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\ndata:b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b": ping\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n", ["a"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        ("data: größer\n\n".encode(), ["größer"]),
        (b"data: not ended\n", []),
        (b"\n\n\n", []),
    ],
)
def test_events_are_found_at_every_cut(stream: bytes, found: list[str]) -> None:
    for size in (1, 2, 3, 5, len(stream)):
        events = ServerEvents()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        # A lone \r at the end may still become \r\n: the line after it settles that.
        told = [data for piece in [*pieces, b":\n"] for data in events.feed(piece)]
        assert told == found


@pytest.mark.parametrize("stream", [b"<html>\n", b"data: \xff\n\n", b"x" * 40, b"data: 0123\n" * 9])
def test_anything_else_is_an_error(stream: bytes) -> None:
    with pytest.raises(ValueError):
        ServerEvents(most_bytes=32).feed(stream)
