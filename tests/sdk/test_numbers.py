"""Phone numbers, their labels and VoIP connections through the official client."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from thunderphone.generated.api.phone_number_labels import (
    phone_number_labels_create,
    phone_number_labels_delete,
    phone_number_labels_list,
)
from thunderphone.generated.api.phone_numbers import (
    phone_numbers_create,
    phone_numbers_delete,
    phone_numbers_limits_list,
    phone_numbers_list,
    phone_numbers_partial_update,
    phone_numbers_retrieve,
    phone_numbers_test_inbound,
    phone_numbers_transfer,
    phone_numbers_update,
    phone_numbers_verify_voip,
    phone_numbers_versions_list,
)
from thunderphone.generated.api.voip_connections import (
    voip_connections_available_numbers_list,
    voip_connections_create,
    voip_connections_delete,
    voip_connections_import_numbers,
    voip_connections_list,
    voip_connections_partial_update,
    voip_connections_sip_host_list,
    voip_connections_suggest_name_create,
    voip_connections_test_create,
)
from thunderphone.generated.models import (
    PatchedPhoneNumberUpdateRequest,
    PatchedVoipConnectionUpdateRequest,
    PhoneNumberLabelWriteRequest,
    PhoneNumberProvisionRequest,
    PhoneNumberTransferRequestRequest,
    PhoneNumberUpdateRequest,
    ProviderEnum,
    VoipConnectionCreateRequest,
    VoipConnectionSuggestNameRequest,
    VoipConnectionTestRequest,
    VoipNumberImportRequest,
)

from tests.api.conftest import Outside, Tenant
from tests.sdk.conftest import Official
from thunderbox.calls.ports import Invitation
from thunderbox.store import users
from thunderbox.store.database import Database

OWN = "+4930123456"
SIP = {"server": "pbx.example.com", "username": "box"}
SECRET = {"password": "hunter2"}


async def connect(sdk: Official) -> Any:
    """A trunk, tried and made."""
    tried = await sdk(
        voip_connections_test_create,
        body=VoipConnectionTestRequest(
            provider=ProviderEnum.MANUAL, credentials=SECRET, sip_config=SIP
        ),
    )
    assert isinstance(tried.verification_evidence.id, UUID)
    return await sdk(
        voip_connections_create,
        body=VoipConnectionCreateRequest(
            provider=ProviderEnum.MANUAL,
            verification_evidence_id=tried.verification_evidence.id,
            credentials=SECRET,
            sip_config=SIP,
        ),
    )


async def imported(sdk: Official, connection_id: int) -> int:
    """The id of a number of a connection."""
    body = VoipNumberImportRequest(numbers=[OWN])
    made = await sdk(voip_connections_import_numbers, connection_id, body=body)
    assert (made.imported_count, made.results[0].number) == (1, OWN)
    return int(made.results[0].id)


async def test_a_demo_number_from_its_first_day_to_its_last(sdk: Official) -> None:
    made = await sdk(phone_numbers_create, body=PhoneNumberProvisionRequest(area_code="415"))
    assert made.source == "demo"
    limits = await sdk(phone_numbers_limits_list)
    assert limits.platform_numbers_used == 1
    change = PatchedPhoneNumberUpdateRequest(label="Front")
    assert (await sdk(phone_numbers_partial_update, made.id, body=change)).label == "Front"
    whole = PhoneNumberUpdateRequest(label="Back")
    assert (await sdk(phone_numbers_update, made.id, body=whole)).label == "Back"
    assert (await sdk(phone_numbers_retrieve, made.id)).label == "Back"
    assert [one.id for one in await sdk(phone_numbers_list)] == [made.id]
    assert (await sdk(phone_numbers_versions_list, made.id)).count == 3
    released = await sdk(phone_numbers_delete, made.id, confirm=True)
    assert (released.routing_removed, released.released_at_provider) == (True, False)
    assert await sdk.status(phone_numbers_retrieve, made.id) == 404


async def test_a_number_moves_to_another_organization(
    sdk: Official, db: Database, tenant: Tenant, other: Tenant
) -> None:
    async with db.transaction() as tx:
        owner = await users.owner(tx, tenant.org_id)
        assert owner is not None
        await users.join(tx, other.org_id, owner.id, "admin")
    made = await sdk(phone_numbers_create)
    body = PhoneNumberTransferRequestRequest(target_org_id=other.org_id)
    moved = await sdk(phone_numbers_transfer, made.id, body=body)
    assert (moved.phone_number.number, moved.target_org_id) == (made.number, other.org_id)


async def test_labels(sdk: Official) -> None:
    body = PhoneNumberLabelWriteRequest(phone_number="+14155550100", label="Aetna")
    made = await sdk(phone_number_labels_create, body=body)
    assert [one.id for one in await sdk(phone_number_labels_list)] == [made.id]
    await sdk(phone_number_labels_delete, made.id)
    assert await sdk(phone_number_labels_list) == []


async def test_a_connection_from_its_test_to_its_end(sdk: Official) -> None:
    made = await connect(sdk)
    assert (made.status, made.setup_method) == ("connected", "manual")
    assert [one.id for one in await sdk(voip_connections_list)] == [made.id]
    assert await sdk(voip_connections_available_numbers_list, made.id) == []
    assert (await sdk(voip_connections_sip_host_list)).sip_host == "192.0.2.10:5060"
    wish = VoipConnectionSuggestNameRequest(connection_id=made.id)
    suggested = await sdk(voip_connections_suggest_name_create, body=wish)
    assert suggested.suggested_connection_name == made.name
    change = PatchedVoipConnectionUpdateRequest(name="Office")
    assert (await sdk(voip_connections_partial_update, made.id, body=change)).name == "Office"
    await sdk(voip_connections_delete, made.id)
    assert await sdk(voip_connections_list) == []


async def test_a_number_of_ones_own_is_verified_and_called(
    sdk: Official, app: Any, outside: Outside
) -> None:
    number_id = await imported(sdk, (await connect(sdk)).id)
    verified = await sdk(phone_numbers_verify_voip, number_id)
    assert verified.voip_verification_status == "verified"
    assert (await sdk(phone_numbers_retrieve, number_id)).outbound_eligible is True
    probes = app.state.parts.voip_numbers._probes

    async def arrive(line: object) -> None:
        probes.claims(OWN, Invitation("box", OWN, "192.0.2.1:5060"))

    outside.trunks.on_dial = arrive
    called = await sdk(phone_numbers_test_inbound, number_id)
    assert (called.voip_inbound_status, called.inbound_probe.status) == ("passed", "pass")
    found = await sdk(phone_numbers_retrieve, number_id)
    assert found.voip_inbound_result.from_number == OWN
