"""Every operation of the REST API with the test that covers it; test_operations.py keeps it whole.

tests/api/test_isolation.py and tests/api/test_generated.py ask every one of them besides, and
tests/sdk/test_running_box.py those that the official client knows.
"""

from __future__ import annotations

CONTRACT: dict[str, str] = {
    # Health and identity
    "GET /v1/healthz": "api/test_health.py::test_healthz_needs_no_key",
    "GET /v1/whoami": "api/test_auth.py::test_whoami_says_what_a_key_proves",
    # Organizations
    "GET /v1/orgs": (
        "api/test_organizations.py::test_a_person_sees_all_their_organizations_newest_first"
    ),
    "POST /v1/orgs": (
        "api/test_organizations.py::test_a_person_without_an_organization_can_make_one"
    ),
    "GET /v1/orgs/{org_id}": "api/test_organizations.py::test_a_key_sees_its_own_organization",
    "PATCH /v1/orgs/{org_id}": "api/test_organizations.py::test_settings_are_kept_and_given_back",
    "PUT /v1/orgs/{org_id}": "api/test_organizations.py::test_admins_rename",
    "DELETE /v1/orgs/{org_id}": (
        "api/test_organizations.py::test_the_owner_deletes_an_organization_with_all_it_holds"
    ),
    # Members
    "GET /v1/members": "api/test_members.py::test_members_are_listed_the_first_one_first",
    "DELETE /v1/members/{member_id}": "api/test_members.py::test_who_removes_whom",
    "PATCH /v1/members/{member_id}/role": "api/test_members.py::test_the_owner_changes_roles",
    "POST /v1/members/{member_id}/transfer-ownership": (
        "api/test_members.py::test_ownership_is_handed_over"
    ),
    "POST /v1/leave": "api/test_members.py::test_members_leave_and_the_owner_cannot",
    # Invites
    "GET /v1/invites": "api/test_invites.py::test_an_invite_is_open_for_a_week",
    "POST /v1/invites": "api/test_invites.py::test_an_invite_is_open_for_a_week",
    "DELETE /v1/invites/{invite_id}": "api/test_invites.py::test_a_revoked_invite_is_over",
    "GET /v1/invites/{token}": "api/test_invites.py::test_the_link_shows_the_invite_without_a_key",
    "POST /v1/invites/{token}/accept": "api/test_invites.py::test_who_is_invited_accepts_once",
    "POST /v1/invites/{token}/decline": "api/test_invites.py::test_a_declined_invite_is_over",
    "POST /v1/invites/{token}/request-access": (
        "api/test_invites.py::test_an_expired_invite_is_over_until_somebody_asks"
    ),
    # API keys
    "GET /v1/developer/api-keys": "api/test_auth.py::test_keys_are_listed_without_the_key",
    "POST /v1/developer/api-keys": (
        "api/test_auth.py::test_a_key_says_who_made_it_and_acts_for_them"
    ),
    "DELETE /v1/developer/api-keys/{key_id}": (
        "api/test_auth.py::test_a_made_key_works_until_it_is_revoked"
    ),
    # Agents
    "GET /v1/agents": "api/test_agents.py::test_agents_are_listed_newest_first",
    "POST /v1/agents": "api/test_agents.py::test_an_agent_is_created_with_the_defaults",
    "GET /v1/agents/{agent_id}": "api/test_agents.py::test_an_agent_is_read_as_it_was_answered",
    "PUT /v1/agents/{agent_id}": (
        "api/test_agents.py::test_put_of_what_was_read_keeps_what_is_not_shown"
    ),
    "PATCH /v1/agents/{agent_id}": "api/test_agents.py::test_patch_changes_what_is_sent",
    "DELETE /v1/agents/{agent_id}": "api/test_agents.py::test_deleting_an_agent_clears_its_numbers",
    "POST /v1/agents/{agent_id}/duplicate": (
        "api/test_agents.py::test_a_duplicate_has_the_core_of_its_original"
    ),
    "POST /v1/agents/{agent_id}/transfer": "api/test_agents.py::test_an_agent_is_transferred",
    "GET /v1/agents/{agent_id}/versions": (
        "api/test_agents.py::test_versions_are_counted_and_listed_newest_first"
    ),
    "POST /v1/agents/{agent_id}/deploy": "api/test_agents.py::test_drafts_have_nothing_to_do",
    "POST /v1/agents/{agent_id}/discard-draft": (
        "api/test_agents.py::test_drafts_have_nothing_to_do"
    ),
    "POST /v1/agents/prompt-language-check": "api/test_prompt_helpers.py::test_a_mismatch",
    "POST /v1/agents/translate-prompt": (
        "api/test_prompt_helpers.py::test_a_translation_that_the_model_could_not_make"
    ),
    "POST /v1/agents/generate-acknowledgement-prompt": (
        "api/test_prompt_helpers.py::test_an_acknowledgement"
    ),
    # Voices
    "GET /v1/voices": "api/test_voices.py::test_voices_are_a_list",
    # Phone numbers
    "GET /v1/phone-numbers": "api/test_phone_numbers.py::test_numbers_are_listed_newest_first",
    "POST /v1/phone-numbers": "api/test_phone_numbers.py::test_a_demo_number_is_active_at_once",
    "GET /v1/phone-numbers/{number_id}": (
        "api/test_isolation.py::test_the_owner_reaches_every_address"
    ),
    "PUT /v1/phone-numbers/{number_id}": "api/test_phone_numbers.py::test_what_is_sent_is_changed",
    "PATCH /v1/phone-numbers/{number_id}": (
        "api/test_phone_numbers.py::test_what_is_sent_is_changed"
    ),
    "DELETE /v1/phone-numbers/{number_id}": (
        "api/test_phone_numbers.py::test_release_answers_without_a_body"
    ),
    "POST /v1/phone-numbers/{number_id}/transfer": (
        "api/test_phone_numbers.py::test_a_number_moves_and_leaves_everything_behind"
    ),
    "GET /v1/phone-numbers/{number_id}/versions": (
        "api/test_phone_numbers.py::test_every_write_leaves_a_version"
    ),
    "POST /v1/phone-numbers/{number_id}/verify-voip": (
        "api/test_voip_accounts.py::test_an_account_from_its_test_to_a_verified_number"
    ),
    "GET /v1/phone-numbers/limits": "api/test_phone_numbers.py::test_there_is_a_limit",
    "POST /v1/phone-numbers/{number_id}/test-inbound": (
        "api/test_voip_numbers.py::test_a_call_from_outside_that_goes_elsewhere"
    ),
    # VoIP connections
    "GET /v1/voip-connections": (
        "api/test_voip_connections.py::test_a_connection_is_made_opened_and_shown_without_its_password"
    ),
    "POST /v1/voip-connections": (
        "api/test_voip_connections.py::test_a_connection_is_made_opened_and_shown_without_its_password"
    ),
    "GET /v1/voip-connections/{connection_id}": (
        "api/test_voip_connections.py::test_a_connection_is_made_opened_and_shown_without_its_password"
    ),
    "PATCH /v1/voip-connections/{connection_id}": (
        "api/test_voip_connections.py::test_a_name_is_changed_without_a_proof"
    ),
    "DELETE /v1/voip-connections/{connection_id}": (
        "api/test_voip_connections.py::test_a_deleted_connection_is_closed_and_its_numbers_released"
    ),
    "POST /v1/voip-connections/test": (
        "api/test_voip_accounts.py::test_an_account_with_a_sip_account_places_calls"
    ),
    "POST /v1/voip-connections/suggest-name": (
        "api/test_voip_connections.py::test_a_name_is_suggested"
    ),
    "GET /v1/voip-connections/{connection_id}/available-numbers": (
        "api/test_voip_accounts.py::test_an_account_from_its_test_to_a_verified_number"
    ),
    "POST /v1/voip-connections/{connection_id}/import-numbers": (
        "api/test_voip_accounts.py::test_an_account_from_its_test_to_a_verified_number"
    ),
    "GET /v1/voip-connections/sip-host": (
        "api/test_voip_connections.py::test_where_trunks_send_calls"
    ),
    # Phone number labels
    "GET /v1/phone-number-labels": (
        "api/test_phone_number_labels.py::test_a_label_is_written_and_listed"
    ),
    "POST /v1/phone-number-labels": (
        "api/test_phone_number_labels.py::test_a_label_is_written_and_listed"
    ),
    "DELETE /v1/phone-number-labels/{label_id}": (
        "api/test_phone_number_labels.py::test_a_label_is_deleted_once"
    ),
    # Calls
    "GET /v1/calls": "api/test_calls.py::test_filters_and_pages",
    "GET /v1/calls/export": (
        "api/test_call_exports.py::test_json_holds_each_call_with_its_transcript"
    ),
    "GET /v1/calls/{call_id}": "api/test_calls.py::test_a_call_that_has_ended",
    "GET /v1/calls/{call_id}/transcript": (
        "api/test_calls.py::test_the_transcript_holds_what_was_said_so_far"
    ),
    "GET /v1/calls/{call_id}/history": (
        "api/test_calls.py::test_the_history_joins_tool_calls_with_their_answers"
    ),
    "GET /v1/calls/{call_id}/audio": (
        "api/test_recordings.py::test_audio_gives_a_link_that_works_without_a_key"
    ),
    "GET /v1/calls/{call_id}/grade": "api/test_grades.py::test_a_grade_is_made_once",
    "POST /v1/calls/{call_id}/grade": "api/test_grades.py::test_a_grade_is_made_once",
    "GET /v1/calls/{call_id}/issue-reports": (
        "api/test_issue_reports.py::test_reports_of_a_call_are_listed_newest_first"
    ),
    "POST /v1/calls/{call_id}/issue-reports": (
        "api/test_issue_reports.py::test_a_report_is_open_and_counts_with_its_call"
    ),
    # Issue reports
    "GET /v1/issue-reports": "api/test_issue_reports.py::test_the_feed_has_filters_and_pages",
    "PATCH /v1/issue-reports": (
        "api/test_issue_reports.py::test_several_are_changed_at_once_or_none"
    ),
    "PATCH /v1/issue-reports/{trace_id}": (
        "api/test_issue_reports.py::test_a_dismissed_report_no_longer_counts"
    ),
    # Test calls
    "GET /v1/test-calls": "api/test_simulations.py::test_runs_are_filtered_and_paged",
    "POST /v1/test-calls": "api/test_simulations.py::test_a_test_call_is_ordered",
    "GET /v1/test-call-batches": "api/test_isolation.py::test_lists_hold_nothing_of_others",
    "POST /v1/test-call-batches": (
        "api/test_simulations.py::test_a_batch_staggers_its_runs_and_takes_scenarios_in_turn"
    ),
    "GET /v1/test-call-batches/{batch_id}": (
        "api/test_simulations.py::test_a_batch_is_over_when_its_runs_are"
    ),
    # Outbound calls
    "POST /v1/call": "api/test_outbound.py::test_a_call_is_placed",
    # Publishable keys
    "GET /v1/publishable-key": (
        "api/test_publishable_keys.py::test_keys_are_listed_newest_first_and_read"
    ),
    "POST /v1/publishable-key": "api/test_publishable_keys.py::test_a_key_is_made_for_an_agent",
    "GET /v1/publishable-key/{publishable_key_id}": (
        "api/test_publishable_keys.py::test_keys_are_listed_newest_first_and_read"
    ),
    "PATCH /v1/publishable-key/{publishable_key_id}": (
        "api/test_publishable_keys.py::test_patch_changes_what_is_sent"
    ),
    "DELETE /v1/publishable-key/{publishable_key_id}": (
        "api/test_publishable_keys.py::test_a_deleted_key_is_inactive_for_good"
    ),
    "POST /v1/publishable-key/{publishable_key_id}/transfer": (
        "api/test_publishable_keys.py::test_a_moved_key_keeps_its_value"
    ),
    # Sessions
    "POST /v1/mic-session": "api/test_web_sessions.py::test_a_mic_session_is_begun_for_an_agent",
    "POST /v1/widget/session": (
        "api/test_web_sessions.py::test_a_page_that_the_key_lets_in_begins_a_session"
    ),
    # Webhook endpoints
    "GET /v1/developer/webhook-endpoints": (
        "api/test_webhooks.py::test_endpoints_are_listed_newest_first"
    ),
    "POST /v1/developer/webhook-endpoints": (
        "api/test_webhooks.py::test_the_secret_is_shown_when_it_is_made"
    ),
    "PATCH /v1/developer/webhook-endpoints/{endpoint_id}": (
        "api/test_webhooks.py::test_a_patch_changes_what_it_names"
    ),
    "DELETE /v1/developer/webhook-endpoints/{endpoint_id}": (
        "api/test_webhooks.py::test_deleting_twice_is_404"
    ),
    "POST /v1/developer/webhook-endpoints/{endpoint_id}/test": (
        "api/test_webhook_deliveries.py::test_a_test_is_sent_at_once"
    ),
    "GET /v1/developer/webhook-deliveries": (
        "api/test_webhook_deliveries.py::test_the_log_is_filtered"
    ),
    # The single webhook
    "GET /v1/webhook": "api/test_webhooks.py::test_the_single_webhook_is_there_once_it_is_set",
    "PUT /v1/webhook": "api/test_webhooks.py::test_the_single_webhook_is_there_once_it_is_set",
    "PATCH /v1/webhook": "api/test_webhooks.py::test_the_single_webhook_is_there_once_it_is_set",
    # Integrations
    "GET /v1/integrations": (
        "api/test_integrations.py::test_integrations_are_listed_newest_first_and_read"
    ),
    "POST /v1/integrations": (
        "api/test_integrations.py::test_an_integration_is_created_with_the_defaults"
    ),
    "GET /v1/integrations/{integration_id}": (
        "api/test_integrations.py::test_integrations_are_listed_newest_first_and_read"
    ),
    "PATCH /v1/integrations/{integration_id}": (
        "api/test_integrations.py::test_patch_changes_what_is_sent_and_leaves_a_version"
    ),
    "PUT /v1/integrations/{integration_id}": (
        "api/test_integrations.py::test_put_replaces_the_rest_with_defaults"
    ),
    "DELETE /v1/integrations/{integration_id}": (
        "api/test_integrations.py::test_a_deleted_integration_leaves_its_agents"
    ),
    "POST /v1/integrations/{integration_id}/transfer": (
        "api/test_integrations.py::test_an_integration_is_transferred"
    ),
    "GET /v1/integrations/{integration_id}/versions": (
        "api/test_integrations.py::test_patch_changes_what_is_sent_and_leaves_a_version"
    ),
    "POST /v1/integrations/test-request": (
        "api/test_integrations.py::test_a_test_request_is_signed_and_answered"
    ),
    # Billing
    "GET /v1/billing": "api/test_billing.py::test_a_new_account_has_the_starting_credit",
    "PATCH /v1/billing": "api/test_billing.py::test_the_auto_reload_is_set_up_and_reloads",
    "POST /v1/billing/top-up": "api/test_billing.py::test_a_repeated_top_up_counts_once",
    "POST /v1/billing/setup-intent": (
        "api/test_billing.py::test_the_auto_reload_needs_a_payment_method"
    ),
    "POST /v1/billing/default-payment-method": (
        "api/test_billing.py::test_the_default_payment_method_is_the_only_one"
    ),
    "GET /v1/billing/transactions": "api/test_billing.py::test_transactions_are_the_ledger",
    "GET /v1/billing/payment-methods": (
        "api/test_billing.py::test_the_default_payment_method_is_the_only_one"
    ),
    "DELETE /v1/billing/payment-methods/{payment_method_id}": (
        "api/test_billing.py::test_the_auto_reload_needs_a_payment_method"
    ),
    "GET /v1/billing/transactions/{transaction_id}/receipt": (
        "api/test_billing.py::test_a_receipt_is_a_page_without_a_key"
    ),
}
"""What the published API has."""

OWN: dict[str, str] = {
    "DELETE /v1/auth/tokens/{token_id}": (
        "api/test_sign_in.py::test_a_personal_token_works_until_it_is_ended"
    ),
    "GET /demo/appointments": "api/test_demo.py::test_others_book_and_read_with_a_key",
    "GET /docs": "api/test_document.py::test_the_page_names_every_operation_and_loads_nothing",
    "GET /widget/demo": "api/test_widget_demo.py::test_a_browser_on_this_machine_is_given_a_key",
    "GET /widget/{version}/style.css": (
        "api/test_widget_files.py::test_any_page_may_load_the_widget"
    ),
    "GET /widget/{version}/widget.js": (
        "api/test_widget_files.py::test_any_page_may_load_the_widget"
    ),
    "GET /readyz": "api/test_health.py::test_readyz_names_every_part",
    "GET /v1/auth/me": "api/test_sign_in.py::test_signing_in_begins_a_session",
    "GET /v1/auth/tokens": "api/test_sign_in.py::test_tokens_of_others_are_not_there",
    "GET /v1/calls/party-numbers": (
        "api/test_call_exports.py::test_party_numbers_are_found_by_their_digits"
    ),
    "GET /v1/developer/webhook-deliveries/{delivery_id}": (
        "api/test_webhook_deliveries.py::test_a_delivery_shows_every_try"
    ),
    "GET /v1/developer/webhook-endpoints/{endpoint_id}": (
        "api/test_webhooks.py::test_a_failing_endpoint_heals_when_something_arrives"
    ),
    "GET /v1/receipts/{file_name}": "api/test_billing.py::test_a_receipt_is_a_page_without_a_key",
    "GET /v1/recordings/{file_name}": "api/test_recordings.py::test_only_links_of_this_box_open",
    "GET /v1/simulations": "api/test_simulations.py::test_simulations_are_the_same",
    "GET /v1/simulations/batches": "api/test_simulations.py::test_simulations_are_the_same",
    "GET /v1/simulations/batches/{batch_id}": (
        "api/test_simulations.py::test_simulations_are_the_same"
    ),
    "GET /v1/simulations/{run_id}": "api/test_simulations.py::test_simulations_are_the_same",
    "GET /v1/test-calls/{run_id}": "api/test_isolation.py::test_the_owner_reaches_every_address",
    "GET /v1/voices/{voice_id}/sample": (
        "api/test_voices.py::test_a_part_of_a_sample_can_be_asked_for"
    ),
    "POST /demo/appointments": "api/test_demo.py::test_others_book_and_read_with_a_key",
    "POST /v1/auth/password": "api/test_sign_in.py::test_another_password_ends_every_other_session",
    "POST /v1/auth/sign-in": "api/test_sign_in.py::test_signing_in_begins_a_session",
    "POST /v1/auth/sign-out": "api/test_sign_in.py::test_signing_out_ends_the_session",
    "POST /v1/auth/sign-up": "api/test_invites.py::test_who_has_no_account_signs_up_by_the_invite",
    "POST /v1/auth/tokens": "api/test_sign_in.py::test_a_personal_token_may_expire",
    "POST /v1/developer/api-keys/{key_id}/rotate": (
        "api/test_auth.py::test_a_rotated_key_takes_the_place_of_the_old_one"
    ),
    "POST /v1/developer/webhook-deliveries/replay": (
        "api/test_webhook_deliveries.py::test_what_failed_is_replayed"
    ),
    "POST /v1/developer/webhook-deliveries/{delivery_id}/replay": (
        "api/test_webhook_deliveries.py::test_what_failed_is_replayed"
    ),
    "POST /v1/developer/webhook-endpoints/{endpoint_id}/rotate-secret": (
        "api/test_webhooks.py::test_a_rotated_secret_signs_beside_the_old_one"
    ),
    "POST /v1/publishable-key/{publishable_key_id}/rotate": (
        "api/test_publishable_keys.py::test_a_rotated_key_has_another_value"
    ),
    "POST /v1/calls/{call_id}/listen": (
        "api/test_supervision.py::test_a_supervisor_gets_a_ticket_to_a_room_of_their_own"
    ),
    "POST /v1/calls/{call_id}/whisper": "api/test_supervision.py::test_a_whisper_reaches_the_agent",
    "POST /v1/simulations": "api/test_simulations.py::test_simulations_are_the_same",
    "POST /v1/simulations/batches": "api/test_simulations.py::test_simulations_are_the_same",
}
"""What this box has besides."""

NOT_OFFERED_YET: tuple[str, ...] = ()
"""What the published API has and this box has not."""
