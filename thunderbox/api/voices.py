"""/v1/voices: what agents can speak with."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get
from litestar.response import Stream

from thunderbox.api import dialect, ranges
from thunderbox.api.auth import require_key
from thunderbox.api.parameters import PathText, QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.errors import NotFoundError
from thunderbox.voice.engine import Voice


@get("/v1/voices", guards=[require_key], tags=["Voices"], summary="List voices")
async def list_voices(
    request: ApiRequest, languages: QueryText = None
) -> list[dict[str, Any]] | dict[str, Any]:
    """Every voice of this box; `languages=en,es` keeps those that speak all of them."""
    wanted = [part.strip().lower() for part in (languages or "").split(",") if part.strip()]
    found = [
        _view(voice, request.address)
        for voice in request.parts.voices()
        if all(_speaks(voice, language) for language in wanted)
    ]
    return dialect.voices(dialect.is_sdk(request), found)


@get(
    "/v1/voices/{voice_id:str}/sample",
    tags=["Voices"],
    summary="Hear a voice",
    media_type="audio/wav",
    errors=(416,),
    also=(206,),
)
async def read_voice_sample(request: ApiRequest, voice_id: PathText) -> Stream:
    """A sentence as WAV, whole or by Range; needs no key, so that a page can play it."""
    voice = next((known for known in request.parts.voices() if known.id == voice_id), None)
    if voice is None:
        raise NotFoundError(f"There is no voice {voice_id}; GET /v1/voices lists those there are.")
    path = await request.parts.samples.path(voice)
    return ranges.stream(request, path, "audio/wav", {"Cache-Control": "public, max-age=86400"})


def _speaks(voice: Voice, language: str) -> bool:
    locale = voice.locale.lower()
    return locale == language or locale.partition("-")[0] == language


def _view(voice: Voice, address: str) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": voice.name,
        "locale": voice.locale,
        "tier": voice.tier,
        "sample_url": f"{address}/v1/voices/{quote(voice.id, safe='')}/sample",
        "aliases": list(voice.aliases),
    }
