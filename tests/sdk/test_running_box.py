"""The official client against a box as it is run: every operation, and every answer is read.

Each step makes what the next ones need, so all of them are one test.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from thunderphone.generated import models
from thunderphone.generated.client import AuthenticatedClient
from thunderphone.generated.errors import UnexpectedStatus

from tests.box import Ports, Server
from tests.sdk.scope import OFFERED, operation

pytestmark = pytest.mark.e2e

AGENT = {"name": "Front desk", "prompt": "Be brief.", "voice": "en-US-James1"}
SPEC = {"type": "function", "function": {"name": "get_weather"}}
TEST = {"target_type": "agent", "target_id": 1, "consent_to_charge": True}
PATIENCE_S = 60.0
ASYNC = ("whoami_list", "agents_list", "calls_list", "billing_list", "phone_numbers_list")
"""Operations that are asked through the asynchronous client as well."""


class Client:
    """The synchronous client with one key or token; knows what was driven so far."""

    def __init__(self, url: str, token: str, driven: set[str], org_id: int | None = None) -> None:
        self.url = url
        self.driven = driven
        headers = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}
        if org_id is not None:
            headers["X-ThunderPhone-Org"] = str(org_id)
        self.client = AuthenticatedClient(
            base_url=url,
            token=token,
            headers=headers,
            timeout=httpx.Timeout(30),
            raise_on_unexpected_status=True,
            httpx_args={"trust_env": False},
        )

    def __call__(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """What the client makes of an answer; it raises for one that it cannot read."""
        body = kwargs.get("body")
        if isinstance(body, tuple):
            kind, fields = body
            kwargs["body"] = getattr(models, kind).from_dict(fields)
        response = operation(name).sync_detailed(*args, client=self.client, **kwargs)
        assert response.status_code < 300, (name, response.content)
        assert response.parsed is not None or not response.content, (name, response.content)
        self.driven.add(name)
        return response.parsed

    async def also(self, name: str) -> Any:
        """The same through the asynchronous client."""
        response = await operation(name).asyncio_detailed(client=self.client)
        assert response.parsed is not None, (name, response.content)
        return response.parsed

    def as_(self, token: str, org_id: int | None = None) -> Client:
        """The client of somebody else."""
        return Client(self.url, token, self.driven, org_id)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, free_port: Ports) -> Iterator[Server]:
    """A box on its first start, which may ask endpoints on this machine."""
    data = tmp_path_factory.mktemp("sdk") / "data"
    with Server(data, free_port) as running:
        yield running


def test_every_operation_is_answered_as_the_client_reads_it(server: Server) -> None:
    driven: set[str] = set()
    api = Client(server.url, server.key, driven)
    run_id = api("test_calls_create", body=("SimulationRunCreateRequest", TEST | SCRIPT)).id
    second = people(api)
    agents(api, second)
    integrations(api, second)
    publishable_keys(api, second)
    numbers(api, second)
    connections(api)
    call_id = talked(api, run_id)
    calls(api, call_id)
    money(api)
    batches(api)
    supervised(api)
    webhooks(api)
    sessions(api)
    asyncio.run(asked_again(api))
    assert sorted(driven) == OFFERED


SCRIPT = {"scenario_prompt": "- Goodbye."}


def people(api: Client) -> int:
    """Organizations, members, invites and keys; the id of a second one of the key's owner."""
    assert api("healthz_list").ok
    first = api("whoami_list").organization.id
    second = api("orgs_create", body=("OrganizationRequest", {"name": "Second"})).id
    invite = api("invites_create", body=("CreateInviteRequest", {"email": "pat@example.com"}))
    pat = api.as_(joined(api.url, invite.token))
    mine = pat("orgs_create", body=("OrganizationRequest", {"name": "Mine", "timezone": "UTC"})).id
    assert [one.id for one in pat("orgs_list")] == [mine, first]
    assert pat("orgs_update", mine, body=("OrganizationRequest", {"name": "Ours"})).name == "Ours"
    pat("orgs_partial_update", mine, body=("PatchedOrganizationRequest", {"excluded_numbers": []}))
    assert pat("orgs_retrieve", mine).timezone == "UTC"

    ours = pat.as_(pat.client.token, mine)
    sam_invite = ours("invites_create", body=("CreateInviteRequest", {"email": "sam@example.com"}))
    sam = api.as_(joined(api.url, sam_invite.token))
    [pat_member, sam_member] = ours("members_list")
    ours("members_role_bulk_update", sam_member.id, body=role("admin"))
    ours("members_transfer_ownership", sam_member.id)
    ours("leave_create")
    assert pat_member.role == "owner"

    asked = api("invites_create", body=("CreateInviteRequest", {"email": "sam@example.com"}))
    assert sam("invites_retrieve", asked.token).org_name
    sam("invites_decline", asked.token)
    sam("invites_request_access", asked.token)
    [again] = api("invites_list")
    api("invites_delete", again.id)
    last = api("invites_create", body=("CreateInviteRequest", {"email": "sam@example.com"}))
    assert sam("invites_accept", last.token).org_id == first
    member = next(one for one in api("members_list") if one.email == "sam@example.com")
    api("members_delete", member.id)

    extra = sam("orgs_create", body=("OrganizationRequest", {"name": "Gone"})).id
    sam("orgs_delete", extra)
    key = api("developer_api_keys_create", body=("DeveloperApiKeyCreateRequest", {"name": "CI"}))
    assert len(api("developer_api_keys_list")) == 2
    api("developer_api_keys_delete", key.id)
    return int(second)


def role(name: str) -> tuple[str, dict[str, Any]]:
    """The body that gives a member another role."""
    return "PatchedMemberRoleRequestRequest", {"role": name}


def joined(url: str, invite: object) -> str:
    """Sign up with an invite; the token of the session."""
    body = {"invite_token": str(invite), "password": "horse-battery-staple"}
    answer = httpx.post(f"{url}/v1/auth/sign-up", json=body, trust_env=False)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def agents(api: Client, second: int) -> None:
    """Agents, voices and the prompt helpers."""
    assert api("voices_list").voices
    agent = api("agents_create", body=("AgentRequest", AGENT))
    change = {"prompt": "Be kind.", "if_updated_at": agent.updated_at.isoformat()}
    api("agents_partial_update", agent.id, body=("PatchedAgentWriteRequest", change))
    api("agents_update", agent.id, body=("AgentWriteRequest", AGENT))
    api("agents_deploy", agent.id, body=("DeployAgentRequest", {}))
    api("agents_discard_draft", agent.id, body=("DeployAgentRequest", {}))
    assert api("agents_versions_list", agent.id).count == 3
    twin = api("agents_duplicate", agent.id, body=("DuplicateAgentRequest", {"name": "Twin"}))
    assert len(api("agents_list")) == 3
    move = {"target_org_id": second, "mode": "move"}
    moved = api("agents_transfer", twin.id, body=("AgentTransferRequestRequest", move))
    assert moved.target_org_id == second
    assert api("agents_retrieve", agent.id).prompt == "Be brief."
    api("agents_delete", agent.id)
    spanish = {"prompt": "Hola, gracias por llamar a la clínica dental."}
    body = ("PromptLanguageRequestRequest", spanish)
    assert api("agents_prompt_language_check_create", body=body).detected_language_code == "es"
    wish = ("TranslatePromptRequestRequest", spanish | {"target_locale": "en-US"})
    assert api("agents_translate_prompt_create", body=wish).translated_prompt
    phrase = ("AckPromptRequestRequest", {"prompt": "You are a receptionist."})
    made = api("agents_generate_acknowledgement_prompt_create", body=phrase)
    assert made.acknowledgement_prompt


def integrations(api: Client, second: int) -> None:
    """Integrations."""
    new = {"display_name": "Weather", "spec": SPEC}
    made = api("integrations_create", body=("IntegrationCreateUpdateRequest", new))
    patch = ("PatchedAgentIntegrationRequest", {"display_name": "Rain"})
    api("integrations_partial_update", made.id, body=patch)
    api("integrations_update", made.id, body=("AgentIntegrationRequest", new))
    assert api("integrations_versions_list", made.id).count == 3
    copy = ("IntegrationTransferRequest", {"target_org_id": second})
    assert api("integrations_transfer", made.id, body=copy).integration.display_name == "Weather"
    assert len(api("integrations_list")) == 1
    assert api("integrations_retrieve", made.id).display_name == "Weather"
    ask = {"url": f"{api.url}/v1/healthz", "method": "GET"}
    body = ("IntegrationTestRequestRequest", ask)
    assert api("integrations_test_request_create", body=body).status_code == 200
    api("integrations_delete", made.id)


def publishable_keys(api: Client, second: int) -> None:
    """Publishable keys."""
    new = {"agent_id": 1, "allowed_domains": ["example.com"], "name": "Site"}
    key = api("publishable_key_create", body=("PublishableKeyCreateRequest", new))
    patch = ("PatchedPublishableKeyUpdateRequest", {"is_enabled": False})
    assert api("publishable_key_partial_update", key.id, body=patch).is_enabled is False
    transfer = ("PublishableKeyTransferRequestRequest", {"target_org_id": second})
    assert api("publishable_key_transfer", key.id, body=transfer).key != key.key
    api("publishable_key_delete", key.id)
    assert [one.is_active for one in api("publishable_key_list")] == [False]
    assert api("publishable_key_retrieve", key.id).name == "Site"


def numbers(api: Client, second: int) -> None:
    """Demo numbers and labels."""
    new = ("PhoneNumberProvisionRequest", {"area_code": "415"})
    number = api("phone_numbers_create", body=new)
    patch = ("PatchedPhoneNumberUpdateRequest", {"inbound_agent_id": 1, "label": "Front"})
    assert api("phone_numbers_partial_update", number.id, body=patch).label == "Front"
    api("phone_numbers_update", number.id, body=("PhoneNumberUpdateRequest", {"label": "Back"}))
    assert api("phone_numbers_retrieve", number.id).label == "Back"
    assert api("phone_numbers_versions_list", number.id).count == 3
    assert len(api("phone_numbers_list")) == 2
    assert api("phone_numbers_limits_list").platform_numbers_used == 2
    assert api("phone_numbers_delete", number.id, confirm=True).routing_removed
    other = api("phone_numbers_create")
    body = ("PhoneNumberTransferRequestRequest", {"target_org_id": second})
    assert api("phone_numbers_transfer", other.id, body=body).target_org_id == second
    write = ("PhoneNumberLabelWriteRequest", {"phone_number": "+14155550100", "label": "Aetna"})
    label = api("phone_number_labels_create", body=write)
    assert len(api("phone_number_labels_list")) == 1
    api("phone_number_labels_delete", label.id)


def connections(api: Client) -> None:
    """A trunk that does not register, and a number of it."""
    trunk = {
        "provider": "manual",
        "credentials": {"password": "secret"},
        "sip_config": {"server": "127.0.0.1:9", "username": "box", "register": False},
    }
    tried = api("voip_connections_test_create", body=("VoipConnectionTestRequest", trunk))
    proof = {"verification_evidence_id": str(tried.verification_evidence.id)}
    made = api("voip_connections_create", body=("VoipConnectionCreateRequest", trunk | proof))
    assert len(api("voip_connections_list")) == 1
    patch = ("PatchedVoipConnectionUpdateRequest", {"name": "Office"})
    assert api("voip_connections_partial_update", made.id, body=patch).name == "Office"
    api("voip_connections_sip_host_list")
    wish = ("VoipConnectionSuggestNameRequest", {"connection_id": made.id})
    assert api("voip_connections_suggest_name_create", body=wish).suggested_connection_name
    assert api("voip_connections_available_numbers_list", made.id) == []
    body = ("VoipNumberImportRequest", {"numbers": ["+4930123456"]})
    imported = api("voip_connections_import_numbers", made.id, body=body).results[0].id
    assert api("phone_numbers_verify_voip", imported).phone_number_id == imported
    assert api("phone_numbers_test_inbound", imported).voip_inbound_status
    api("voip_connections_delete", made.id)


def talked(api: Client, run_id: int) -> int:
    """The call of a test call, once it is over."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        run = next(one for one in api("test_calls_list") if one.id == run_id)
        if run.status not in ("queued", "in_progress"):
            assert run.status == "completed", run.error_message
            return int(run.call_id)
        time.sleep(0.1)
    raise TimeoutError("the test call did not end")


def calls(api: Client, call_id: int) -> None:
    """Calls and their issues."""
    assert api("calls_list", direction="test").total == 1
    assert api("calls_retrieve", call_id).is_test_call
    assert api("calls_transcript_list", call_id).transcripts
    assert api("calls_history_list", call_id)
    assert api("calls_audio_list", call_id).url.startswith("http")
    assert api("calls_export_list").total == 1
    assert api("calls_party_numbers_list").numbers
    assert api("calls_grade", call_id, body=("CallsGradeBody", {})).call_id == call_id
    assert api("calls_grade_list", call_id).grader_version
    new = ("CallIssueReportCreateRequest", {"title": "Wrong price", "severity": "critical"})
    report = api("calls_issue_reports", call_id, body=new)
    assert len(api("calls_issue_reports_list", call_id)) == 1
    change = ("PatchedCallIssueReportUpdateRequest", {"status": "acknowledged"})
    api("issue_reports_partial_update", report.trace_id, body=change)
    every = {"trace_ids": [str(report.trace_id)], "status": "resolved"}
    body = ("PatchedCallIssueReportBulkUpdateRequest", every)
    assert api("issue_reports_bulk_update", body=body).updated == 1
    assert api("issue_reports_list").results[0].status == "resolved"
    place = {"from_number": "+15550100", "to_number": "sip:nobody@127.0.0.1:9", "agent_id": 1}
    assert api("calls_place", body=("PlaceCallRequest", place)).status == "initiated"


def money(api: Client) -> None:
    """Billing."""
    begun = api("billing_list").balance_cents
    assert api("billing_top_up_create", body=("TopUpRequest", {"amount_cents": 500})).status
    newest = api("billing_transactions_list")[0]
    assert newest.amount_cents == 500
    assert api("billing_transactions_receipt_retrieve", newest.id).receipt_url
    [method] = api("billing_payment_methods_list").payment_methods
    chosen = ("DefaultPaymentMethodRequest", {"payment_method_id": method.id})
    assert api("billing_default_payment_method_create", body=chosen).balance_cents == begun + 500
    reload = {
        "auto_reload_enabled": True,
        "auto_reload_minimum_cents": 100,
        "auto_reload_amount_cents": 500,
    }
    wish = ("PatchedAutoReloadRequest", reload)
    assert api("billing_bulk_update", body=wish).auto_reload_enabled
    api("billing_payment_methods_delete", method.id)
    api("billing_setup_intent_create")


def batches(api: Client) -> None:
    """Batches of test calls, and the newer names of both; nobody waits for them."""
    later = TEST | {"run_count": 1, "stagger_seconds": 60}
    batch = api("test_call_batches_create", body=("SimulationBatchCreateRequest", later))
    assert api("test_call_batches_retrieve", batch.id).run_count == 1
    assert len(api("test_call_batches_list")) == 1
    api("simulations_create", body=("SimulationRunCreateRequest", TEST | SCRIPT))
    assert len(api("simulations_list")) == 3
    another = api("simulations_batches_create", body=("SimulationBatchCreateRequest", later))
    assert api("simulations_batches_retrieve", another.id).id == another.id
    assert len(api("simulations_batches_list")) == 2


def supervised(api: Client) -> None:
    """One of the test calls is followed, and its agent guided."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for call in api("calls_list", status="in_progress").results:
            try:
                seat = api("calls_listen", call.call_id, body=("CallsListenBody", {}))
            except (AssertionError, UnexpectedStatus):
                continue  # it has not been answered yet, or is over
            assert seat.server_url == api.url.replace("http", "ws")
            note = ("CallWhisperRequest", {"text": "Be brief."})
            assert api("calls_whisper", call.call_id, body=note)
            return
        time.sleep(0.05)
    raise TimeoutError("no test call could be followed")


def webhooks(api: Client) -> None:
    """Webhook endpoints and the single URL."""
    new = {"label": "CRM", "url": "https://127.0.0.1:1/hook", "events": []}
    kind = "DeveloperWebhookEndpointCreateUpdateRequest"
    made = api("developer_webhook_endpoints_create", body=(kind, new))
    assert made.secret.startswith("whsec_")
    patch = (f"Patched{kind}", {"label": "ERP"})
    assert api("developer_webhook_endpoints_partial_update", made.id, body=patch).label == "ERP"
    assert [one.id for one in api("developer_webhook_endpoints_list")] == [made.id]
    assert api("developer_webhook_endpoints_test", made.id).success is False
    logged = api("developer_webhook_deliveries_list", endpoint_id=str(made.id))
    assert [one.event_type for one in logged.results] == ["webhook.test"]
    api("developer_webhook_endpoints_delete", made.id)
    url = {"url": "https://example.com/all"}
    assert api("webhook_update", body=("OrganizationWebhookRequest", url)).secret
    assert api("webhook_bulk_update", body=("PatchedOrganizationWebhookRequest", url)).url
    assert api("webhook_list").url == url["url"]


def sessions(api: Client) -> None:
    """Sessions in browsers, to which nobody comes."""
    mic = api("mic_session_create", body=("MicSessionRequestRequest", {"agent_id": 1}))
    assert mic.room_name == f"mic-{mic.call_id}"
    new = {"agent_id": 1, "allowed_domains": ["example.com"]}
    key = api("publishable_key_create", body=("PublishableKeyCreateRequest", new))
    asked = ("WidgetSessionRequestRequest", {"variables": {"name": "Ann"}, "voice": AGENT["voice"]})
    widget = api.as_(key.key)("widget_session_create", body=asked)
    assert (widget.agent_name, widget.token.count(".")) == ("Reception", 2)
    assert widget.server_url == mic.server_url == api.url.replace("http", "ws")
    listed = api("calls_list", direction="web").results
    assert [call.livekit_room_name for call in listed] == [widget.room_name, mic.room_name]
    assert api("calls_retrieve", widget.call_id).variables == {"name": "Ann"}
    api("publishable_key_delete", key.id)


async def asked_again(api: Client) -> None:
    """Some of it through the asynchronous client."""
    for name in ASYNC:
        assert await api.also(name) is not None
