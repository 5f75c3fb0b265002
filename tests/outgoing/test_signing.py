"""Signatures, as the official client checks them."""

from __future__ import annotations

import pytest
from thunderphone import verify_signature

from thunderbox.outgoing import signing

NOW = 1_800_000_000
BODY = '{"a":"é"}'.encode()


@pytest.mark.parametrize("body", [BODY, b""])
@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_each_secret_of_a_change_can_check_a_request(secret: str, body: bytes) -> None:
    made = signing.headers(["whsec_new", "whsec_old"], "post", "/x?y=1", body, NOW)
    assert verify_signature(
        made[signing.V2], secret=secret, method="POST", path="/x?y=1", body=body, now=NOW
    )
    assert not verify_signature(
        made[signing.V2], secret=secret, method="POST", path="/x", body=body, now=NOW
    )
