"""/v1/recordings/{call_id}.mp3: recordings behind links that are signed and expire."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from pathlib import Path

from litestar import get
from litestar.response import Stream

from thunderbox.api import ranges
from thunderbox.api.parameters import PathText, QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.errors import ForbiddenError, GoneError, NotFoundError
from thunderbox.store import calls


def signed_path(secret: bytes, call_id: int, expires: int) -> str:
    """The path and query of a link; `expires` in seconds since 1970."""
    signature = _sign(secret, call_id, expires)
    return f"/v1/recordings/{call_id}.mp3?expires={expires}&signature={signature}"


def file_of(directory: Path, name: str | None) -> Path | None:
    """A recording's file, when there is one with sound in it."""
    if not name:
        return None
    path = directory / Path(name).name
    try:
        return path if path.is_file() and path.stat().st_size > 0 else None
    except OSError:
        return None


@get(
    "/v1/recordings/{file_name:str}",
    tags=["Calls"],
    summary="Hear a recording",
    errors=(403, 410, 416),
    also=(206,),
    media_type="audio/mpeg",
)
async def read_recording(
    request: ApiRequest, file_name: PathText, expires: QueryText = None, signature: QueryText = None
) -> Stream:
    """The MP3, or the bytes of it that a Range header asks for; needs a signed link, no key."""
    call_id = _checked(request.parts.url_secret, file_name, expires or "", signature or "")
    name = await calls.recording_file(request.db, call_id)
    path = file_of(request.parts.recordings, name)
    if path is None:
        raise NotFoundError(f"The recording of call {call_id} is no longer there.")
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'inline; filename="call-{call_id}.mp3"',
    }
    return ranges.stream(request, path, "audio/mpeg", headers)


def _sign(secret: bytes, call_id: int, expires: int) -> str:
    return hmac.new(secret, f"recording:{call_id}:{expires}".encode(), hashlib.sha256).hexdigest()


def _checked(secret: bytes, file_name: str, expires: str, signature: str) -> int:
    """The call that a link is for. Raises ForbiddenError, GoneError."""
    name = re.fullmatch(r"([1-9]\d{0,17})\.mp3", file_name, re.ASCII)
    until = int(expires) if re.fullmatch(r"\d{1,12}", expires, re.ASCII) else -1
    call_id = int(name[1]) if name else 0
    expected = _sign(secret, call_id, until).encode()
    if not hmac.compare_digest(expected, signature.encode()) or not name:
        raise ForbiddenError(
            "This link is not one that this box made; GET /v1/calls/{call_id}/audio gives one."
        )
    if until < time.time():
        raise GoneError(f"This link has expired; GET /v1/calls/{call_id}/audio gives a fresh one.")
    return call_id
