"""Webhooks with the official client."""

from __future__ import annotations

from datetime import UTC, datetime

from thunderphone.generated.api.developer import (
    developer_webhook_deliveries_list,
    developer_webhook_endpoints_create,
    developer_webhook_endpoints_delete,
    developer_webhook_endpoints_list,
    developer_webhook_endpoints_partial_update,
)
from thunderphone.generated.api.webhook import (
    webhook_bulk_update,
    webhook_list,
    webhook_update,
)
from thunderphone.generated.api.webhooks import developer_webhook_endpoints_test
from thunderphone.generated.models.developer_webhook_endpoint_create_update_request import (
    DeveloperWebhookEndpointCreateUpdateRequest,
)
from thunderphone.generated.models.events_enum import EventsEnum
from thunderphone.generated.models.organization_webhook_request import OrganizationWebhookRequest
from thunderphone.generated.models.patched_developer_webhook_endpoint_create_update_request import (
    PatchedDeveloperWebhookEndpointCreateUpdateRequest,
)
from thunderphone.generated.models.patched_organization_webhook_request import (
    PatchedOrganizationWebhookRequest,
)

from tests.sdk.conftest import Official

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


async def test_endpoints_from_first_to_last(sdk: Official):
    made = await sdk(
        developer_webhook_endpoints_create,
        body=DeveloperWebhookEndpointCreateUpdateRequest(
            label="CRM", url="https://127.0.0.1:1/hook", events=list(EventsEnum)
        ),
    )
    assert made.secret.startswith("whsec_")
    assert [found.id for found in await sdk(developer_webhook_endpoints_list)] == [made.id]
    changed = await sdk(
        developer_webhook_endpoints_partial_update,
        made.id,
        body=PatchedDeveloperWebhookEndpointCreateUpdateRequest(label="ERP"),
    )
    assert (changed.label, changed.url) == ("ERP", "https://127.0.0.1:1/hook")
    tested = await sdk(developer_webhook_endpoints_test, made.id)
    assert (tested.success, tested.status, tested.event_type) == (False, "retrying", "webhook.test")
    logged = await sdk(developer_webhook_deliveries_list, endpoint_id=str(made.id), since=SINCE)
    assert [one.event_type for one in logged.results] == ["webhook.test"]
    await sdk(developer_webhook_endpoints_delete, made.id)
    assert await sdk.status(developer_webhook_endpoints_delete, made.id) == 404


async def test_the_single_webhook(sdk: Official):
    assert await sdk.status(webhook_list) == 404
    url = "https://example.com/all"
    made = await sdk(webhook_update, body=OrganizationWebhookRequest(url=url))
    assert (made.url, made.secret) == (url, (await sdk(webhook_list)).secret)
    other = PatchedOrganizationWebhookRequest(url="https://example.com/b")
    assert (await sdk(webhook_bulk_update, body=other)).url == other.url
