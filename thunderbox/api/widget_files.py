"""/widget/…/widget.js and style.css: the widget, for the pages of every site."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from litestar import Response, get

import thunderbox
from thunderbox.api.parameters import PathText
from thunderbox.api.request import ApiRequest
from thunderbox.errors import NotFoundError

DIRECTORY = Path(thunderbox.__file__).parent / "web" / "widget"
LATEST = "public, max-age=300"
FOREVER = "public, max-age=31536000, immutable"
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class WidgetFile:
    """A built file, as it is and compressed."""

    plain: bytes
    packed: bytes
    etag: str


@get("/widget/{version:str}/widget.js", include_in_schema=False)
async def read_widget_script(request: ApiRequest, version: PathText) -> Response[bytes]:
    """The widget with everything in it, for a script tag."""
    return await _answer(request, version, "widget.js", "text/javascript")


@get("/widget/{version:str}/style.css", include_in_schema=False)
async def read_widget_style(request: ApiRequest, version: PathText) -> Response[bytes]:
    """The style sheet, for pages that render the component themselves."""
    return await _answer(request, version, "style.css", "text/css")


@cache
def version_here() -> str:
    """The version of the widget that this box serves."""
    version: str = json.loads((DIRECTORY / "manifest.json").read_bytes())["version"]
    return version


async def _answer(request: ApiRequest, version: str, name: str, kind: str) -> Response[bytes]:
    """`latest` is asked for again after minutes, a version never. Raises NotFoundError."""
    here = version_here()
    if version not in ("latest", here, f"v{here}"):
        raise NotFoundError(
            f"This box has no such version of the widget; it serves /widget/latest/{name} and "
            f"/widget/{here}/{name}."
        )
    file = await asyncio.to_thread(_load, name)
    headers = HEADERS | {
        "Cache-Control": LATEST if version == "latest" else FOREVER,
        "ETag": file.etag,
    }
    known = request.headers.get("if-none-match", "")
    if file.etag.removeprefix("W/") in known or known.strip() == "*":
        return Response(b"", status_code=304, headers=headers)
    body = file.plain
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=kind, headers=headers)


@cache
def _load(name: str) -> WidgetFile:
    plain = (DIRECTORY / name).read_bytes()
    etag = f'W/"{hashlib.sha256(plain).hexdigest()[:20]}"'
    return WidgetFile(plain, gzip.compress(plain, mtime=0), etag)
