"""/v1/voices: what agents can speak with."""

from __future__ import annotations

from typing import Any

from litestar import get

from thunderbox.api import dialect
from thunderbox.api.auth import require_key
from thunderbox.api.parameters import QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.voice.engine import Voice


@get("/v1/voices", guards=[require_key], tags=["Voices"], summary="List voices")
async def list_voices(
    request: ApiRequest, languages: QueryText = None
) -> list[dict[str, Any]] | dict[str, Any]:
    """Every voice of this box; `languages=en,es` keeps those that speak all of them."""
    wanted = [part.strip().lower() for part in (languages or "").split(",") if part.strip()]
    found = [
        _view(voice)
        for voice in request.parts.voices()
        if all(_speaks(voice, language) for language in wanted)
    ]
    return dialect.voices(dialect.is_sdk(request), found)


def _speaks(voice: Voice, language: str) -> bool:
    locale = voice.locale.lower()
    return locale == language or locale.partition("-")[0] == language


def _view(voice: Voice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": voice.name,
        "locale": voice.locale,
        "tier": voice.tier,
        "sample_url": None,
        "aliases": list(voice.aliases),
    }
