"""/v1/whoami: what a key or token proves."""

from __future__ import annotations

from litestar import get
from msgspec import Struct

from thunderbox.api.auth import require_key
from thunderbox.api.request import ApiRequest


class CallerOrganization(Struct, kw_only=True):
    """The organization that a key belongs to, or that a person acts in."""

    id: int
    name: str


class WhoAmI(Struct, kw_only=True):
    """Who asks."""

    credential_kind: str
    key_label: str | None
    key_prefix: str | None
    oauth_client_id: str | None
    organization: CallerOrganization
    role: str | None
    scopes: list[str]


@get("/v1/whoami", guards=[require_key], tags=["Identity"], summary="What this key or token proves")
async def whoami(request: ApiRequest) -> WhoAmI:
    """The key or token, its organization, and the role that it acts with."""
    caller = request.caller
    return WhoAmI(
        # Clients know api_key, oauth and session: a person's own token acts as a session does.
        credential_kind="api_key" if caller.kind == "api_key" else "session",
        key_label=caller.name,
        key_prefix=caller.key_prefix,
        oauth_client_id=None,
        organization=CallerOrganization(id=caller.org_id, name=caller.org_name),
        role=caller.role,
        scopes=[],
    )
