"""/v1/healthz and /readyz: is the process alive, and can the box take calls."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.openapi import ResponseSpec

from thunderbox.api.request import ApiRequest

UNREADY = ResponseSpec(dict[str, Any], description="A part is not ready", generate_examples=False)


@get("/v1/healthz", tags=["Health"], summary="Is the process alive")
async def healthz() -> dict[str, bool]:
    """Always true; needs no key."""
    return {"ok": True}


@get("/readyz", tags=["Health"], summary="Can the box take calls", responses={503: UNREADY})
async def readyz(request: ApiRequest) -> Response[dict[str, Any]]:
    """200 when every part is ready, else 503; needs no key."""
    state = await request.parts.readiness()
    parts = {
        name: {**part.facts, "ok": part.ok, "detail": part.detail}
        for name, part in state.parts.items()
    }
    return Response({"ok": state.ok, "parts": parts}, status_code=200 if state.ok else 503)
