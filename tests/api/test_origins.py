"""Pages of other origins: no address lets them read anything."""

from __future__ import annotations

ORIGIN = {"Origin": "https://elsewhere.example"}


async def test_no_answer_is_for_pages_of_other_origins(client):
    for path in ("/v1/agents", "/v1/healthz", "/v1/openapi.json", "/docs", "/v1/nothing"):
        response = await client.get(path, headers=ORIGIN)
        assert not [name for name in response.headers if name.startswith("access-control-")]


async def test_a_preflight_allows_nothing(client):
    asked = ORIGIN | {"Access-Control-Request-Method": "POST"}
    response = await client.options("/v1/auth/sign-in", headers=asked)
    assert not [name for name in response.headers if name.startswith("access-control-")]
