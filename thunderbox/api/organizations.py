"""/v1/orgs: the organizations of whoever asks; a key sees the one that it belongs to."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.auth import require_identity
from thunderbox.api.bodies import Given, Whole
from thunderbox.api.fields import refusal
from thunderbox.api.parameters import PathId
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.calls import prompt
from thunderbox.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RequestError,
)
from thunderbox.store import members, organizations, users
from thunderbox.store.api_keys import Holder
from thunderbox.store.database import Source, Transaction
from thunderbox.store.organizations import Membership, Organization

log = logging.getLogger(__name__)


CALLS_AT_ONCE = 100
"""Calls of an organization are deleted so many at a time: running calls write in between."""
MAX_KEPT = 16_384

Zone = Annotated[
    str,
    Meta(
        max_length=64,
        description="the name of a time zone such as Europe/Berlin, or empty for the box's own",
    ),
]
ExcludedNumbers = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=64)]],
    Meta(max_length=1_000, description="a list of at most 1000 numbers such as +15550100"),
]
BusinessHours = Annotated[
    dict[str, Any] | list[Any] | None,
    Meta(description=f"an object or a list of at most {MAX_KEPT} bytes of JSON, or null"),
]


class OrganizationWrite(Struct, kw_only=True):
    """The body of a create and of a PUT; a PATCH may leave everything out."""

    name: Annotated[
        str,
        Meta(
            min_length=1, max_length=120, pattern=r"\S", description="a text of 1 to 120 characters"
        ),
    ]
    timezone: Zone | None = None
    business_hours: BusinessHours = None
    excluded_numbers: ExcludedNumbers | None = None


class OrganizationView(Struct, kw_only=True):
    """An organization; everything below `updated_at` is what the newer client insists on."""

    id: int
    name: str
    role: str | None
    created_at: Timestamp
    updated_at: Timestamp

    timezone: str
    business_hours: Any
    excluded_numbers: list[str]
    baa_status: str = "none"
    phi_processing: str = "no_phi"
    bolt_pipeline: str = "v1"
    experimental_products_enabled: bool = False


class OrganizationsController(Controller):
    """List, make, read, change and delete organizations."""

    path = "/v1/orgs"
    guards = (require_identity,)
    tags = ("Organizations",)

    @get(summary="List your organizations, newest first")
    async def list_organizations(self, request: ApiRequest) -> list[OrganizationView]:
        """Those that a person belongs to; for a key its own."""
        return [_view(request, one, one.role) for one in await _visible(request.db, request)]

    @post(
        dto=Whole[OrganizationWrite],
        return_dto=None,
        summary="Make an organization",
        errors=(403,),
    )
    async def create_organization(
        self, request: ApiRequest, data: JSONBody[dict[str, Any]]
    ) -> OrganizationView:
        """An organization whose owner is the person who asks, or whose key asks."""
        user_id = request.identity.user_id
        if user_id is None:
            raise ForbiddenError("This key belongs to nobody who could own an organization.")
        values = _values(data)
        async with request.db.transaction() as tx:
            made = await organizations.insert(tx, values["name"])
            if len(values) > 1:
                made = await organizations.update(tx, made.id, values)
            await users.join(tx, made.id, user_id, "owner")
        return _view(request, made, "owner")

    @get("/{org_id:int}", summary="Read an organization")
    async def read_organization(self, request: ApiRequest, org_id: PathId) -> OrganizationView:
        """One organization, with your role in it."""
        found = await _find(request.db, request, org_id)
        return _view(request, found, found.role)

    @put(
        "/{org_id:int}",
        dto=Whole[OrganizationWrite],
        return_dto=None,
        summary="Change an organization, with its name",
        errors=(403,),
    )
    async def replace_organization(
        self, request: ApiRequest, org_id: PathId, data: JSONBody[dict[str, Any]]
    ) -> OrganizationView:
        """What is sent besides the name changes too; for owners and admins."""
        return await _change(request, org_id, data)

    @patch(
        "/{org_id:int}",
        dto=Given[OrganizationWrite],
        return_dto=None,
        summary="Change an organization",
        errors=(403,),
    )
    async def change_organization(
        self, request: ApiRequest, org_id: PathId, data: JSONBody[dict[str, Any]]
    ) -> OrganizationView:
        """Change what is sent; for owners and admins."""
        return await _change(request, org_id, data)

    @delete("/{org_id:int}", summary="Delete an organization", errors=(400, 403, 409))
    async def delete_organization(self, request: ApiRequest, org_id: PathId) -> None:
        """Delete an organization with all that it owns, recordings too; for its owner alone."""
        deleting = True
        while deleting:
            async with request.db.transaction() as tx:
                await _check_deletable(tx, request, org_id)
                count, files = await organizations.delete_calls(tx, org_id, CALLS_AT_ONCE)
                if count < CALLS_AT_ONCE:
                    await organizations.delete(tx, org_id)
                    deleting = False
            await asyncio.to_thread(_forget, request.parts.recordings, files)


async def _check_deletable(tx: Transaction, request: ApiRequest, org_id: int) -> None:
    """Raises NotFoundError, ForbiddenError, RequestError, ConflictError."""
    found = await _find(tx, request, org_id)
    if found.role != "owner":
        raise ForbiddenError(
            f"You act with the role {found.role}, but only the owner may delete an organization."
        )
    if len(await members.page(tx, org_id)) > 1:
        raise RequestError(
            "Other people belong to this organization. Remove them first with DELETE "
            "/v1/members/{member_id}."
        )
    if len(await organizations.of_user(tx, request.identity.user_id or 0)) == 1:
        raise RequestError(
            "This is your only organization. Make another one first with POST /v1/orgs."
        )
    if await organizations.is_calling(tx, org_id):
        raise ConflictError(
            "A call of this organization is in progress. Delete it when the call is over."
        )


async def _visible(db: Source, request: ApiRequest) -> list[Membership]:
    """The organizations that the caller may see, newest first."""
    identity = request.identity
    if not isinstance(identity, Holder):
        return await organizations.of_user(db, identity.user_id)
    own = await organizations.get(db, identity.org_id)
    if own is None:
        return []
    return [Membership(**msgspec.structs.asdict(own), role=identity.role)]


async def _find(db: Source, request: ApiRequest, org_id: int) -> Membership:
    for organization in await _visible(db, request):
        if organization.id == org_id:
            return organization
    raise NotFoundError(f"There is no organization {org_id}; GET /v1/orgs lists yours.")


async def _change(request: ApiRequest, org_id: int, data: dict[str, Any]) -> OrganizationView:
    values = _values(data)
    async with request.db.transaction() as tx:
        found = await _find(tx, request, org_id)
        if found.role not in ("owner", "admin"):
            raise ForbiddenError(
                f"You act with the role {found.role}, but only owners and admins may change an "
                "organization."
            )
        if not values:
            return _view(request, found, found.role)
        return _view(request, await organizations.update(tx, org_id, values), found.role)


def _values(data: dict[str, Any]) -> dict[str, Any]:
    """What is to be written of what was sent. Raises InvalidError."""
    values = dict(data)
    wrong = {}
    if "timezone" in values:
        values["timezone"] = values["timezone"] or ""
        if not prompt.is_timezone(values["timezone"]):
            wrong["timezone"] = [refusal("timezone", values["timezone"], Zone)]
    if "business_hours" in values:
        # Kept as text; a text is written as it is.
        values["business_hours"] = msgspec.json.encode(values["business_hours"]).decode()
        if len(values["business_hours"].encode()) > MAX_KEPT:
            wrong["business_hours"] = [
                refusal("business_hours", data["business_hours"], BusinessHours)
            ]
    if "excluded_numbers" in values:
        values["excluded_numbers"] = values["excluded_numbers"] or []
    if wrong:
        raise InvalidError(wrong)
    return values


def _forget(directory: Path, files: list[str]) -> None:
    """Delete recordings; what cannot be deleted is named in the log."""
    for name in files:
        try:
            (directory / Path(name).name).unlink(missing_ok=True)
        except OSError as error:
            log.warning("The recording %s could not be deleted: %s", name, error.strerror)


def _view(request: ApiRequest, organization: Organization, role: str | None) -> OrganizationView:
    zone = organization.timezone or request.parts.settings.calls.timezone
    return OrganizationView(
        id=organization.id,
        name=organization.name,
        role=role,
        timezone=zone or prompt.machine_timezone(),
        business_hours=msgspec.json.decode(organization.business_hours),
        excluded_numbers=organization.excluded_numbers,
        created_at=iso(organization.created_at),
        updated_at=iso(organization.updated_at),
    )
