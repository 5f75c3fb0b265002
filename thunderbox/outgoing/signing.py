"""Signing: how a receiver knows that a request comes from this box and was not changed.

`X-ThunderPhone-Signature` is the HMAC-SHA256 of the body. `X-ThunderPhone-Signature-V2` covers
the time, the method and the path too: `t=<seconds since 1970>,v1=<hex>`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

V1 = "X-ThunderPhone-Signature"
V2 = "X-ThunderPhone-Signature-V2"


def headers(
    secrets: Sequence[str], method: str, target: str, body: bytes, at_s: int
) -> dict[str, str]:
    """Both headers; `target` is the path with its query, exactly as it is sent.

    While a secret is rotated there are two, the newest first: V2 holds a `v1=` of each. V1 has
    room for one and keeps to the old secret, so that nobody is shut out by the rotation itself.
    """
    signed = f"{at_s}\n{method.upper()}\n{target}\n".encode() + body
    signatures = ",".join(f"v1={_hex(secret, signed)}" for secret in secrets)
    return {V1: _hex(secrets[-1], body), V2: f"t={at_s},{signatures}"}


def _hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
