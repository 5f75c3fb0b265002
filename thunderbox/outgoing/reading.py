"""Reading: the body of an answer, never more of it than was asked for.

What is compressed is unpacked piece by piece, so that a small body cannot become a large one.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

from thunderbox.errors import OutgoingError

_SLACK = 1_024
"""Bytes that a compressed body may be larger than what is in it."""
_EITHER = 32 + zlib.MAX_WBITS
"""gzip or zlib, whichever it turns out to be."""


async def read(chunks: AsyncIterable[bytes], encoding: str, max_bytes: int) -> tuple[bytes, bool]:
    """At most `max_bytes` of a body, and whether there was more. Raises OutgoingError."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        unpack = None
    elif encoding in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(_EITHER)
    else:
        raise OutgoingError(
            "The answer is packed in a way that was not asked for; answer without "
            "Content-Encoding, or with gzip.",
            reason="answer",
        )
    body, came = bytearray(), 0
    async for chunk in chunks:
        came += len(chunk)
        try:
            body += chunk if unpack is None else unpack.decompress(chunk, max_bytes + 1 - len(body))
        except zlib.error:
            raise OutgoingError("The answer is packed wrongly.", reason="answer") from None
        if len(body) > max_bytes or came > max_bytes + _SLACK:
            return bytes(body[:max_bytes]), True
    if unpack is not None and came and not unpack.eof:
        raise OutgoingError("The packed answer breaks off.", reason="answer")
    return bytes(body), False
