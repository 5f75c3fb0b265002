"""Organizations, members, invites and keys through the official client."""

from __future__ import annotations

from uuid import UUID

from thunderphone.generated.api.authentication import whoami_list
from thunderphone.generated.api.developer import (
    developer_api_keys_create,
    developer_api_keys_delete,
    developer_api_keys_list,
)
from thunderphone.generated.api.healthz import healthz_list
from thunderphone.generated.api.invites import (
    invites_accept,
    invites_create,
    invites_decline,
    invites_delete,
    invites_list,
    invites_request_access,
    invites_retrieve,
)
from thunderphone.generated.api.leave import leave_create
from thunderphone.generated.api.members import (
    members_delete,
    members_list,
    members_role_bulk_update,
    members_transfer_ownership,
)
from thunderphone.generated.api.orgs import (
    orgs_create,
    orgs_delete,
    orgs_list,
    orgs_partial_update,
    orgs_retrieve,
    orgs_update,
)
from thunderphone.generated.models import (
    CreateInviteRequest,
    DeveloperApiKeyCreateRequest,
    OrganizationRequest,
    PatchedMemberRoleRequestRequest,
    PatchedOrganizationRequest,
)

from tests.api.conftest import Tenant
from tests.api.people import Person, make_person
from tests.sdk.conftest import Official


async def test_the_server_is_alive_and_knows_the_key(sdk: Official, tenant: Tenant):
    assert (await sdk(healthz_list)).ok is True
    who = await sdk(whoami_list)
    assert (who.credential_kind, who.organization.id, who.role) == (
        "api_key",
        tenant.org_id,
        "owner",
    )


async def test_an_organization_is_made_read_renamed_and_deleted(sdk: Official, db, tenant):
    person = await make_person(db, "pat@example.com", **{f"org_{tenant.org_id}": "member"})
    own = sdk.as_(person.token)
    made = await own(orgs_create, body=OrganizationRequest(name="Second"))
    assert (made.name, made.role, made.baa_status) == ("Second", "owner", "none")
    assert [one.id for one in await own(orgs_list)] == [made.id, tenant.org_id]
    renamed = await own(orgs_update, made.id, body=OrganizationRequest(name="Third"))
    assert renamed.bolt_pipeline == "v1"
    await own(orgs_partial_update, made.id, body=PatchedOrganizationRequest(name="Fourth"))
    assert (await own(orgs_retrieve, made.id)).name == "Fourth"
    await own(orgs_delete, made.id)
    assert await own.status(orgs_retrieve, made.id) == 404


async def test_members_are_listed_promoted_and_removed(sdk: Official, member: tuple[Person, int]):
    _, member_id = member
    listed = await sdk(members_list)
    assert [(one.email, one.role) for one in listed] == [
        ("acme@example.com", "owner"),
        ("member@acme.example", "member"),
    ]
    body = PatchedMemberRoleRequestRequest.from_dict({"role": "admin"})
    assert (await sdk(members_role_bulk_update, member_id, body=body)).role == "admin"
    await sdk(members_delete, member_id)
    assert await sdk.status(members_delete, member_id) == 404


async def test_ownership_is_handed_over_and_the_old_owner_leaves(
    sdk: Official, member: tuple[Person, int]
):
    person, member_id = member
    assert "owner now" in (await sdk(members_transfer_ownership, member_id)).detail
    await sdk(leave_create)
    heir = sdk.as_(person.token)
    assert [one.role for one in await heir(members_list)] == ["owner"]
    assert await heir.status(leave_create) == 400


async def test_an_invite_is_made_read_and_accepted(sdk: Official, db, tenant: Tenant):
    body = CreateInviteRequest(email="new@example.com")
    made = await sdk(invites_create, body=body)
    assert (made.status, made.role) == ("pending", "member")
    assert [one.token for one in await sdk(invites_list)] == [made.token]
    invited = sdk.as_((await make_person(db, "new@example.com")).token)
    assert (await invited(invites_retrieve, made.token)).org_name == "Acme"
    assert (await invited(invites_accept, made.token)).org_id == tenant.org_id
    assert await invited.status(invites_accept, made.token) == 409


async def test_invites_are_declined_asked_for_and_revoked(sdk: Official, db):
    made = await sdk(invites_create, body=CreateInviteRequest(email="new@example.com"))
    invited = sdk.as_((await make_person(db, "new@example.com")).token)
    assert (await invited(invites_decline, made.token)).detail
    await invited(invites_request_access, made.token)
    [asked] = await sdk(invites_list)
    assert asked.status == "declined"
    await sdk(invites_delete, asked.id)
    assert await sdk(invites_list) == []


async def test_a_key_is_made_listed_and_revoked(sdk: Official):
    made = await sdk(developer_api_keys_create, body=DeveloperApiKeyCreateRequest(name="CI"))
    assert isinstance(made.id, UUID)
    assert (await sdk.as_(made.key)(whoami_list)).key_label == "CI"
    await sdk(developer_api_keys_delete, made.id)
    listed = {one.name: one.is_active for one in await sdk(developer_api_keys_list)}
    assert listed == {"CI": False, "Default key": True}
    assert await sdk.as_(made.key).status(whoami_list) == 401
