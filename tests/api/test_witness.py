"""The witness of the other tests objects to what the OpenAPI document does not know."""

from __future__ import annotations

import httpx
import pytest

from tests.api.witness import Witness

ORGANIZATION = {"id": 1, "name": "Acme"}
WHOAMI = {
    "credential_kind": "api_key",
    "key_label": None,
    "key_prefix": None,
    "oauth_client_id": None,
    "role": "owner",
    "organization": ORGANIZATION,
    "scopes": [],
}


def answer(status: int, **content: object) -> httpx.Response:
    request = httpx.Request("GET", "http://box.test/v1/whoami")
    return httpx.Response(status, request=request, **content)  # type: ignore[arg-type]


async def test_what_is_documented_passes(witness: Witness):
    await witness.see(answer(200, json=WHOAMI))
    await witness.see(answer(401, json={"detail": "No."}))


@pytest.mark.parametrize(
    ("response", "objection"),
    [
        (answer(418, json={"detail": "No."}), "answers 418, which is not documented"),
        (answer(200, text="ok"), "answers text/plain"),
        (answer(200, json=WHOAMI | {"role": 5}), "/v1/whoami 200"),
        (answer(200, json={"role": "owner"}), "credential_kind"),
        (answer(401, json={"error": "No."}), "detail"),
    ],
)
async def test_everything_else_does_not(witness: Witness, response: httpx.Response, objection: str):
    with pytest.raises(AssertionError, match=objection):
        await witness.see(response)
