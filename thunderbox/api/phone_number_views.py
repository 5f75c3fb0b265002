"""Phone numbers as answers show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.store.phone_numbers import PhoneNumber, PhoneNumberVersion

CanCall = Callable[[int], bool]


class PhoneNumberView(Struct, kw_only=True):
    """A number; everything below `updated_at` is what the newer client insists on."""

    id: int
    number: str
    source: str
    status: str
    inbound_agent_id: int | None
    outbound_agent_id: int | None
    voip_connection_id: int | None
    voip_verification_status: str
    voip_last_verified_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp

    label: str
    outbound_eligible: bool
    outbound_ineligible_reason: str | None
    sms_capability_checked_at: Timestamp | None = None
    sms_capable: bool | None = None
    voip_inbound_result: dict[str, Any] | None = None
    voip_inbound_status: str = "untested"
    voip_inbound_test_method: str | None = None
    voip_inbound_tested_at: Timestamp | None = None
    webhook_signing_secret: str | None
    webhook_url: str | None


class PhoneNumberVersionView(Struct, kw_only=True):
    """A number as one write left it."""

    id: int
    revision: int
    created_by: str
    created_at: Timestamp
    snapshot: PhoneNumberView
    changed_fields: list[str]


class PhoneNumberVersionPage(Struct, kw_only=True):
    """The newest versions, and how many there are altogether."""

    count: int
    results: list[PhoneNumberVersionView]


class PhoneNumberTransferView(Struct, kw_only=True):
    """A number in its new organization, and what it left behind."""

    phone_number: PhoneNumberView
    source_org_id: int
    target_org_id: int
    cleared_agent_assignments: bool
    cleared_webhook_config: bool


class LimitsView(Struct, kw_only=True):
    """How many demo numbers an organization may hold, and holds."""

    max_platform_numbers: int
    platform_numbers_used: int


def view(found: PhoneNumber, can_call: CanCall = lambda trunk: True) -> PhoneNumberView:
    """A number; `can_call` tells whether its connection places calls."""
    reason = _why_inbound_only(found, can_call)
    return PhoneNumberView(
        id=found.id,
        number=found.number,
        source=found.source,
        status=found.status,
        inbound_agent_id=found.inbound_agent_id,
        outbound_agent_id=found.outbound_agent_id,
        voip_connection_id=found.voip_connection_id,
        voip_verification_status=found.voip_verification_status,
        voip_last_verified_at=iso_optional(found.voip_last_verified_at),
        created_at=iso(found.created_at),
        updated_at=iso(found.updated_at),
        label=found.label,
        outbound_eligible=reason is None,
        outbound_ineligible_reason=reason,
        voip_inbound_result=found.voip_inbound_result or None,
        voip_inbound_status=found.voip_inbound_status,
        voip_inbound_test_method=found.voip_inbound_test_method,
        voip_inbound_tested_at=iso_optional(found.voip_inbound_tested_at),
        webhook_signing_secret=found.webhook_signing_secret,
        webhook_url=found.webhook_url,
    )


def version_view(version: PhoneNumberVersion) -> PhoneNumberVersionView:
    """A version."""
    return PhoneNumberVersionView(
        id=version.id,
        revision=version.revision,
        created_by=version.created_by,
        created_at=iso(version.created_at),
        snapshot=view(version.phone_number()),
        changed_fields=version.changed_fields,
    )


def _why_inbound_only(found: PhoneNumber, can_call: CanCall) -> str | None:
    """Why no call can be placed from a number; None when one can."""
    if found.source != "voip":
        return "Demo numbers only take calls; import a number of your own to place them."
    if found.status != "active" or found.voip_verification_status != "verified":
        return "This number is not verified yet."
    if found.voip_connection_id is not None and not can_call(found.voip_connection_id):
        return "Its connection has no SIP account (sip_config) to place calls with."
    return None
