"""Behaviours: how a call behaves, and which tests show it.

Each has a test of the rules alone, as a table of what happens and what is done, and one with
telephones over SIP. `tests/house/test_behaviours.py` keeps the list complete and true.
"""

from __future__ import annotations

from dataclasses import dataclass

TABLE = "voice/turn_table::"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour; tests are named `file::test`, without `tests/`, `test_` and `.py`, rows of
    the state machine's table by their name after TABLE."""

    what: str
    rule: str
    call: str
    fields: tuple[str, ...] = ()
    """The fields of an agent that decide about it."""
    ends: tuple[str, ...] = ()
    """The end reasons that a call has by it."""


BEHAVIOURS = (
    # Who speaks, and when.
    Behaviour(
        "The agent speaks first in calls that come in",
        TABLE + "the agent speaks first",
        "e2e/phone_call::a_question_is_answered_from_the_prompt_and_recorded_in_its_channels",
        ("inbound_speak_order",),
    ),
    Behaviour(
        "The caller speaks first in calls that come in",
        TABLE + "the caller speaks first",
        "e2e/background::a_caller_who_is_to_speak_first_hears_the_background_and_nobody",
        ("inbound_speak_order",),
    ),
    Behaviour(
        "The agent speaks first in calls that it places",
        TABLE + "the agent speaks first",
        "e2e/placed_calls::an_agent_that_is_to_speak_first_greets_whoever_picks_up",
        ("outbound_speak_order",),
    ),
    Behaviour(
        "Whoever is called speaks first in calls that the agent places",
        TABLE + "the caller speaks first",
        "e2e/placed_calls::a_person_is_talked_with_whatever_a_machine_would_hear",
        ("outbound_speak_order",),
        ("caller_hangup",),
    ),
    Behaviour(
        "Half a second of speech stops the agent",
        TABLE + "half a second of speech stops the agent",
        "e2e/phone_call::an_interrupted_answer_keeps_what_was_heard",
    ),
    Behaviour(
        "Two words stop the agent",
        TABLE + "two words stop the agent before half a second",
        "e2e/phone_call::an_interrupted_answer_keeps_what_was_heard",
    ),
    Behaviour(
        "A backchannel does not stop the agent",
        TABLE + "a backchannel does not stop the agent",
        "e2e/demo_conversation::"
        "ten_turns_with_interruptions_a_backchannel_a_tool_digits_and_a_goodbye",
    ),
    Behaviour(
        "After a false interruption the agent goes on where it stopped",
        TABLE + "after a long backchannel the agent goes on",
        "e2e/behaviour::an_agent_that_a_long_murmur_stopped_goes_on",
    ),
    Behaviour(
        "The agent's own voice, back from a loudspeaker, does not stop it",
        TABLE + "the agent's own voice does not stop it for long",
        "e2e/behaviour::a_loudspeaker_that_sends_the_agent_back_does_not_interrupt_it",
    ),
    Behaviour(
        "Keys that the caller presses reach the agent as digits",
        TABLE + "keys are gathered until a pause",
        "e2e/behaviour::keys_reach_the_agent_as_digits_until_the_pause",
    ),
    Behaviour(
        "What a visitor types stops the agent and is answered aloud",
        TABLE + "what is written stops the agent",
        "e2e/web_calls::a_visitor_asks_types_is_muted_and_cut_off_and_the_conversation_goes_on",
    ),
    # Products.
    Behaviour(
        "An agent's own acknowledgement bridges a late answer",
        TABLE + "a late answer is acknowledged once",
        "e2e/tiers::the_agents_own_word_bridges_a_late_answer_which_follows_directly",
        ("acknowledgement_prompt_mode", "acknowledgement_prompt"),
    ),
    Behaviour(
        "An acknowledgement is written once for each agent and language",
        "calls/acknowledgements::it_is_written_once_for_each_agent_and_language_and_kept",
        "e2e/tiers::a_word_is_written_for_the_agent_and_said_from_the_next_call_on",
        ("acknowledgement_prompt_mode", "primary_language"),
    ),
    Behaviour(
        "A model thinks for as long as product and level allow, and nobody hears it",
        "voice/engines/thinking::a_thought_is_never_spoken",
        "e2e/tiers::a_model_may_think_for_as_long_as_the_level_allows_and_nobody_hears_it",
        ("product", "thinking_level"),
    ),
    Behaviour(
        "The agent knows the date and the time",
        "calls/prompt::it_is_the_time_of_the_zone",
        "e2e/behaviour::the_agent_is_told_the_date_and_the_time",
        ("prompt",),
    ),
    Behaviour(
        "A background is heard while nobody speaks",
        "voice/ambience::the_background_is_heard_while_nobody_speaks",
        "e2e/background::a_caller_who_is_to_speak_first_hears_the_background_and_nobody",
        ("background_track",),
    ),
    Behaviour(
        "The background is lowered under the agent's voice",
        "voice/ambience::speech_is_heard_above_a_lowered_background",
        "e2e/background::the_background_is_lowered_while_the_agent_speaks_and_comes_back",
        ("background_track",),
    ),
    # Patience.
    Behaviour(
        "On hold the agent is quiet, and a hold that is too long ends the call",
        TABLE + "a hold that is too long ends the call",
        "e2e/behaviour::on_hold_the_agent_is_quiet_and_ends_a_hold_that_is_too_long",
        ("max_hold_seconds",),
        ("timeout",),
    ),
    Behaviour(
        "A silent caller is asked, and then left",
        TABLE + "a silent caller is asked as often as the agent wants",
        "e2e/placed_calls::a_call_is_as_patient_as_its_agent",
        (
            "silence_checkins_enabled",
            "silence_interval_seconds",
            "silence_max_checkins",
            "silence_hangup_seconds",
        ),
        ("timeout",),
    ),
    Behaviour(
        "No call is longer than the box allows, and it ends with a sentence",
        TABLE + "the longest call ends with a sentence that nobody stops",
        "e2e/behaviour::the_longest_call_ends_with_a_sentence",
        ends=("timeout",),
    ),
    Behaviour(
        "No call is longer than its agent wants",
        "calls/patience::what_an_agent_does_not_say_the_settings_do",
        "e2e/placed_calls::a_call_lasts_no_longer_than_its_agent_wants",
        ("max_call_duration_seconds",),
        ("timeout",),
    ),
    Behaviour(
        "A phone that nobody takes rings for as long as the agent wants",
        "calls/outbound::a_call_rings_for_as_long_as_its_agent_or_the_settings_say",
        "e2e/placed_calls::a_phone_that_nobody_takes_rings_for_as_long_as_the_agent_wants",
        ("ring_duration_seconds",),
        ("no_answer",),
    ),
    # Tools.
    Behaviour(
        "Two tools of a turn run once each, in order",
        "voice/line_tools::two_tools_of_one_turn_run_in_order",
        "e2e/tools::two_tools_of_a_turn_run_once_each_and_a_slow_one_is_announced",
        ("tools", "integration_ids"),
    ),
    Behaviour(
        "A tool that takes longer than 0.8 s is announced",
        "voice/conversation::a_slow_tool_is_worth_a_word",
        "e2e/tools::two_tools_of_a_turn_run_once_each_and_a_slow_one_is_announced",
    ),
    Behaviour(
        "No tool runs before the turn is decided",
        "voice/conversation::a_tool_runs_once_and_only_when_the_turn_is_decided",
        "e2e/phone_call::an_appointment_is_booked_by_voice_and_the_agent_hangs_up",
    ),
    Behaviour(
        "After a tool that failed the agent says so and goes on",
        "voice/line_tools::what_a_tool_says_went_wrong_is_what_the_model_reads_next",
        "e2e/tools::after_a_tool_that_failed_the_agent_says_so_and_goes_on",
    ),
    Behaviour(
        "The agent presses keys",
        "voice/line_tools::keys_are_pressed_after_the_words_and_nothing_is_said_into_them",
        "e2e/tools::the_agent_presses_keys",
    ),
    Behaviour(
        "The caller is handed on once the handover sentence was heard",
        "voice/line_tools::the_caller_is_handed_on_once_the_handover_sentence_was_heard",
        "e2e/tools::the_caller_is_handed_on_after_the_handover_sentence",
        ("transfer_destinations",),
        ("transfer",),
    ),
    Behaviour(
        "After a transfer that failed the agent goes on",
        "voice/line_tools::after_a_transfer_that_fails_the_agent_goes_on",
        "e2e/tools::after_a_transfer_that_was_declined_the_agent_says_so",
        ("transfer_destinations",),
    ),
    Behaviour(
        "The agent hangs up once its last words were heard",
        TABLE + "the agent hangs up once its last words were heard",
        "e2e/tools::the_agent_presses_keys",
        ends=("agent_end",),
    ),
    # Who picks up.
    Behaviour(
        "A person who picks up is talked with",
        TABLE + "a person is talked with",
        "e2e/placed_calls::a_person_is_talked_with_whatever_a_machine_would_hear",
        ("voicemail_action",),
    ),
    Behaviour(
        "A mailbox is hung up on",
        TABLE + "a machine is hung up on",
        "e2e/placed_calls::a_mailbox_is_hung_up_on_when_the_agent_says_so",
        ("voicemail_action",),
        ("voicemail",),
    ),
    Behaviour(
        "A mailbox hears a message after its beep",
        TABLE + "a machine hears the message after its beep",
        "e2e/placed_calls::a_mailbox_hears_the_message_after_its_beep",
        ("voicemail_action", "voicemail_message"),
        ("message_left",),
    ),
    Behaviour(
        "A mailbox is talked with",
        TABLE + "a machine is talked with",
        "e2e/placed_calls::a_mailbox_is_talked_with_when_the_agent_says_so",
        ("voicemail_action",),
    ),
    Behaviour(
        "A fax machine is hung up on",
        TABLE + "a fax machine is hung up on",
        "e2e/placed_calls::a_fax_machine_is_hung_up_on",
        ends=("fax",),
    ),
    Behaviour(
        "A line that stays silent is waited on, and asked like a silent caller",
        TABLE + "a silent line is waited on",
        "e2e/placed_calls::a_call_is_as_patient_as_its_agent",
        ends=("timeout",),
    ),
)
