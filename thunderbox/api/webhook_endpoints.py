"""/v1/developer/webhook-endpoints: URLs that are told of events, each with its own secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import Struct

from thunderbox.api.auth import require_admin, require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.parameters import PathText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.api.webhook_fields import (
    RotationWrite,
    TestWrite,
    WebhookEndpointWrite,
    created,
    patched,
)
from thunderbox.errors import ForbiddenError, NotFoundError
from thunderbox.store import webhook_endpoints
from thunderbox.store.database import Source
from thunderbox.store.webhook_endpoints import WebhookEndpoint

HOUR_MS = 3_600_000
MAX_ENDPOINTS = 100
"""Of an organization; each is told within the transaction of what happened."""
HINT_CHARACTERS = 6


class WebhookEndpointView(Struct, kw_only=True):
    """An endpoint, without its secret."""

    id: str
    label: str
    url: str
    events: list[str]
    status: str
    secret_hint: str
    created_at: Timestamp
    updated_at: Timestamp

    agent_id: int | None
    agent_name: str | None
    failing_since: Timestamp | None
    previous_secret_expires_at: Timestamp | None


class NewWebhookEndpointView(WebhookEndpointView, kw_only=True):
    """An endpoint with the secret that it has from now on, which is shown this once."""

    secret: str


class TestView(Struct, kw_only=True):
    """What came of a test."""

    event_id: str
    event_type: str
    success: bool
    status: str
    response_code: int | None
    error: str


class WebhookEndpointsController(Controller):
    """List, make, change, rotate and delete endpoints; for owners and admins."""

    path = "/v1/developer/webhook-endpoints"
    guards = (require_key, require_admin)
    tags = ("Webhooks",)

    @get(summary="List webhook endpoints, newest first")
    async def list_webhook_endpoints(self, request: ApiRequest) -> list[WebhookEndpointView]:
        """Every endpoint of the organization, without its secret."""
        return [view(found) for found in await webhook_endpoints.page(request.db, request.org_id)]

    @post(dto=Body[WebhookEndpointWrite], return_dto=None, summary="Make a webhook endpoint")
    async def create_webhook_endpoint(
        self, request: ApiRequest, data: JSONBody[WebhookEndpointWrite]
    ) -> NewWebhookEndpointView:
        """An endpoint with a secret, which is shown this once."""
        async with request.db.transaction() as tx:
            if await webhook_endpoints.count(tx, request.org_id) >= MAX_ENDPOINTS:
                raise ForbiddenError(
                    f"This organization has all {MAX_ENDPOINTS} webhook endpoints that it may; "
                    "delete one with DELETE /v1/developer/webhook-endpoints/{id}."
                )
            new = await created(
                tx, request.org_id, msgspec.structs.asdict(data), plain=request.parts.allows_http
            )
            secret = webhook_endpoints.new_secret()
            made = await webhook_endpoints.insert(tx, request.org_id, new, secret)
        return _with_secret(made)

    @get("/{endpoint_id:str}", summary="Read a webhook endpoint")
    async def read_webhook_endpoint(
        self, request: ApiRequest, endpoint_id: PathText
    ) -> WebhookEndpointView:
        """One endpoint, without its secret."""
        return view(await find(request.db, request.org_id, endpoint_id))

    @patch(
        "/{endpoint_id:str}",
        dto=Given[WebhookEndpointWrite],
        return_dto=None,
        summary="Change a webhook endpoint",
    )
    async def change_webhook_endpoint(
        self, request: ApiRequest, endpoint_id: PathText, data: JSONBody[dict[str, Any]]
    ) -> WebhookEndpointView:
        """Change the fields that are sent; `active` also takes back that it is failing."""
        async with request.db.transaction() as tx:
            old = await find(tx, request.org_id, endpoint_id)
            new = await patched(tx, old, data, plain=request.parts.allows_http)
            return view(await webhook_endpoints.update(tx, old, new))

    @delete("/{endpoint_id:str}", summary="Delete a webhook endpoint")
    async def delete_webhook_endpoint(self, request: ApiRequest, endpoint_id: PathText) -> None:
        """Delete an endpoint with its deliveries; what it still waits for is not sent."""
        async with request.db.transaction() as tx:
            old = await find(tx, request.org_id, endpoint_id)
            await webhook_endpoints.delete(tx, request.org_id, old.id)

    @post(
        "/{endpoint_id:str}/rotate-secret",
        status_code=200,
        dto=Body[RotationWrite],
        return_dto=None,
        summary="Give a webhook endpoint another secret",
    )
    async def rotate_webhook_secret(
        self, request: ApiRequest, endpoint_id: PathText, data: JSONBody[RotationWrite]
    ) -> NewWebhookEndpointView:
        """A new secret, shown this once; for `overlap_hours` the old one signs beside it."""
        async with request.db.transaction() as tx:
            old = await find(tx, request.org_id, endpoint_id)
            secret = webhook_endpoints.new_secret()
            overlap_ms = data.overlap_hours * HOUR_MS
            return _with_secret(await webhook_endpoints.rotate(tx, old.id, secret, overlap_ms))

    @post(
        "/{endpoint_id:str}/test",
        status_code=200,
        dto=Body[TestWrite],
        return_dto=None,
        summary="Send a webhook endpoint a test",
    )
    async def test_webhook_endpoint(
        self, request: ApiRequest, endpoint_id: PathText, data: JSONBody[TestWrite]
    ) -> TestView:
        """An event that did not happen, with empty `data`; one that fails is repeated once."""
        endpoint = await find(request.db, request.org_id, endpoint_id)
        tested = await request.parts.courier.send_test(endpoint, data.event_type)
        return TestView(
            event_id=tested.event_id,
            event_type=tested.event_type,
            success=tested.status == "delivered",
            status=tested.status,
            response_code=tested.attempt.http_status,
            error=tested.attempt.error,
        )


async def find(db: Source, org_id: int, endpoint_id: str) -> WebhookEndpoint:
    """An endpoint of an organization. Raises NotFoundError."""
    endpoint = await webhook_endpoints.get(db, org_id, uuid_of(endpoint_id))
    if endpoint is None:
        raise NotFoundError(
            f"There is no webhook endpoint {endpoint_id}; GET /v1/developer/webhook-endpoints "
            "lists those there are."
        )
    return endpoint


def uuid_of(text: str) -> str:
    """The id as it is stored; what is no UUID is no endpoint's id either."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def view(endpoint: WebhookEndpoint) -> WebhookEndpointView:
    """An endpoint as answers show it."""
    return WebhookEndpointView(
        id=endpoint.id,
        label=endpoint.label,
        url=endpoint.url,
        events=endpoint.events,
        status=endpoint.status,
        secret_hint=f"whsec_…{endpoint.secret[-HINT_CHARACTERS:]}",
        created_at=iso(endpoint.created_at),
        updated_at=iso(endpoint.updated_at),
        agent_id=endpoint.agent_id,
        agent_name=endpoint.agent_name,
        failing_since=iso_optional(endpoint.failing_since),
        previous_secret_expires_at=iso_optional(endpoint.previous_secret_until),
    )


def _with_secret(endpoint: WebhookEndpoint) -> NewWebhookEndpointView:
    return NewWebhookEndpointView(**msgspec.structs.asdict(view(endpoint)), secret=endpoint.secret)
