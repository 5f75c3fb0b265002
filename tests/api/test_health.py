"""healthz and readyz."""

from __future__ import annotations

import httpx

from thunderbox.calls.requests import PartState, Readiness


async def test_healthz_needs_no_key(anonymous: httpx.AsyncClient):
    response = await anonymous.get("/v1/healthz")
    assert (response.status_code, response.json()) == (200, {"ok": True})


async def test_readyz_names_every_part(anonymous, outside):
    outside.ready = Readiness(
        ok=True, parts={"sip": PartState(ok=True, detail="Listening.", facts={"port": 5060})}
    )
    response = await anonymous.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ok": True,
        "parts": {"sip": {"port": 5060, "ok": True, "detail": "Listening."}},
    }


async def test_readyz_is_503_when_a_part_is_not_ready(anonymous, outside):
    outside.ready = Readiness(ok=False, parts={"sip": PartState(ok=False, detail="No port.")})
    assert (await anonymous.get("/readyz")).status_code == 503
