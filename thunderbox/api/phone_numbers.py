"""/v1/phone-numbers: which agent answers which number."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Controller, Response, delete, get, post, route
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from thunderbox.api import dialect
from thunderbox.api.auth import require_admin, require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.fields import Id
from thunderbox.api.parameters import PathId
from thunderbox.api.phone_number_views import (
    LimitsView,
    PhoneNumberTransferView,
    PhoneNumberVersionPage,
    PhoneNumberView,
    version_view,
    view,
)
from thunderbox.api.request import ApiRequest
from thunderbox.api.transfers import check_target
from thunderbox.api.voip_views import (
    NumberInboundTestView,
    NumberVerificationView,
    inbound_test_view,
    verification_view,
)
from thunderbox.api.webhook_urls import wrong
from thunderbox.errors import ForbiddenError, InvalidError, NotFoundError
from thunderbox.store import agents, phone_numbers
from thunderbox.store.database import Source
from thunderbox.store.phone_numbers import NewPhoneNumber, PhoneNumber
from thunderbox.store.webhook_endpoints import new_secret

MAX_DEMO_NUMBERS = 10

AgentId = Annotated[Id | None, Meta(description="the id of an agent of this organization, or null")]
VersionLimit = Annotated[
    int, QueryParameter(ge=1, le=100), Meta(description="a whole number from 1 to 100")
]
Confirm = Annotated[bool | None, QueryParameter(), Meta(description="true")]


class ProvisionWrite(Struct, kw_only=True):
    """The body of a create; place names are understood, though a demo number has no place."""

    area_code: Annotated[str, Meta(pattern=r"^\d{3}$", description="a text of 3 digits")] | None = (
        None
    )
    city: str | None = None
    state: (
        Annotated[str, Meta(pattern=r"^[A-Za-z]{2}$", description="a text of 2 letters")] | None
    ) = None
    inbound_agent_id: AgentId = None
    idempotency_key: (
        Annotated[
            str, Meta(min_length=1, max_length=128, description="a text of 1 to 128 characters")
        ]
        | None
    ) = None


class PhoneNumberWrite(Struct, kw_only=True):
    """The body of a PUT and of a PATCH; both change only what is sent."""

    inbound_agent_id: AgentId = None
    outbound_agent_id: AgentId = None
    label: Annotated[str, Meta(max_length=255, description="a text of at most 255 characters")] = ""
    webhook_url: str | None = None
    status: Annotated[Literal["active"], Meta(description='"active"; DELETE releases a number')] = (
        "active"
    )


class NumberTransferWrite(Struct, kw_only=True):
    """The body of a transfer."""

    target_org_id: Id


class PhoneNumbersController(Controller):
    """List, take, assign and release numbers."""

    path = "/v1/phone-numbers"
    guards = (require_key,)
    tags = ("Phone numbers",)

    @get(summary="List numbers, newest first")
    async def list_numbers(self, request: ApiRequest) -> list[PhoneNumberView]:
        """Every number of the organization that is not released."""
        return [
            view(found, request.parts.connections.can_call)
            for found in await phone_numbers.page(request.db, request.org_id)
        ]

    @post(dto=Body[ProvisionWrite], return_dto=None, summary="Take a demo number", errors=(403,))
    async def create_number(
        self, request: ApiRequest, data: JSONBody[ProvisionWrite]
    ) -> PhoneNumberView:
        """A free number of the fictional +1 555 range; the box answers it at once."""
        org_id, key = request.org_id, data.idempotency_key
        async with request.db.transaction() as tx:
            known = key and await phone_numbers.by_idempotency_key(tx, org_id, key)
            if known:
                return view(known)
            await _check_room(tx, org_id)
            await _check_agents(tx, org_id, {"inbound_agent_id": data.inbound_agent_id})
            new = NewPhoneNumber(
                number=await phone_numbers.free_demo(tx),
                inbound_agent_id=data.inbound_agent_id,
                idempotency_key=key,
            )
            return view(await phone_numbers.insert(tx, org_id, new, request.author))

    @get("/limits", summary="How many demo numbers are left")
    async def read_limits(self, request: ApiRequest) -> LimitsView:
        """How many demo numbers the organization may hold, and holds."""
        return LimitsView(
            max_platform_numbers=MAX_DEMO_NUMBERS,
            platform_numbers_used=await phone_numbers.count_demo(request.db, request.org_id),
        )

    @get("/{number_id:int}", summary="Read a number")
    async def read_number(self, request: ApiRequest, number_id: PathId) -> PhoneNumberView:
        """One number."""
        found = await _find(request.db, request.org_id, number_id)
        return view(found, request.parts.connections.can_call)

    @route(
        "/{number_id:int}",
        http_method=["PUT", "PATCH"],
        status_code=200,
        dto=Given[PhoneNumberWrite],
        return_dto=None,
        summary="Assign agents to a number",
    )
    async def change_number(
        self, request: ApiRequest, number_id: PathId, data: JSONBody[dict[str, Any]]
    ) -> PhoneNumberView:
        """Change the fields that are sent."""
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, number_id)
            await _check_agents(tx, request.org_id, data)
            changed = await phone_numbers.update(
                tx,
                old,
                request.author,
                inbound_agent_id=data.get("inbound_agent_id", old.inbound_agent_id),
                outbound_agent_id=data.get("outbound_agent_id", old.outbound_agent_id),
                label=data.get("label", old.label),
                **_webhook(old, data, plain=request.parts.allows_http),
            )
            return view(changed, request.parts.connections.can_call)

    @get("/{number_id:int}/versions", summary="List a number's versions, newest first")
    async def list_versions(
        self, request: ApiRequest, number_id: PathId, limit: VersionLimit = 20
    ) -> PhoneNumberVersionPage:
        """The newest versions, and how many there are altogether."""
        await _find(request.db, request.org_id, number_id)
        count, found = await phone_numbers.versions(request.db, request.org_id, number_id, limit)
        return PhoneNumberVersionPage(count=count, results=[version_view(one) for one in found])

    @post(
        "/{number_id:int}/transfer",
        dto=Body[NumberTransferWrite],
        return_dto=None,
        status_code=200,
        summary="Move a number to another organization",
        errors=(403,),
    )
    async def transfer_number(
        self, request: ApiRequest, number_id: PathId, data: JSONBody[NumberTransferWrite]
    ) -> PhoneNumberTransferView:
        """Move a number; its agents, its webhook and its versions stay behind."""
        target = data.target_org_id
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, number_id)
            await check_target(tx, request, target, moves=True)
            if old.source == "demo":
                await _check_room(tx, target)
            moved = await phone_numbers.update(tx, old, request.author, **_moved(old, target))
        return PhoneNumberTransferView(
            phone_number=view(moved),
            source_org_id=old.org_id,
            target_org_id=target,
            cleared_agent_assignments=bool(old.inbound_agent_id or old.outbound_agent_id),
            cleared_webhook_config=old.webhook_url is not None,
        )

    @post(
        "/{number_id:int}/verify-voip",
        guards=[require_admin],
        status_code=200,
        summary="Verify a number",
        errors=(400,),
    )
    async def verify_number(self, request: ApiRequest, number_id: PathId) -> NumberVerificationView:
        """Have its calls sent to this box; 200 also when that failed, and the answer says why."""
        numbers = request.parts.voip_numbers
        return verification_view(*await numbers.verify(request.org_id, number_id, request.author))

    @post(
        "/{number_id:int}/test-inbound",
        guards=[require_admin],
        status_code=200,
        summary="Call a number from outside",
        errors=(409,),
    )
    async def test_inbound(self, request: ApiRequest, number_id: PathId) -> NumberInboundTestView:
        """Place a call from the number to itself through its trunk, and see whether it arrives."""
        numbers = request.parts.voip_numbers
        return inbound_test_view(
            *await numbers.test_inbound(request.org_id, number_id, request.author)
        )

    @delete("/{number_id:int}", status_code=200, summary="Release a number", also=(204,))
    async def release_number(
        self, request: ApiRequest, number_id: PathId, confirm: Confirm = None
    ) -> Response[dict[str, Any] | None]:
        """Give a number back; with `confirm` the answer is 200 and says what was done."""
        if confirm is False:
            raise InvalidError(
                {"confirm": ["confirm is false; a number is only released by true."]}
            )
        async with request.db.transaction() as tx:
            if not await phone_numbers.release(tx, request.org_id, number_id):
                raise _absent(number_id)
        if not dialect.releases_with_body(confirm):
            return Response(None, status_code=204)
        body = {"detail": "Released.", "released_at_provider": False, "routing_removed": True}
        return Response(body, status_code=200)


async def _find(db: Source, org_id: int, number_id: int) -> PhoneNumber:
    found = await phone_numbers.get(db, org_id, number_id)
    if found is None:
        raise _absent(number_id)
    return found


def _absent(number_id: int) -> NotFoundError:
    return NotFoundError(
        f"There is no phone number {number_id}; GET /v1/phone-numbers lists those there are."
    )


async def _check_room(db: Source, org_id: int) -> None:
    """Whether an organization may hold one more demo number. Raises ForbiddenError."""
    if await phone_numbers.count_demo(db, org_id) >= MAX_DEMO_NUMBERS:
        raise ForbiddenError(
            f"Organization {org_id} holds all {MAX_DEMO_NUMBERS} demo numbers that it may; "
            "release one with DELETE /v1/phone-numbers/{id}."
        )


def _webhook(old: PhoneNumber, given: dict[str, Any], *, plain: bool) -> dict[str, Any]:
    """What a new webhook_url changes: the first one comes with a secret. Raises InvalidError."""
    if "webhook_url" not in given:
        return {}
    url = given["webhook_url"] or None
    if url is not None and (sentence := wrong("webhook_url", url, plain=plain)):
        raise InvalidError({"webhook_url": [sentence]})
    secret = None if url is None else old.webhook_signing_secret or new_secret()
    return {"webhook_url": url, "webhook_signing_secret": secret}


def _moved(old: PhoneNumber, target: int) -> dict[str, Any]:
    """What a move to another organization changes.

    A connection and its password stay where they are: the new owner imports the number over one
    of their own.
    """
    changes: dict[str, Any] = {
        "org_id": target,
        "inbound_agent_id": None,
        "outbound_agent_id": None,
        "webhook_url": None,
        "webhook_signing_secret": None,
        "idempotency_key": None,
    }
    if old.voip_connection_id is not None:
        changes |= {
            "voip_connection_id": None,
            "voip_verification_status": "unverified",
            "status": "provisioning",
        }
    return changes


async def _check_agents(db: Source, org_id: int, given: dict[str, Any]) -> None:
    """Refuse agents that are not this organization's. Raises InvalidError."""
    wrong = {
        field: [f"{field} is {given[field]}, but this organization has no agent with that id."]
        for field in ("inbound_agent_id", "outbound_agent_id")
        if given.get(field) is not None and await agents.get(db, org_id, given[field]) is None
    }
    if wrong:
        raise InvalidError(wrong)
