"""Agents, voices, integrations, publishable keys and test calls through the official client."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from thunderphone.generated.api.agents import (
    agents_create,
    agents_delete,
    agents_deploy,
    agents_discard_draft,
    agents_duplicate,
    agents_generate_acknowledgement_prompt_create,
    agents_list,
    agents_partial_update,
    agents_prompt_language_check_create,
    agents_retrieve,
    agents_transfer,
    agents_translate_prompt_create,
    agents_update,
    agents_versions_list,
)
from thunderphone.generated.api.calls import calls_place
from thunderphone.generated.api.integrations import (
    integrations_create,
    integrations_delete,
    integrations_list,
    integrations_partial_update,
    integrations_retrieve,
    integrations_test_request_create,
    integrations_transfer,
    integrations_update,
    integrations_versions_list,
)
from thunderphone.generated.api.publishable_key import (
    publishable_key_create,
    publishable_key_delete,
    publishable_key_list,
    publishable_key_partial_update,
    publishable_key_retrieve,
    publishable_key_transfer,
)
from thunderphone.generated.api.simulations import (
    simulations_batches_create,
    simulations_batches_list,
    simulations_batches_retrieve,
    simulations_create,
    simulations_list,
)
from thunderphone.generated.api.test_call_batches import (
    test_call_batches_create,
    test_call_batches_list,
    test_call_batches_retrieve,
)
from thunderphone.generated.api.test_calls import test_calls_create, test_calls_list
from thunderphone.generated.api.voices import voices_list
from thunderphone.generated.models import (
    AckPromptRequestRequest,
    AgentIntegrationRequest,
    AgentRequest,
    AgentTransferRequestRequest,
    AgentWriteRequest,
    DeployAgentRequest,
    DuplicateAgentRequest,
    IntegrationCreateUpdateRequest,
    IntegrationTestRequestRequest,
    IntegrationTransferRequest,
    PatchedAgentIntegrationRequest,
    PatchedAgentWriteRequest,
    PatchedPublishableKeyUpdateRequest,
    PlaceCallRequest,
    PromptLanguageRequestRequest,
    PublishableKeyCreateRequest,
    PublishableKeyTransferRequestRequest,
    SimulationBatchCreateRequest,
    SimulationRunCreateRequest,
    TranslatePromptRequestRequest,
)

from tests.api.conftest import Tenant
from tests.calls.test_tools import serving
from tests.sdk.conftest import Official
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.store import users

NEW = AgentRequest(name="Front desk", prompt="Be brief.", voice="en-US-James1")
SPEC = {"type": "function", "function": {"name": "get_weather"}}


@pytest.fixture
async def allied(db: Any, other: Tenant) -> int:
    """Another organization that the key's owner may bring things into."""
    async with db.transaction() as tx:
        await users.join(tx, other.org_id, 1, "admin")
    return other.org_id


async def test_an_agent_lives_through_the_client(sdk: Official, allied: int):
    agent = await sdk(agents_create, body=NEW)
    assert (agent.name, agent.has_draft) == ("Front desk", False)
    patch = PatchedAgentWriteRequest(prompt="Be kind.", if_updated_at=agent.updated_at)
    agent = await sdk(agents_partial_update, agent.id, body=patch)
    put = AgentWriteRequest(name="Desk", prompt="Be kind.", voice="en-US-James1")
    assert (await sdk(agents_update, agent.id, body=put)).name == "Desk"
    assert await sdk.status(agents_partial_update, agent.id, body=patch) == 409
    await sdk(agents_deploy, agent.id, body=DeployAgentRequest())
    await sdk(agents_discard_draft, agent.id, body=DeployAgentRequest())
    assert (await sdk(agents_versions_list, agent.id)).count == 3
    twin = await sdk(agents_duplicate, agent.id, body=DuplicateAgentRequest(name="Twin"))
    assert [one.name for one in await sdk(agents_list)] == ["Twin", "Desk"]
    move = AgentTransferRequestRequest(target_org_id=allied)
    moved = await sdk(agents_transfer, twin.id, body=move)
    assert (moved.target_org_id, moved.agent.name) == (allied, "Twin")
    await sdk(agents_delete, agent.id)
    assert await sdk.status(agents_retrieve, agent.id) == 404
    assert (await sdk(agents_retrieve, twin.id)).name == "Twin"


async def test_the_prompt_helpers_answer(sdk: Official):
    check = PromptLanguageRequestRequest(prompt="Hola, gracias por llamar a la clínica dental.")
    found = await sdk(agents_prompt_language_check_create, body=check)
    assert found.detected_language_code == "es"
    translate = TranslatePromptRequestRequest(prompt="Hola.", target_locale="en-US")
    assert (await sdk(agents_translate_prompt_create, body=translate)).translated_prompt
    phrase = AckPromptRequestRequest(prompt="Be brief.")
    made = await sdk(agents_generate_acknowledgement_prompt_create, body=phrase)
    assert made.acknowledgement_prompt


async def test_the_voices_are_a_catalogue(sdk: Official):
    catalogue = await sdk(voices_list)
    assert len(catalogue.voices) == 2
    assert catalogue.languages[0]["code"] == "de"


async def test_a_call_is_placed_through_the_client(sdk: Official):
    body = PlaceCallRequest(from_number="+15550100", to_number="+15550101", idempotency_key="k")
    assert (await sdk(calls_place, body=body)).call_id == 5001


async def test_integrations_through_the_client(sdk: Official, app: Any, allied: int):
    new = IntegrationCreateUpdateRequest(display_name="Weather", spec=SPEC)
    made = await sdk(integrations_create, body=new)
    assert isinstance(made.id, UUID)
    assert [one.id for one in await sdk(integrations_list)] == [made.id]
    patch = PatchedAgentIntegrationRequest(display_name="Rain")
    await sdk(integrations_partial_update, made.id, body=patch)
    assert (await sdk(integrations_retrieve, made.id)).display_name == "Rain"
    endpoint = {"url": "https://a.example/w", "method": "GET"}
    put = AgentIntegrationRequest(display_name="Sun", spec=SPEC, endpoint=endpoint)
    assert (await sdk(integrations_update, made.id, body=put)).endpoint["method"] == "GET"
    assert (await sdk(integrations_versions_list, made.id)).count == 3
    transfer = IntegrationTransferRequest(target_org_id=allied)
    moved = await sdk(integrations_transfer, made.id, body=transfer)
    assert moved.integration.display_name == "Sun"
    object.__setattr__(app.state.parts, "http", Client(Rules(["127.0.0.0/8"])))
    async with serving() as server:
        ask = IntegrationTestRequestRequest(url=server.url)
        answer = await sdk(integrations_test_request_create, body=ask)
    assert (answer.ok, answer.status_code) == (True, 200)
    await sdk(integrations_delete, made.id)
    assert await sdk.status(integrations_retrieve, made.id) == 404


async def test_publishable_keys_through_the_client(sdk: Official, allied: int):
    agent = await sdk(agents_create, body=NEW)
    new = PublishableKeyCreateRequest(agent_id=agent.id, allowed_domains=["example.com"])
    key = await sdk(publishable_key_create, body=new)
    assert [one.id for one in await sdk(publishable_key_list)] == [key.id]
    patch = PatchedPublishableKeyUpdateRequest(name="Site", is_enabled=False)
    await sdk(publishable_key_partial_update, key.id, body=patch)
    assert (await sdk(publishable_key_retrieve, key.id)).name == "Site"
    transfer = PublishableKeyTransferRequestRequest(target_org_id=allied)
    assert (await sdk(publishable_key_transfer, key.id, body=transfer)).key != key.key
    await sdk(publishable_key_delete, key.id)
    assert (await sdk(publishable_key_retrieve, key.id)).is_active is False


async def test_test_calls_through_the_client(sdk: Official):
    agent = await sdk(agents_create, body=NEW)
    order = SimulationRunCreateRequest.from_dict(
        {"consent_to_charge": True, "target_id": agent.id, "target_type": "agent"}
    )
    run = await sdk(test_calls_create, body=order)
    assert run.status == "queued"
    again = await sdk(simulations_create, body=order)
    listed = [one.id for one in await sdk(test_calls_list)]
    assert listed == [again.id, run.id]
    assert [one.id for one in await sdk(simulations_list)] == listed


async def test_batches_through_the_client(sdk: Official):
    agent = await sdk(agents_create, body=NEW)
    order = SimulationBatchCreateRequest.from_dict(
        {"consent_to_charge": True, "target_id": agent.id, "target_type": "agent"}
    )
    batch = await sdk(test_call_batches_create, body=order)
    assert (batch.total_runs, batch.stagger_seconds) == (3, 5)
    await sdk(simulations_batches_create, body=order)
    assert len(await sdk(test_call_batches_list)) == 2
    assert len(await sdk(simulations_batches_list)) == 2
    assert (await sdk(test_call_batches_retrieve, batch.id)).id == batch.id
    assert (await sdk(simulations_batches_retrieve, batch.id)).id == batch.id
