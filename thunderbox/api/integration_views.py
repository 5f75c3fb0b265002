"""Integrations as answers show them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from thunderbox.api.times import Timestamp, iso
from thunderbox.store.integrations import Integration, IntegrationVersion


class HeaderView(Struct, kw_only=True):
    """A header that every request carries."""

    key: str
    value: str


class EndpointView(Struct, kw_only=True):
    """The endpoint once more, as an inline tool writes it."""

    url: str
    method: str
    headers: dict[str, str]


class IntegrationView(Struct, kw_only=True):
    """An integration; everything below `updated_at` is what the newer client looks for."""

    id: str
    display_name: str
    spec: dict[str, Any]
    endpoint_url: str
    endpoint_method: str
    headers: list[HeaderView]
    wizard_input: str
    validation_status: str
    created_at: Timestamp
    updated_at: Timestamp

    request_format: str = "standard"
    endpoint: EndpointView


class IntegrationVersionView(Struct, kw_only=True):
    """An integration as one write left it."""

    id: int
    revision: int
    created_by: str
    created_at: Timestamp
    snapshot: IntegrationView
    changed_fields: list[str]


class IntegrationVersionPage(Struct, kw_only=True):
    """The newest versions, and how many there are altogether."""

    count: int
    results: list[IntegrationVersionView]


class IntegrationTransferView(Struct, kw_only=True):
    """What became of a transfer."""

    mode: str
    source_org_id: int
    target_org_id: int
    integration: IntegrationView


def view(integration: Integration) -> IntegrationView:
    """An integration as an answer shows it."""
    return IntegrationView(
        id=integration.id,
        display_name=integration.display_name,
        spec=integration.spec,
        endpoint_url=integration.endpoint_url,
        endpoint_method=integration.endpoint_method,
        headers=[HeaderView(**header) for header in integration.headers],
        wizard_input=integration.wizard_input,
        validation_status=integration.validation_status,
        created_at=iso(integration.created_at),
        updated_at=iso(integration.updated_at),
        endpoint=EndpointView(
            url=integration.endpoint_url,
            method=integration.endpoint_method,
            headers={header["key"]: header["value"] for header in integration.headers},
        ),
    )


def version_view(version: IntegrationVersion) -> IntegrationVersionView:
    """A version as an answer shows it."""
    return IntegrationVersionView(
        id=version.id,
        revision=version.revision,
        created_by=version.created_by,
        created_at=iso(version.created_at),
        snapshot=view(version.integration()),
        changed_fields=version.changed_fields,
    )
