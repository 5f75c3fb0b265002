"""Payloads: the `data` of each event, from the rows that it tells of."""

from __future__ import annotations

import json
from typing import Any

from thunderbox.events.catalogue import is_web
from thunderbox.store.calls import Call, NewCall
from thunderbox.store.grades import Grade
from thunderbox.store.issue_reports import IssueReport
from thunderbox.store.simulations import Simulation
from thunderbox.store.turns import NewTurn, Turn, content_of
from thunderbox.timestamps import iso, iso_optional

Data = dict[str, Any]

GRADER_VERSION = "1"
TEST_CALLS_COST = 2


def to_text(data: Data) -> str:
    """The JSON that is sent: keys sorted, no spaces, ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def incoming(call_id: int, new: NewCall, context: object = None) -> Data:
    """A call that rings, or a session that begins in a web page.

    `context` is what the page says of its visitor beside the session's variables.
    """
    data: Data = {
        "call_id": call_id,
        "from_number": _caller(new),
        "to_number": new.to_number,
    }
    if is_web(new.direction):
        data |= {
            "direction": new.direction,
            "publishable_key_id": new.publishable_key_id,
            "variables": new.variables,
        }
    return data if context is None else data | {"context": context}


def completed(call: Call, agent_name: str | None, turns: list[Turn]) -> Data:
    """A call that has ended. `recording_url` is a path here, and a link once it is sent."""
    return {
        "call_id": call.id,
        "direction": call.direction,
        "from_number": _caller(call),
        "to_number": call.to_number,
        "start_time": iso(call.started_at),
        "end_time": iso_optional(call.ended_at),
        "duration_seconds": call.duration_seconds,
        "status": call.status,
        "end_reason": call.end_reason,
        "product": call.product,
        "voice": call.voice,
        "transfer_number": call.transfer_destination if call.end_reason == "transfer" else None,
        "recording_url": None if call.recording_file is None else f"/v1/recordings/{call.id}.mp3",
        "billable_minutes": call.billable_minutes,
        "billing_total_cents": call.billing_total_cents,
        "transcripts": [entry(turn) for turn in turns],
        "agent_id": call.agent_id,
        "agent_name": agent_name,
        "is_test_call": call.is_test_call,
        "variables": call.variables,
    }


def entry(turn: NewTurn) -> Data:
    """A turn as a transcript shows it."""
    content = content_of(turn)
    return {
        "role": turn.role,
        "content_type": "text/plain" if isinstance(content, str) else "application/json",
        "content": content,
        "start_ms": turn.start_ms,
        "end_ms": turn.end_ms,
    }


def turn_ended(call_id: int, seq: int, turn: NewTurn) -> Data:
    """Words of the caller or the agent, as far as they were heard."""
    return entry(turn) | {
        "call_id": call_id,
        "turn_index": seq - 1,
        "interrupted": turn.interrupted,
        "latency_ms": turn.latency_ms,
    }


def tool_used(
    call_id: int,
    name: str,
    arguments: Data,
    *,
    response: str | None,
    error: str | None,
    status_code: int | None,
    latency_ms: int | None,
) -> Data:
    """A tool that the agent used; `response` is a text where it is no JSON."""
    return {
        "call_id": call_id,
        "tool_name": name,
        "arguments": arguments,
        "response": None if response is None else _json_or_text(response),
        "error": error,
        "status_code": status_code,
        "latency_ms": latency_ms,
    }


def transferred(call: Call, agent_name: str | None) -> Data:
    """A caller who was handed on, or was to be."""
    return {
        "call_id": call.id,
        "agent_id": call.agent_id,
        "agent_name": agent_name,
        "transfer_number": call.transfer_destination,
        "transfer_outcome": call.transfer_outcome,
    }


def graded(grade: Grade, call: Call | None, agent_name: str | None) -> Data:
    """A grade; `score` from 0 to 1, `score_100` to 100."""
    return {
        "call_id": grade.call_id,
        "agent_id": None if call is None else call.agent_id,
        "agent_name": agent_name,
        "grade": {
            "id": grade.id,
            "call_id": grade.call_id,
            "status": grade.status,
            "score": grade.score,
            "score_100": None if grade.score is None else round(grade.score * 100),
            "call_outcome": grade.call_outcome,
            "outcome_reasoning": grade.outcome_reasoning,
            "summary": grade.summary,
            "rubric_breakdown": grade.rubric_breakdown,
            "detected_issues": grade.detected_issues,
            "grader_model": grade.grader_model,
            "grader_version": GRADER_VERSION,
            "error_message": grade.error_message,
            "graded_at": iso_optional(grade.graded_at),
            "created_at": iso(grade.created_at),
            "updated_at": iso(grade.updated_at),
        },
        # Templates of workflow tools look for the outcome here.
        "report": {"outcome_label": grade.call_outcome},
    }


def reported(report: IssueReport) -> Data:
    """An issue report: whole as `issue_report`, and its fields beside that."""
    fields = {
        "id": report.id,
        "call_id": report.call_id,
        "agent_id": report.agent_id,
        "source": report.source,
        "severity": report.severity,
        "status": report.status,
        "title": report.title,
        "description": report.description,
        "evidence": report.evidence,
        "reported_by_id": report.reported_by_id,
        "timestamp_seconds": report.timestamp_seconds,
        "failing_turn_index": report.failing_turn_index,
        "detected_issue_ref": report.detected_issue_ref,
        "metadata": report.metadata,
        "trace_id": report.trace_id,
        "created_at": iso(report.created_at),
        "updated_at": iso(report.updated_at),
    }
    return fields | {"issue_report": fields}


def tested(run: Simulation) -> Data:
    """A test call that has ended; `run_id` is its `id`."""
    return {
        "id": run.id,
        "run_id": run.id,
        "batch_id": run.batch_id,
        "call_id": run.call_id,
        "status": run.status,
        "error_message": run.error_message,
        "target_type": run.target_type,
        "target_id": run.target_id,
        "target_name": run.target_name,
        "target_number": run.target_number,
        "agent_name": run.agent_name,
        "direction": run.direction,
        "mode": run.mode,
        "scenario_prompt": run.scenario_prompt,
        "charge_multiplier": TEST_CALLS_COST,
        "estimated_cost_cents": run.estimated_cost_cents,
        "requested_by_id": run.requested_by_id,
        "started_at": iso_optional(run.started_at),
        "completed_at": iso_optional(run.completed_at),
        "created_at": iso(run.created_at),
        "updated_at": iso(run.updated_at),
    }


def _caller(call: NewCall) -> str:
    return "web" if is_web(call.direction) else call.from_number


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
