"""/v1/invites: links that let people into the organization, once and for a week."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.params import JSONBody
from msgspec import Struct

from thunderbox.api.auth import require_admin, require_identity, require_key
from thunderbox.api.bodies import Body
from thunderbox.api.members import DetailView
from thunderbox.api.parameters import PathId, PathText
from thunderbox.api.people_fields import Email
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.errors import ConflictError, ForbiddenError, GoneError, NotFoundError
from thunderbox.store import invites, organizations, users
from thunderbox.store.database import Source, Transaction
from thunderbox.store.invites import Invite, InvitedRole, Status
from thunderbox.store.rows import now_ms


class InviteWrite(Struct, kw_only=True):
    """The body of a create."""

    email: Email
    role: InvitedRole = "member"


class InviteView(Struct, kw_only=True):
    """An invite; whoever has the `token` may see it."""

    id: int
    email: str
    role: InvitedRole
    status: Status
    invited_by_email: str
    created_at: Timestamp
    expires_at: Timestamp
    token: str
    access_requested_by: str | None = None


class InviteDetailView(InviteView, kw_only=True):
    """An invite as its link shows it."""

    org_name: str


class AcceptedView(Struct, kw_only=True):
    """What an accepted invite leads to."""

    detail: str
    org_id: int


class InvitesController(Controller):
    """Invite people; for owners and admins."""

    path = "/v1/invites"
    tags = ("Invites",)

    @get(guards=[require_key, require_admin], summary="List open invites, newest first")
    async def list_invites(self, request: ApiRequest) -> list[InviteView]:
        """Invites that can be accepted, and those whose holder asks for access."""
        now = now_ms()
        found = await invites.page(request.db, request.org_id, now)
        return [_view(invite, now) for invite in found]

    @post(
        guards=[require_key, require_admin],
        dto=Body[InviteWrite],
        return_dto=None,
        summary="Invite somebody",
        errors=(409,),
    )
    async def create_invite(self, request: ApiRequest, data: JSONBody[InviteWrite]) -> InviteView:
        """An invite for a week; an earlier one for the same address is revoked."""
        async with request.db.transaction() as tx:
            user = await users.by_email(tx, data.email)
            if user and await users.role_in(tx, request.org_id, user.id):
                raise ConflictError(f"{user.email} belongs to this organization already.")
            invite = await invites.insert(tx, request.org_id, data.email, data.role, request.author)
        return _view(invite, now_ms())

    @delete("/{invite_id:int}", guards=[require_key, require_admin], summary="Revoke an invite")
    async def revoke_invite(self, request: ApiRequest, invite_id: PathId) -> None:
        """Take an open invite back; its link leads nowhere from then on."""
        async with request.db.transaction() as tx:
            if not await invites.revoke(tx, request.org_id, invite_id):
                raise NotFoundError(
                    f"There is no open invite {invite_id}; GET /v1/invites lists them."
                )

    @get("/{token:str}", summary="Read an invite by its token")
    async def read_invite(self, request: ApiRequest, token: PathText) -> InviteDetailView:
        """Who is invited, by whom and where to; needs no key, for the token is one."""
        invite = await find(request.db, token)
        organization = await organizations.get(request.db, invite.org_id)
        shown = _view(invite, now_ms())
        return InviteDetailView(
            id=shown.id,
            email=shown.email,
            role=shown.role,
            status=shown.status,
            invited_by_email=shown.invited_by_email,
            created_at=shown.created_at,
            expires_at=shown.expires_at,
            token=shown.token,
            org_name=organization.name if organization else "",
        )

    @post(
        "/{token:str}/accept",
        guards=[require_identity],
        status_code=200,
        summary="Accept an invite",
        errors=(403, 409, 410),
    )
    async def accept_invite(self, request: ApiRequest, token: PathText) -> AcceptedView:
        """Join the organization with the role of the invite; for whom it was made out."""
        async with request.db.transaction() as tx:
            invite = await find(tx, token)
            user_id = _invited(request, invite)
            await join(tx, invite, user_id)
            organization = await organizations.get(tx, invite.org_id)
        name = organization.name if organization else ""
        return AcceptedView(
            detail=f"You are a member of {name} now, as {invite.role}.", org_id=invite.org_id
        )

    @post(
        "/{token:str}/decline",
        guards=[require_identity],
        status_code=200,
        summary="Decline an invite",
        errors=(403, 410),
    )
    async def decline_invite(self, request: ApiRequest, token: PathText) -> DetailView:
        """Say no; the invite cannot be accepted any more."""
        async with request.db.transaction() as tx:
            invite = await find(tx, token)
            _invited(request, invite)
            _check_open(invite)
            await invites.finish(tx, invite, "declined")
        return DetailView(detail="The invite is declined.")

    @post(
        "/{token:str}/request-access",
        guards=[require_identity],
        status_code=204,
        summary="Ask to be let in",
        errors=(403, 409),
    )
    async def request_access(self, request: ApiRequest, token: PathText) -> None:
        """Ask for another invite: of one that has expired, or was made out to somebody else.

        The admins see the wish in GET /v1/invites; inviting that person answers it.
        """
        identity = request.identity
        async with request.db.transaction() as tx:
            invite = await find(tx, token)
            if invite.status == "revoked":
                raise ForbiddenError("This invite was revoked; ask its sender for another one.")
            if identity.email is None or identity.user_id is None:
                raise ForbiddenError("This key belongs to nobody who could join.")
            if await users.role_in(tx, invite.org_id, identity.user_id):
                raise ConflictError("You belong to this organization already.")
            await invites.request_access(tx, invite, identity.email)


async def find(db: Source, token: str) -> Invite:
    """The invite of a link. Raises NotFoundError."""
    try:
        invite = await invites.by_token(db, str(UUID(token)))
    except ValueError:
        invite = None
    if invite is None:
        raise NotFoundError("There is no such invite; ask its sender for another one.")
    return invite


async def join(tx: Transaction, invite: Invite, user_id: int) -> None:
    """Let a person in by an open invite. Raises ConflictError, GoneError."""
    if await users.role_in(tx, invite.org_id, user_id):
        raise ConflictError("You belong to this organization already.")
    _check_open(invite)
    await users.join(tx, invite.org_id, user_id, invite.role)
    await invites.finish(tx, invite, "accepted")


def _check_open(invite: Invite) -> None:
    status = invite.status_at(now_ms())
    if status != "pending":
        raise GoneError(
            f"This invite is {status}; ask its sender for another one, or with POST "
            "/v1/invites/{token}/request-access."
        )


def _invited(request: ApiRequest, invite: Invite) -> int:
    """The person that an invite is for. Raises ForbiddenError for anybody else."""
    identity = request.identity
    if identity.user_id is None or (identity.email or "").lower() != invite.email.lower():
        raise ForbiddenError(
            f"This invite is for {invite.email}, but you are {identity.email or 'a key'}. Sign in "
            "as that person, or ask for an invite of your own with POST "
            "/v1/invites/{token}/request-access."
        )
    return identity.user_id


def _view(invite: Invite, now: int) -> InviteView:
    return InviteView(
        id=invite.id,
        email=invite.email,
        role=invite.role,
        status=invite.status_at(now),
        invited_by_email=invite.invited_by_email,
        created_at=iso(invite.created_at),
        expires_at=iso(invite.expires_at),
        token=invite.token,
        access_requested_by=invite.access_requested_by,
    )
