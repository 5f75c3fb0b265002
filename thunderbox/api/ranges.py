"""Files as answers: whole, or the bytes of them that a Range header asks for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from litestar.response import Stream

from thunderbox.api.request import ApiRequest

CHUNK = 65_536

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def stream(request: ApiRequest, path: Path, media_type: str, headers: Mapping[str, str]) -> Stream:
    """The file as it is now: 200, 206 for a part of it, 416 beyond its end."""
    size = path.stat().st_size
    given = {**headers, "Accept-Ranges": "bytes"}
    try:
        span = _span(request.headers.get("range", ""), size)
    except ValueError:
        given["Content-Range"] = f"bytes */{size}"
        return Stream(iter(()), status_code=416, headers=given, media_type=media_type)
    start, end = span or (0, size)
    if span is not None:
        given["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    given["Content-Length"] = str(end - start)
    return Stream(
        _bytes(path, start, end),
        status_code=200 if span is None else 206,
        headers=given,
        media_type=media_type,
    )


def _span(header: str, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for, end excluded; None for the whole file.

    Anything but a single good range is answered with the whole file, as RFC 9110 allows. Raises
    ValueError for a range that lies outside the file.
    """
    found = _RANGE.fullmatch(header)
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        start, end = max(0, size - int(last)), size
    elif last and int(last) < int(first):
        return None
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= size:
        raise ValueError(header)
    return start, end


async def _bytes(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    """Bytes of a file, read on another thread; a file that grows meanwhile is not followed."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, start)
        while start < end:
            chunk = await asyncio.to_thread(file.read, min(CHUNK, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk
    finally:
        file.close()
