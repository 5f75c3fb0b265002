"""Test calls and their batches as answers show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from thunderbox.api import dialect
from thunderbox.api.call_views import TranscriptEntry, transcript_entry
from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.calls.billing import TEST_CALLS_COST
from thunderbox.store.simulations import Batch, Simulation
from thunderbox.store.turns import Turn


class SimulationGradeView(Struct, kw_only=True):
    """How the call of a run was graded, so far; GET /v1/calls/{call_id}/grade says more."""

    status: str
    score: float | None
    call_outcome: str | None


class SimulationView(Struct, kw_only=True):
    """A run; everything below `updated_at` is what the newer client looks for."""

    id: int
    target_type: str
    target_id: int
    direction: str
    target_number: str
    scenario_prompt: str
    mode: str
    status: str
    charge_multiplier: int = TEST_CALLS_COST
    estimated_cost_cents: int
    call_id: int | None
    sip_call_id: str | None = None
    error_message: str
    started_at: Timestamp | None
    completed_at: Timestamp | None
    batch_id: int | None
    created_at: Timestamp
    updated_at: Timestamp

    agent_name: str
    duration_seconds: int | None
    grade: SimulationGradeView | None
    metadata: dict[str, Any] = {}
    verdict: str | None
    """`pass`, `fail` or `unknown`; null until the call is graded."""
    verdict_reason: str
    recording_url: str | None
    requested_by_id: int | None
    target_name: str
    transcript: list[TranscriptEntry]


class BatchView(Struct, kw_only=True):
    """A batch of runs; `run_ids` in the order in which they begin."""

    id: int
    name: str
    target_type: str
    target_id: int
    direction: str
    target_number: str
    status: str
    run_count: int
    stagger_seconds: int
    scenario_prompts: list[str]
    run_ids: list[int]
    total_runs: int
    completed_runs: int
    failed_runs: int
    estimated_cost_cents: int
    estimated_minutes: int
    error_message: str
    matrix_dimensions: dict[str, Any] = {}
    requested_by_id: int | None
    started_at: Timestamp | None
    completed_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


def view(run: Simulation, spoken: Sequence[Turn], *, sdk: bool) -> SimulationView:
    """A run as an answer shows it, with the turns of its call."""
    seconds = None
    if run.ended_at is not None:
        begun = run.ended_at if run.answered_at is None else run.answered_at
        seconds = max(0, round((run.ended_at - begun) / 1000))
    grade = None
    if run.grade_status is not None:
        score = dialect.score(sdk, run.grade_score)
        grade = SimulationGradeView(
            status=run.grade_status, score=score, call_outcome=run.call_outcome
        )
    recorded = run.recording_file is not None
    return SimulationView(
        id=run.id,
        target_type=run.target_type,
        target_id=run.target_id,
        direction=run.direction,
        target_number=run.target_number,
        scenario_prompt=run.scenario_prompt,
        mode=run.mode,
        status=run.status,
        estimated_cost_cents=run.estimated_cost_cents,
        call_id=run.call_id,
        error_message=run.error_message,
        started_at=iso_optional(run.started_at),
        completed_at=iso_optional(run.completed_at),
        batch_id=run.batch_id,
        created_at=iso(run.created_at),
        updated_at=iso(run.updated_at),
        agent_name=run.agent_name,
        duration_seconds=seconds,
        grade=grade,
        verdict=run.verdict,
        verdict_reason=run.verdict_reason,
        recording_url=f"/v1/calls/{run.call_id}/audio" if recorded else None,
        requested_by_id=run.requested_by_id,
        target_name=run.target_name,
        transcript=[transcript_entry(turn) for turn in spoken],
    )


def batch_view(batch: Batch) -> BatchView:
    """A batch as an answer shows it."""
    total = len(batch.run_ids)
    failed_all = batch.failed_runs == total
    return BatchView(
        id=batch.id,
        name=batch.name,
        target_type=batch.target_type,
        target_id=batch.target_id,
        direction=batch.direction,
        target_number=batch.target_number,
        status="in_progress" if batch.open_runs else "failed" if failed_all else "completed",
        run_count=total,
        stagger_seconds=batch.stagger_seconds,
        scenario_prompts=batch.scenario_prompts,
        run_ids=sorted(batch.run_ids),
        total_runs=total,
        completed_runs=batch.completed_runs,
        failed_runs=batch.failed_runs,
        estimated_cost_cents=batch.estimated_cost_cents,
        estimated_minutes=total,
        error_message="Every run failed." if failed_all else "",
        requested_by_id=batch.requested_by_id,
        started_at=iso_optional(batch.started_at),
        completed_at=None if batch.open_runs else iso_optional(batch.completed_at),
        created_at=iso(batch.created_at),
        updated_at=iso(batch.updated_at),
    )
