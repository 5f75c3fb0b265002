"""/v1/webhook: the single URL of an organization, which is told of every event."""

from __future__ import annotations

from typing import Any

from litestar import Controller, get, patch, put
from litestar.params import JSONBody
from msgspec import Struct

from thunderbox.api.auth import require_admin, require_key
from thunderbox.api.bodies import Body, Given
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.api.webhook_fields import OrganizationWebhookWrite, checked_url
from thunderbox.errors import NotFoundError
from thunderbox.store import organization_webhooks, webhook_deliveries
from thunderbox.store.organization_webhooks import OrganizationWebhook
from thunderbox.store.webhook_events import LEGACY


class OrganizationWebhookView(Struct, kw_only=True):
    """The URL, and the secret that signs what it and the organization's tools are sent."""

    url: str
    secret: str
    created_at: Timestamp
    updated_at: Timestamp


class OrganizationWebhookController(Controller):
    """Read and set the URL; for owners and admins, for it shows the secret."""

    path = "/v1/webhook"
    guards = (require_key, require_admin)
    tags = ("Webhooks",)

    @get(summary="Read the organization's single webhook", errors=(404,))
    async def read_organization_webhook(self, request: ApiRequest) -> OrganizationWebhookView:
        """The URL, empty where it was taken away, and the secret."""
        return await _read(request)

    @put(
        dto=Body[OrganizationWebhookWrite],
        return_dto=None,
        summary="Set the organization's single webhook",
    )
    async def set_organization_webhook(
        self, request: ApiRequest, data: JSONBody[OrganizationWebhookWrite]
    ) -> OrganizationWebhookView:
        """Set the URL, or take it away with an empty one; the secret stays."""
        return await _set(request, data.url)

    @patch(
        dto=Given[OrganizationWebhookWrite],
        return_dto=None,
        summary="Change the organization's single webhook",
        errors=(404,),
    )
    async def change_organization_webhook(
        self, request: ApiRequest, data: JSONBody[dict[str, Any]]
    ) -> OrganizationWebhookView:
        """The same as PUT; without a URL nothing changes."""
        return await _set(request, data["url"]) if data else await _read(request)


async def _read(request: ApiRequest) -> OrganizationWebhookView:
    found = await organization_webhooks.get(request.db, request.org_id)
    if found is None:
        raise NotFoundError(
            "This organization has no webhook yet; PUT /v1/webhook with a url makes one, and an "
            "empty url makes the secret alone."
        )
    return _view(found)


async def _set(request: ApiRequest, given: str) -> OrganizationWebhookView:
    url = checked_url(given, plain=request.parts.allows_http)
    async with request.db.transaction() as tx:
        if not url:
            receiver = f"{LEGACY}{request.org_id}"
            await webhook_deliveries.give_up(tx, receiver, "The webhook was taken away.")
        return _view(await organization_webhooks.put(tx, request.org_id, url))


def _view(webhook: OrganizationWebhook) -> OrganizationWebhookView:
    return OrganizationWebhookView(
        url=webhook.url,
        secret=webhook.secret,
        created_at=iso(webhook.created_at),
        updated_at=iso(webhook.updated_at),
    )
