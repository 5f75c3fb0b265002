"""Who asks: a key (`Bearer sk_live_…`) or a person's token (`Token tbs_…`, `Token tbp_…`).

A key belongs to one organization. A person may belong to several; `X-ThunderPhone-Org` says which
one is meant, and may be left out by who belongs to a single one.
"""

from __future__ import annotations

import re
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from thunderbox.api.fields import MAX_ID, shown
from thunderbox.api.identities import Identities, Identity
from thunderbox.api.limits import Limits
from thunderbox.api.parts import Parts
from thunderbox.api.usage import Usage
from thunderbox.errors import ForbiddenError, NotFoundError, RequestError, UnauthorizedError
from thunderbox.store import organizations, tokens
from thunderbox.store.api_keys import Holder
from thunderbox.store.database import Database
from thunderbox.store.organizations import Membership
from thunderbox.store.tokens import Bearer

AnyConnection = ASGIConnection[Any, Any, Any, Any]

HOW = "Send the header `Authorization: Bearer sk_live_…` with a key of this box."
ORGANIZATION = "X-ThunderPhone-Org"


async def require_key(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard: let only holders of a valid key, or token, pass, for one organization.

    Raises UnauthorizedError, TooManyError, and for people NotFoundError or RequestError when the
    organization is not theirs or not named.
    """
    identity = await identify(connection)
    connection.scope["user"] = identity
    connection.scope["auth"] = (
        identity if isinstance(identity, Holder) else await _in_organization(connection, identity)
    )


async def require_identity(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard: as require_key, but a person needs no organization. Raises UnauthorizedError."""
    connection.scope["user"] = await identify(connection)


async def require_person(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard: let only people pass. Raises UnauthorizedError, ForbiddenError."""
    connection.scope["user"] = identity = await identify(connection)
    if isinstance(identity, Holder):
        raise ForbiddenError(
            "An API key cannot do this: sign in with POST /v1/auth/sign-in, and send the header "
            "`Authorization: Token tbs_…`."
        )


async def require_admin(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard, after require_key: let only owners and admins pass. Raises ForbiddenError."""
    if connection.auth.role not in ("owner", "admin"):
        raise ForbiddenError(
            f"You act with the role {connection.auth.role}, but only owners and admins may do this."
        )


async def require_owner(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard, after require_key: let only the owner pass. Raises ForbiddenError."""
    if connection.auth.role != "owner":
        raise ForbiddenError(
            f"You act with the role {connection.auth.role}, but only the owner may do this."
        )


async def identify(connection: AnyConnection) -> Identity:
    """Whose key or token a request carries. Raises UnauthorizedError, TooManyError."""
    scheme, _, secret = connection.headers.get("authorization", "").strip().partition(" ")
    secret = secret.strip()
    if not scheme:
        raise UnauthorizedError(f"This request carries no key. {HOW}")
    if scheme.lower() not in ("bearer", "token") or not secret:
        raise UnauthorizedError(f"The Authorization header is not understood. {HOW}")
    if secret.startswith("pk_live_"):
        raise UnauthorizedError(
            "A publishable key (pk_live_…) only opens widget sessions; the REST API needs a "
            f"secret key. {HOW}"
        )
    state = connection.app.state
    parts: Parts = state.parts
    identities: Identities = state.identities
    found = await identities.of(parts.db, secret)
    if found is None:
        raise UnauthorizedError(
            "This token is unknown, was ended or has expired. Sign in again with "
            "POST /v1/auth/sign-in."
            if tokens.is_token(secret)
            else f"This key is unknown or was revoked. {HOW}"
        )
    limits: Limits = state.limits
    limits.count_request(found.id)
    usage: Usage = state.usage
    usage.note(found)
    return found


async def _in_organization(connection: AnyConnection, person: Bearer) -> Holder:
    """A person as one of the members of the organization that is meant."""
    parts: Parts = connection.app.state.parts
    organization = await _organization(parts.db, connection, person)
    return Holder(
        kind=person.kind,
        id=person.id,
        org_id=organization.id,
        org_name=organization.name,
        user_id=person.user_id,
        name=person.name,
        key_prefix=person.token_prefix,
        last_used_at=person.last_used_at,
        email=person.email,
        role=organization.role,
    )


async def _organization(db: Database, connection: AnyConnection, person: Bearer) -> Membership:
    wanted = connection.headers.get(ORGANIZATION, "").strip()
    if wanted and not (re.fullmatch(r"[1-9]\d{0,18}", wanted, re.ASCII) and int(wanted) <= MAX_ID):
        raise RequestError(
            f"The header {ORGANIZATION} is {shown(wanted)}, but must be the id of an organization."
        )
    mine = await organizations.of_user(db, person.user_id)
    if wanted:
        for organization in mine:
            if organization.id == int(wanted):
                return organization
        raise NotFoundError(f"There is no organization {wanted} that you belong to.")
    if len(mine) != 1:
        raise RequestError(
            f"You belong to {len(mine)} organizations: name one by its id in the header "
            f"{ORGANIZATION}. GET /v1/orgs lists them."
        )
    return mine[0]
