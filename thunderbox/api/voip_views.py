"""VoIP connections, their tests and their numbers as answers show them; never a credential."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.calls.connections import Connections, Tried
from thunderbox.calls.voip_logins import suggested_name
from thunderbox.calls.voip_numbers import Attempt
from thunderbox.store.phone_numbers import PhoneNumber
from thunderbox.store.voip_connections import Evidence, VoipConnection


class EvidenceView(Struct, kw_only=True):
    """What a test has shown."""

    id: str
    provider: str
    config_fingerprint: str
    inbound_status: str
    outbound_status: str
    evidence: dict[str, Any]
    created_at: Timestamp
    provider_charge_currency: str = "usd"
    provider_charge_estimate_cents: int | None = None
    provider_charge_note: str = ""


class ConnectionView(Struct, kw_only=True):
    """A connection; everything below `updated_at` is what the newer client insists on."""

    id: int
    name: str
    provider: str
    setup_method: str
    status: str
    inferred_name: bool
    sip_config: dict[str, Any]
    last_tested_at: Timestamp | None
    numbers_imported: int
    created_at: Timestamp
    updated_at: Timestamp

    credentials: dict[str, str] = msgspec.field(default_factory=dict)
    numbers_pending_verification: int = 0
    provisioning_message: str | None = None
    provisioning_supported: bool = False
    test_result: dict[str, Any] | None = None
    transfer_enabled_at: Timestamp | None = None
    transfer_refused_at: Timestamp | None = None


class ConnectionTestView(Struct, kw_only=True):
    """What a test has shown, in both vocabularies."""

    status: str
    verification_evidence_id: str
    suggested_connection_name: str
    checks: dict[str, bool]
    test_result: dict[str, Any]
    verification_evidence: EvidenceView
    suggested_connection_name_inferred: bool = True


class NameView(Struct, kw_only=True):
    """A name for a connection."""

    suggested_connection_name: str
    suggested_connection_name_inferred: bool = True


class SipHostView(Struct, kw_only=True):
    """Where trunks send calls."""

    sip_host: str | None


class AvailableNumberView(Struct, kw_only=True):
    """A number of the account at the provider."""

    phone_number: str
    friendly_name: str
    capabilities: list[str]


class NumberSummary(Struct, kw_only=True):
    """A number that was imported."""

    id: int
    number: str
    status: str


class ImportedNumbersView(Struct, kw_only=True):
    """What was imported."""

    imported_count: int
    results: list[NumberSummary]
    provider_charge_estimate_cents: int = 0
    provider_charge_note: str = ""


class NumberVerificationView(Struct, kw_only=True):
    """How the verification of a number went."""

    phone_number_id: int
    status: str
    voip_verification_status: str
    verification_evidence: EvidenceView
    provider_charge_currency: str = "usd"
    provider_charge_estimate_cents: int | None = None
    provider_charge_note: str = ""


class LoopbackView(Struct, kw_only=True):
    """A call that did not come back."""

    outcome: str
    detail: str
    carrier_message: str
    sip_status_code: int | None


class InboundProbeView(Struct, kw_only=True):
    """A call from outside that should arrive."""

    status: str
    detail: str
    from_number: str
    method: str
    reason: str
    proves_outbound: bool
    loopback: LoopbackView | None
    seconds_to_arrival: float | None
    tested_at: Timestamp | None


class NumberInboundTestView(Struct, kw_only=True):
    """How the test of a number went."""

    phone_number_id: int
    voip_inbound_status: str
    voip_inbound_tested_at: Timestamp | None
    inbound_probe: InboundProbeView


def evidence_view(found: Evidence) -> EvidenceView:
    """A piece of evidence."""
    return EvidenceView(
        id=found.id,
        provider=found.provider,
        config_fingerprint=found.config_fingerprint,
        inbound_status=found.inbound_status,
        outbound_status=found.outbound_status,
        evidence=found.evidence,
        created_at=iso(found.created_at),
    )


def connection_view(
    found: VoipConnection, connections: Connections, counts: tuple[int, int]
) -> ConnectionView:
    """A connection, with how it stands and how many numbers it has."""
    status, message = connections.standing(found)
    return ConnectionView(
        id=found.id,
        name=found.name,
        provider=found.provider,
        setup_method=found.setup_method,
        status=status,
        inferred_name=found.inferred_name,
        sip_config=found.sip_config,
        last_tested_at=iso_optional(found.last_tested_at),
        numbers_imported=counts[0],
        created_at=iso(found.created_at),
        updated_at=iso(found.updated_at),
        numbers_pending_verification=counts[1],
        provisioning_message=message,
        test_result=found.test_result or None,
    )


def test_view(tried: Tried) -> ConnectionTestView:
    """A test."""
    evidence = tried.evidence
    return ConnectionTestView(
        status=evidence.evidence["status"],
        verification_evidence_id=evidence.id,
        suggested_connection_name=suggested_name(tried.login),
        checks=evidence.evidence["checks"],
        test_result=evidence.evidence,
        verification_evidence=evidence_view(evidence),
    )


def verification_view(number: PhoneNumber, evidence: Evidence) -> NumberVerificationView:
    """A verification."""
    return NumberVerificationView(
        phone_number_id=number.id,
        status=number.status,
        voip_verification_status=number.voip_verification_status,
        verification_evidence=evidence_view(evidence),
    )


def inbound_test_view(
    number: PhoneNumber, attempt: Attempt | None, detail: str
) -> NumberInboundTestView:
    """A test from outside; `unavailable` where none could be made."""
    passed = attempt is not None and attempt.outcome == "arrived"
    loopback = None
    if attempt is not None and attempt.outcome != "arrived":
        loopback = LoopbackView(
            outcome=attempt.outcome,
            detail=attempt.detail,
            carrier_message="",
            sip_status_code=attempt.sip_status or None,
        )
    tested_at = iso_optional(number.voip_inbound_tested_at)
    return NumberInboundTestView(
        phone_number_id=number.id,
        voip_inbound_status=number.voip_inbound_status,
        voip_inbound_tested_at=tested_at,
        inbound_probe=InboundProbeView(
            status="unavailable" if attempt is None else "pass" if passed else "fail",
            detail=detail,
            from_number=number.number if attempt is not None else "",
            method="loopback",
            reason="" if attempt is None or passed else attempt.outcome,
            proves_outbound=passed,
            loopback=loopback,
            seconds_to_arrival=attempt.seconds if attempt is not None else None,
            tested_at=tested_at if attempt is not None else None,
        ),
    )
