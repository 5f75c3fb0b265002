"""/v1/members: who belongs to the organization, and in which role."""

from __future__ import annotations

from typing import Literal

from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import Struct

from thunderbox.api.auth import require_admin, require_key, require_owner
from thunderbox.api.bodies import Body
from thunderbox.api.parameters import PathId
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.errors import ForbiddenError, NotFoundError, RequestError
from thunderbox.store import members
from thunderbox.store.database import Source
from thunderbox.store.members import Member


class RoleWrite(Struct, kw_only=True):
    """The body of a role change."""

    role: Literal["admin", "member"]


class MemberView(Struct, kw_only=True):
    """A member; `id` is that of the membership, and no person has a passkey here."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: Literal["owner", "admin", "member"]
    created_at: Timestamp
    has_passkey: bool = False


class DetailView(Struct, kw_only=True):
    """A sentence about what was done."""

    detail: str


class MembersController(Controller):
    """List and remove members, change their roles, hand the organization over."""

    path = "/v1/members"
    guards = (require_key,)
    tags = ("Members",)

    @get(summary="List members, the first one first")
    async def list_members(self, request: ApiRequest) -> list[MemberView]:
        """Everybody in the organization."""
        return [_view(member) for member in await members.page(request.db, request.org_id)]

    @delete("/{member_id:int}", guards=[require_admin], summary="Remove a member", errors=(400,))
    async def remove_member(self, request: ApiRequest, member_id: PathId) -> None:
        """End a membership and the keys that act with its role; for owners and admins."""
        async with request.db.transaction() as tx:
            member = await _find(tx, request.org_id, member_id)
            if member.user_id == request.caller.user_id:
                raise RequestError("This is you. Leave with POST /v1/leave.")
            if member.role == "owner":
                raise ForbiddenError(
                    "The owner cannot be removed; ownership has to be transferred first."
                )
            if member.role == "admin" and request.caller.role != "owner":
                raise ForbiddenError("Only the owner may remove an admin.")
            await members.remove(tx, member)

    @patch(
        "/{member_id:int}/role",
        guards=[require_owner],
        dto=Body[RoleWrite],
        return_dto=None,
        summary="Change a member's role",
    )
    async def change_role(
        self, request: ApiRequest, member_id: PathId, data: JSONBody[RoleWrite]
    ) -> MemberView:
        """Make a member an admin, or an admin a member; for the owner."""
        async with request.db.transaction() as tx:
            member = await _find(tx, request.org_id, member_id)
            if member.role == "owner":
                raise RequestError(
                    "An organization always has an owner. Hand it over with POST "
                    "/v1/members/{member_id}/transfer-ownership."
                )
            await members.set_role(tx, member.id, data.role)
            return _view(await _find(tx, request.org_id, member_id))

    @post(
        "/{member_id:int}/transfer-ownership",
        guards=[require_owner],
        status_code=200,
        summary="Hand the organization over",
        errors=(400,),
    )
    async def transfer_ownership(self, request: ApiRequest, member_id: PathId) -> DetailView:
        """Make another member the owner; who was it goes on as admin."""
        async with request.db.transaction() as tx:
            new = await _find(tx, request.org_id, member_id)
            old = await members.of_user(tx, request.org_id, request.caller.user_id)
            if old is None or old.id == new.id:
                raise RequestError("This member is the owner already.")
            await members.transfer_ownership(tx, old, new)
        return DetailView(detail=f"{new.email} is the owner now.")


@post(
    "/v1/leave",
    guards=[require_key],
    status_code=204,
    tags=["Members"],
    summary="Leave the organization",
    errors=(400, 403),
)
async def leave(request: ApiRequest) -> None:
    """End your own membership and the keys that act with its role; not for the owner."""
    async with request.db.transaction() as tx:
        member = await members.of_user(tx, request.org_id, request.caller.user_id)
        if member is None:
            raise ForbiddenError("This key belongs to nobody who could leave.")
        if member.role == "owner":
            raise RequestError(
                "The owner cannot leave. Hand the organization over first with POST "
                "/v1/members/{member_id}/transfer-ownership."
            )
        await members.remove(tx, member)


async def _find(db: Source, org_id: int, member_id: int) -> Member:
    member = await members.get(db, org_id, member_id)
    if member is None:
        raise NotFoundError(f"There is no member {member_id}; GET /v1/members lists them.")
    return member


def _view(member: Member) -> MemberView:
    return MemberView(
        id=member.id,
        email=member.email,
        first_name=member.first_name,
        last_name=member.last_name,
        role=member.role,
        created_at=iso(member.created_at),
    )
