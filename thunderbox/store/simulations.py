"""Simulations: test calls of a simulated caller with an agent, alone or in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json

Judgement = Literal["pass", "fail", "unknown"]


class NewSimulation(Struct, kw_only=True):
    """A run as it is asked for; `due_at` in ms, nothing happens before."""

    target_type: str
    """`agent` or `phone_number`."""
    target_id: int
    target_name: str
    agent_name: str
    direction: str
    """`outbound`: the simulated caller calls; `inbound`: the agent calls."""
    target_number: str
    scenario_prompt: str
    language: str | None
    estimated_cost_cents: int
    requested_by_id: int | None
    due_at: int
    mode: str = "bot"
    """`bot`, on a line in memory, or `sip`, over the phone."""
    batch_id: int | None = None


class Simulation(NewSimulation, kw_only=True):
    """A run, with what is known of its call."""

    id: int
    org_id: int
    status: str
    call_id: int | None
    error_message: str
    verdict: Judgement | None
    """How the agent did; None until that is known."""
    verdict_reason: str
    started_at: int | None
    completed_at: int | None
    created_at: int
    updated_at: int
    answered_at: int | None
    ended_at: int | None
    recording_file: str | None
    grade_status: str | None
    grade_score: float | None
    call_outcome: str | None


class SimulationFilter(Struct, kw_only=True, frozen=True):
    """Which runs to list; None means all."""

    target_type: str | None = None
    status: str | None = None
    agent_id: int | None = None


class NewBatch(Struct, kw_only=True):
    """A batch as it is asked for."""

    name: str
    target_type: str
    target_id: int
    direction: str
    target_number: str
    stagger_seconds: int
    scenario_prompts: list[str]
    requested_by_id: int | None


class Batch(NewBatch, kw_only=True):
    """A batch, with how its runs stand."""

    id: int
    created_at: int
    updated_at: int
    run_ids: list[int]
    completed_runs: int
    failed_runs: int
    open_runs: int
    estimated_cost_cents: int
    started_at: int | None
    completed_at: int | None


_RUN = (
    "SELECT simulations.*, calls.answered_at, calls.ended_at, calls.recording_file, "
    "calls.grade_status, calls.grade_score, calls.call_outcome FROM simulations "
    "LEFT JOIN calls ON calls.id = simulations.call_id "
)
_BATCH = (
    "SELECT simulation_batches.*, json_group_array(runs.id) AS run_ids, "
    "sum(runs.status = 'completed') AS completed_runs, sum(runs.status = 'failed') AS failed_runs, "
    "sum(runs.status IN ('queued', 'in_progress')) AS open_runs, "
    "sum(runs.estimated_cost_cents) AS estimated_cost_cents, "
    "min(runs.started_at) AS started_at, max(runs.completed_at) AS completed_at "
    "FROM simulation_batches JOIN simulations AS runs ON runs.batch_id = simulation_batches.id "
)


async def insert(tx: Transaction, org_id: int, new: NewSimulation) -> int:
    """Queue a run and give its id."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO simulations (org_id, batch_id, target_type, target_id, target_name, "
        "agent_name, direction, target_number, scenario_prompt, language, estimated_cost_cents, "
        "requested_by_id, due_at, mode, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            org_id,
            new.batch_id,
            new.target_type,
            new.target_id,
            new.target_name,
            new.agent_name,
            new.direction,
            new.target_number,
            new.scenario_prompt,
            new.language,
            new.estimated_cost_cents,
            new.requested_by_id,
            new.due_at,
            new.mode,
            now,
            now,
        ),
    )
    assert row is not None
    return int(row["id"])


async def get(db: Source, org_id: int, run_id: int) -> Simulation | None:
    """One run."""
    row = await db.fetch_one(
        f"{_RUN}WHERE simulations.id = ? AND simulations.org_id = ?", (run_id, org_id)
    )
    return read_optional(Simulation, row)


async def page(
    db: Source, org_id: int, wanted: SimulationFilter, limit: int, offset: int
) -> list[Simulation]:
    """One page of the runs of an organization, newest first."""
    where, params = ["simulations.org_id = ?"], [org_id]
    values: tuple[tuple[str, Any], ...] = (
        ("simulations.target_type = ?", wanted.target_type),
        ("simulations.status = ?", wanted.status),
        ("simulations.target_type = 'agent' AND simulations.target_id = ?", wanted.agent_id),
    )
    for condition, value in values:
        if value is not None:
            where.append(condition)
            params.append(value)
    rows = await db.fetch_all(
        f"{_RUN}WHERE {' AND '.join(where)} "
        "ORDER BY simulations.created_at DESC, simulations.id DESC LIMIT ? OFFSET ?",
        (*params, limit, offset),
    )
    return read_all(Simulation, rows)


async def next_due(db: Source) -> tuple[int, int, int] | None:
    """Organization, id and time of the queued run that is due first."""
    row = await db.fetch_one(
        "SELECT org_id, id, due_at FROM simulations WHERE status = 'queued' "
        "ORDER BY due_at, id LIMIT 1"
    )
    return None if row is None else (row["org_id"], row["id"], row["due_at"])


async def begin(tx: Transaction, run_id: int) -> None:
    """A run begins."""
    now = now_ms()
    await tx.execute(
        "UPDATE simulations SET status = 'in_progress', started_at = ?, updated_at = ? "
        "WHERE id = ?",
        (now, now, run_id),
    )


async def set_call(tx: Transaction, run_id: int, call_id: int) -> None:
    """Which call a run is."""
    await tx.execute(
        "UPDATE simulations SET call_id = ?, updated_at = ? WHERE id = ?",
        (call_id, now_ms(), run_id),
    )


async def scenario_of(db: Source, call_id: int) -> str:
    """What the caller of a test call was told; empty for other calls."""
    row = await db.fetch_one(
        "SELECT scenario_prompt FROM simulations WHERE call_id = ?", (call_id,)
    )
    return "" if row is None else str(row["scenario_prompt"])


async def judge(tx: Transaction, call_id: int, verdict: Judgement, reason: str) -> None:
    """How the agent did in a test call."""
    await tx.execute(
        "UPDATE simulations SET verdict = ?, verdict_reason = ?, updated_at = ? WHERE call_id = ?",
        (verdict, reason, now_ms(), call_id),
    )


async def finish(tx: Transaction, run_id: int, error: str) -> None:
    """A run is over: completed, or failed with a sentence that says why."""
    now = now_ms()
    await tx.execute(
        "UPDATE simulations SET status = ?, error_message = ?, completed_at = ?, updated_at = ? "
        "WHERE id = ?",
        ("failed" if error else "completed", error, now, now, run_id),
    )
    if error:
        await _leave_unjudged(tx, run_id, error)


async def fail_interrupted(tx: Transaction, error: str) -> list[tuple[int, int]]:
    """Close every run in progress; organization and id of each."""
    now = now_ms()
    rows = await tx.fetch_all(
        "UPDATE simulations SET status = 'failed', error_message = ?, completed_at = ?, "
        "updated_at = ? WHERE status = 'in_progress' RETURNING org_id, id",
        (error, now, now),
    )
    for row in rows:
        await _leave_unjudged(tx, row["id"], error)
    return [(row["org_id"], row["id"]) for row in rows]


async def _leave_unjudged(tx: Transaction, run_id: int, why: str) -> None:
    """Nobody can tell how the agent did in a run that failed, unless its call was graded."""
    await tx.execute(
        "UPDATE simulations SET verdict = 'unknown', verdict_reason = ? "
        "WHERE id = ? AND verdict IS NULL",
        (why, run_id),
    )


async def insert_batch(tx: Transaction, org_id: int, new: NewBatch) -> int:
    """Add a batch, which is to get runs, and give its id."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO simulation_batches (org_id, name, target_type, target_id, direction, "
        "target_number, stagger_seconds, scenario_prompts, requested_by_id, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            org_id,
            new.name,
            new.target_type,
            new.target_id,
            new.direction,
            new.target_number,
            new.stagger_seconds,
            to_json(new.scenario_prompts),
            new.requested_by_id,
            now,
            now,
        ),
    )
    assert row is not None
    return int(row["id"])


async def get_batch(db: Source, org_id: int, batch_id: int) -> Batch | None:
    """One batch."""
    row = await db.fetch_one(
        f"{_BATCH}WHERE simulation_batches.id = ? AND simulation_batches.org_id = ? "
        "GROUP BY simulation_batches.id",
        (batch_id, org_id),
    )
    return read_optional(Batch, row)


async def batches(db: Source, org_id: int) -> Sequence[Batch]:
    """Every batch of an organization, newest first."""
    rows = await db.fetch_all(
        f"{_BATCH}WHERE simulation_batches.org_id = ? GROUP BY simulation_batches.id "
        "ORDER BY simulation_batches.created_at DESC, simulation_batches.id DESC",
        (org_id,),
    )
    return [read(Batch, row) for row in rows]
