"""The operations of the official client that a box answers, by the client's own groups."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from types import ModuleType

IN_SCOPE = {
    "agents": """agents_create agents_delete agents_deploy agents_discard_draft agents_duplicate
        agents_generate_acknowledgement_prompt_create agents_list agents_partial_update
        agents_prompt_language_check_create agents_retrieve agents_transfer
        agents_translate_prompt_create agents_update agents_versions_list""",
    "authentication": "whoami_list",
    "billing": """billing_bulk_update billing_default_payment_method_create billing_list
        billing_payment_methods_delete billing_payment_methods_list billing_setup_intent_create
        billing_top_up_create billing_transactions_list billing_transactions_receipt_retrieve""",
    "calls": """calls_audio_list calls_export_list calls_grade calls_grade_list calls_history_list
        calls_issue_reports calls_issue_reports_list calls_list calls_listen
        calls_party_numbers_list calls_place calls_retrieve calls_transcript_list
        calls_whisper""",
    "developer": """developer_api_keys_create developer_api_keys_delete developer_api_keys_list
        developer_webhook_deliveries_list developer_webhook_endpoints_create
        developer_webhook_endpoints_delete developer_webhook_endpoints_list
        developer_webhook_endpoints_partial_update""",
    "healthz": "healthz_list",
    "integrations": """integrations_create integrations_delete integrations_list
        integrations_partial_update integrations_retrieve integrations_test_request_create
        integrations_transfer integrations_update integrations_versions_list""",
    "invites": """invites_accept invites_create invites_decline invites_delete invites_list
        invites_request_access invites_retrieve""",
    "issue_reports": "issue_reports_bulk_update issue_reports_list issue_reports_partial_update",
    "leave": "leave_create",
    "members": """members_delete members_list members_role_bulk_update
        members_transfer_ownership""",
    "mic_session": "mic_session_create",
    "orgs": "orgs_create orgs_delete orgs_list orgs_partial_update orgs_retrieve orgs_update",
    "phone_number_labels": """phone_number_labels_create phone_number_labels_delete
        phone_number_labels_list""",
    "phone_numbers": """phone_numbers_create phone_numbers_delete phone_numbers_limits_list
        phone_numbers_list phone_numbers_partial_update phone_numbers_retrieve
        phone_numbers_test_inbound phone_numbers_transfer phone_numbers_update
        phone_numbers_verify_voip phone_numbers_versions_list""",
    "publishable_key": """publishable_key_create publishable_key_delete publishable_key_list
        publishable_key_partial_update publishable_key_retrieve publishable_key_transfer""",
    "simulations": """simulations_batches_create simulations_batches_list
        simulations_batches_retrieve simulations_create simulations_list""",
    "test_call_batches": """test_call_batches_create test_call_batches_list
        test_call_batches_retrieve""",
    "test_calls": "test_calls_create test_calls_list",
    "voices": "voices_list",
    "voip_connections": """voip_connections_available_numbers_list voip_connections_create
        voip_connections_delete voip_connections_import_numbers voip_connections_list
        voip_connections_partial_update voip_connections_sip_host_list
        voip_connections_suggest_name_create voip_connections_test_create""",
    "webhook": "webhook_bulk_update webhook_list webhook_update",
    "webhooks": "developer_webhook_endpoints_test",
    "widget": "widget_session_create",
}
GROUPS = {name: group for group, names in IN_SCOPE.items() for name in names.split()}
"""Each operation with its group."""

OFFERED = sorted(GROUPS)


def operation(name: str) -> ModuleType:
    """The client's module of an operation."""
    return import_module(f"thunderphone.generated.api.{GROUPS[name]}.{name}")


def address(name: str) -> tuple[str, str]:
    """The method and the path that an operation asks; every parameter is `{}`."""
    source = inspect.getsource(operation(name))
    method = re.findall(r'"method": "(\w+)"', source)[0]
    path = re.findall(r'"url": "([^"]+)"', source)[0]
    return method.upper(), re.sub(r"{\w+}", "{}", path).rstrip("/")
