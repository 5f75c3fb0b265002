"""Calls, transcripts and histories as answers show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from thunderbox.api import dialect
from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.calls.variables import unresolved
from thunderbox.events.catalogue import is_web
from thunderbox.store import phone_number_labels
from thunderbox.store.calls import Call
from thunderbox.store.database import Source
from thunderbox.store.turns import Turn, content_of


class CallView(Struct, kw_only=True):
    """A call; everything below `prompt` is what the newer client insists on."""

    call_id: int
    agent_id: int | None
    direction: str
    from_number: str
    to_number: str
    from_number_label: str | None
    to_number_label: str | None
    start_time: Timestamp
    end_time: Timestamp | None
    duration_seconds: int | None
    status: str
    end_reason: str | None
    recording_url: str | None
    is_test_call: bool
    product: str
    voice: str
    billable_minutes: int | None
    billing_total_cents: int | None
    billed_at: Timestamp | None
    grade_score: float | None
    grade_status: str | None
    grade_updated_at: Timestamp | None
    issue_count: int
    critical_issue_count: int
    prompt: str

    sip_status: int | None
    agent_variant_id: int | None = None
    agent_variant_label: str | None = None
    call_outcome: str | None
    cloud_run_execution_name: str | None = None
    collected_values: dict[str, Any] | None = None
    consent_evidence: None = None
    extracted_data: dict[str, Any] | None = None
    goal_achievement: str | None = None
    goal_reasoning: str | None = None
    is_scenario_call: bool = False
    is_simulation: bool = False
    livekit_room_name: str | None
    livekit_room_sid: str | None = None
    locale: str = "en-US"
    outbound_dial_state: str | None
    prompt_snapshot: str
    recording_mode: str
    recording_policy: None = None
    recording_retention_notice: str | None = None
    recording_started_at: Timestamp | None
    sip_answered_at: Timestamp | None
    steps_trace: None = None
    thinking_level: str
    tool_snapshot: list[dict[str, Any]]
    transfer_bridge_kind: str | None = None
    transfer_bridge_seconds: int | None = None
    transfer_bridge_total_cents: int | None = None
    transfer_destination: str = ""
    transfer_outcome: str | None = None
    transfer_sip_status: int | None = None
    unresolved_variables: list[str]
    variables: dict[str, Any]


class TranscriptEntry(Struct, kw_only=True):
    """A row of a transcript; `content` is an object in tool rows, where it can be."""

    role: str
    content_type: str
    content: Any
    start_ms: int
    end_ms: int


class Transcript(Struct, kw_only=True):
    """What was said in a call, so far."""

    call_id: int
    transcripts: list[TranscriptEntry]


class ToolCallView(Struct, kw_only=True):
    """A function that the agent called."""

    id: str | None
    name: str | None
    arguments: Any


class HistoryItem(Struct, kw_only=True):
    """A turn with everything that is known about it; ms from the start of the call."""

    role: str
    content: Any
    start_ms: int
    end_ms: int
    interrupted: bool
    interrupted_at_ms: int | None
    unheard: str
    tool_calls: list[ToolCallView]
    tool_call_id: str | None
    latency_ms: int | None


async def labels_of(db: Source, org_id: int, found: Iterable[Call]) -> dict[str, str]:
    """The labels of both sides of calls, by number."""
    numbers = {number for call in found for number in (call.from_number, call.to_number)}
    return await phone_number_labels.of_numbers(db, org_id, numbers)


def view(call: Call, sdk: bool, labels: Mapping[str, str]) -> CallView:
    """A call in the client's dialect, with the labels of its numbers."""
    recorded = call.recording_file is not None
    return CallView(
        call_id=call.id,
        agent_id=call.agent_id,
        direction=dialect.direction(sdk, call.direction),
        from_number=call.from_number,
        to_number=call.to_number,
        from_number_label=labels.get(call.from_number),
        to_number_label=labels.get(call.to_number),
        start_time=iso(call.started_at),
        end_time=iso_optional(call.ended_at),
        duration_seconds=call.duration_seconds,
        status=call.status,
        end_reason=call.end_reason,
        recording_url=f"/v1/calls/{call.id}/audio" if recorded else None,
        is_test_call=call.is_test_call,
        product=call.product,
        voice=call.voice,
        billable_minutes=call.billable_minutes,
        billing_total_cents=call.billing_total_cents,
        billed_at=iso_optional(call.billed_at),
        grade_score=dialect.score(sdk, call.grade_score),
        grade_status=call.grade_status,
        grade_updated_at=iso_optional(call.grade_updated_at),
        issue_count=call.issue_count,
        critical_issue_count=call.critical_issue_count,
        prompt=call.prompt,
        sip_status=call.sip_status,
        call_outcome=call.call_outcome,
        livekit_room_name=f"{call.direction}-{call.id}" if is_web(call.direction) else None,
        outbound_dial_state=_dial_state(call),
        prompt_snapshot=call.prompt,
        recording_mode="recording" if recorded else "disabled_by_config",
        recording_started_at=iso_optional(call.recording_started_at),
        sip_answered_at=iso_optional(call.answered_at),
        thinking_level=call.thinking_level,
        tool_snapshot=[_without_headers(tool) for tool in call.tools],
        unresolved_variables=unresolved(call.prompt, call.variables),
        variables=call.variables,
        transfer_destination=call.transfer_destination,
        transfer_outcome=call.transfer_outcome,
    )


def transcript(call_id: int, turns: list[Turn]) -> Transcript:
    """The turns as a transcript."""
    return Transcript(call_id=call_id, transcripts=[transcript_entry(turn) for turn in turns])


def history(turns: list[Turn]) -> list[HistoryItem]:
    """The turns with tool calls and interruptions."""
    return [_history_item(turn) for turn in turns]


def _without_headers(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool as a reader of calls may see it: headers carry other people's keys."""
    endpoint = tool.get("endpoint")
    if not isinstance(endpoint, dict):
        return tool
    return {**tool, "endpoint": {k: v for k, v in endpoint.items() if k != "headers"}}


def _dial_state(call: Call) -> str | None:
    if call.direction != "outbound":
        return None
    if call.answered_at is not None:
        return "answered"
    return "submitted" if call.status == "in_progress" else "failed"


def transcript_entry(turn: Turn) -> TranscriptEntry:
    """A turn as a transcript shows it."""
    content = content_of(turn)
    return TranscriptEntry(
        role=turn.role,
        content_type="text/plain" if isinstance(content, str) else "application/json",
        content=content,
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
    )


def _history_item(turn: Turn) -> HistoryItem:
    content = content_of(turn)
    calls: list[ToolCallView] = []
    if turn.role == "tool_call":
        calls.append(_tool_call(turn, content))
    return HistoryItem(
        role=turn.role,
        content=content,
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
        interrupted=turn.interrupted,
        interrupted_at_ms=turn.interrupted_at_ms,
        unheard=turn.unheard,
        tool_calls=calls,
        tool_call_id=turn.tool_call_id,
        latency_ms=turn.latency_ms,
    )


def _tool_call(turn: Turn, content: Any) -> ToolCallView:
    arguments = content["arguments"] if isinstance(content, dict) else {}
    return ToolCallView(id=turn.tool_call_id, name=turn.tool_name, arguments=arguments)
