"""Transfers: copying or moving what belongs to one organization into another."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from thunderbox.api.fields import Id
from thunderbox.api.request import ApiRequest
from thunderbox.errors import ForbiddenError, InvalidError, NotFoundError
from thunderbox.store import users
from thunderbox.store.database import Source

Mode = Literal["copy", "move"]
NewName = Annotated[
    str,
    Meta(min_length=1, max_length=255, pattern=r"\S", description="a text of 1 to 255 characters"),
]


class TransferWrite(Struct, kw_only=True):
    """The body of a transfer."""

    target_org_id: Id
    mode: Mode = "copy"
    name: NewName | None = None


async def check_target(db: Source, request: ApiRequest, target: int, *, moves: bool) -> None:
    """Whether the caller may transfer to an organization, and away from its own where it moves.

    Raises InvalidError, NotFoundError (also for an organization that the caller does not belong
    to), ForbiddenError.
    """
    if target == request.org_id:
        raise InvalidError(
            {
                "target_org_id": [
                    f"target_org_id is {target}, but must be another organization than the source."
                ]
            }
        )
    role = await users.role_in(db, target, request.caller.user_id)
    if role is None:
        raise NotFoundError(f"There is no organization {target} that you belong to.")
    if role == "member":
        raise ForbiddenError(
            f"You are a member of organization {target}, but only its owners and admins may "
            "bring something into it."
        )
    if moves and request.caller.role == "member":
        raise ForbiddenError(
            "You are a member of this organization, but only its owners and admins may move "
            "something out of it."
        )
