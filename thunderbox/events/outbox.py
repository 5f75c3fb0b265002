"""Outbox: writes events in the transaction of the facts that they tell of.

A fact that is rolled back tells nobody, and what is committed is told whatever happens then:
the deliveries are rows, which the courier works off (courier.py). Where nobody listens, nothing
is written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from thunderbox.events import payloads
from thunderbox.events.catalogue import PRODUCED, legacy_name, of_call
from thunderbox.events.payloads import Data
from thunderbox.store import agents, calls, simulations, turns, webhook_events
from thunderbox.store.calls import Call
from thunderbox.store.database import Transaction
from thunderbox.store.grades import Grade
from thunderbox.store.issue_reports import IssueReport
from thunderbox.store.turns import NewTurn
from thunderbox.store.webhook_events import KEY, NewWebhookEvent


async def session_began(tx: Transaction, call_id: int) -> None:
    """A session in a web page begins, whose row is written.

    The key's own webhook is not told: it was asked (calls/receivers.py).
    """
    call = await calls.by_id(tx, call_id)
    if call is None:
        return

    async def data() -> Data:
        return payloads.incoming(call_id, call)

    await _tell_of(tx, call, "incoming", data, keys_own=False)


async def call_ended(tx: Transaction, call_id: int) -> None:
    """A call has ended; its turns are written, and its price is."""
    call = await calls.by_id(tx, call_id)
    if call is None:
        return

    async def data() -> Data:
        spoken = await turns.of_call(tx, call_id)
        return payloads.completed(call, await _name(tx, call), spoken)

    await _tell_of(tx, call, "complete", data)


async def turn_ended(tx: Transaction, call_id: int, seq: int, turn: NewTurn) -> None:
    """Somebody has said something in a call."""
    call = await calls.by_id(tx, call_id)
    if call is None or turn.role not in ("user", "assistant"):
        return

    async def data() -> Data:
        return payloads.turn_ended(call_id, seq, turn)

    await _tell_of(tx, call, "turn", data)


async def tool_used(
    tx: Transaction,
    call_id: int,
    name: str,
    arguments: dict[str, Any],
    *,
    response: str | None,
    error: str | None,
    status_code: int | None,
    latency_ms: int | None,
) -> None:
    """The agent has used a tool in a call."""
    call = await calls.by_id(tx, call_id)
    if call is None:
        return

    async def data() -> Data:
        return payloads.tool_used(
            call_id,
            name,
            arguments,
            response=response,
            error=error,
            status_code=status_code,
            latency_ms=latency_ms,
        )

    await _tell_of(tx, call, "tool", data)


async def transferred(tx: Transaction, call_id: int) -> None:
    """A caller was handed on, or was to be."""
    call = await calls.by_id(tx, call_id)
    if call is None:
        return

    async def data() -> Data:
        return payloads.transferred(call, await _name(tx, call))

    await _tell(tx, "call.transfer_completed", _whose(call), data)


async def graded(tx: Transaction, grade: Grade) -> None:
    """A call was graded."""
    call = await calls.by_id(tx, grade.call_id)

    async def data() -> Data:
        name = None if call is None else await _name(tx, call)
        return payloads.graded(grade, call, name)

    whose = _Whose(grade.org_id, grade.call_id, None) if call is None else _whose(call)
    await _tell(tx, "call.graded", whose, data)


async def reported(tx: Transaction, report: IssueReport) -> None:
    """An issue of a call was reported."""
    call = await calls.by_id(tx, report.call_id)
    key_id = None if call is None else call.publishable_key_id

    async def data() -> Data:
        return payloads.reported(report)

    whose = _Whose(report.org_id, report.call_id, report.agent_id, key_id)
    await _tell(tx, "issue.reported", whose, data)


async def tested(tx: Transaction, org_id: int, run_id: int) -> None:
    """A test call has ended, or came to nothing."""
    run = await simulations.get(tx, org_id, run_id)
    if run is None:
        return
    call = None if run.call_id is None else await calls.by_id(tx, run.call_id)
    agent_id = None if call is None else call.agent_id
    if call is None and run.target_type == "agent":
        agent_id = run.target_id

    async def data() -> Data:
        return payloads.tested(run)

    await _tell(tx, "test-call.completed", _Whose(org_id, run.call_id, agent_id), data)


@dataclass(frozen=True, slots=True)
class _Whose:
    """What decides who hears of an event."""

    org_id: int
    call_id: int | None
    agent_id: int | None
    key_id: int | None = None
    """The publishable key that opened the session."""


def _whose(call: Call) -> _Whose:
    return _Whose(call.org_id, call.id, call.agent_id, call.publishable_key_id)


async def _tell_of(
    tx: Transaction,
    call: Call,
    what: str,
    data: Callable[[], Awaitable[Data]],
    *,
    keys_own: bool = True,
) -> None:
    await _tell(tx, of_call(call.direction, what), _whose(call), data, keys_own=keys_own)


async def _tell(
    tx: Transaction,
    name: str,
    whose: _Whose,
    data: Callable[[], Awaitable[Data]],
    *,
    keys_own: bool = True,
) -> None:
    """Write an event for whoever listens; `data` is made only then.

    `keys_own` is whether the webhook of a publishable key is told.
    """
    known = PRODUCED.get(name)
    on_demand = known is not None and known.on_demand
    told = [
        receiver
        for receiver in await webhook_events.receivers(
            tx, whose.org_id, name, whose.agent_id, on_demand=on_demand, key_id=whose.key_id
        )
        if keys_own or not receiver.key.startswith(KEY)
    ]
    if not told:
        return
    new = NewWebhookEvent(
        org_id=whose.org_id,
        type=name,
        legacy_type=legacy_name(name),
        call_id=whose.call_id,
        agent_id=whose.agent_id,
        data=payloads.to_text(await data()),
    )
    await webhook_events.insert(tx, new, told)


async def _name(tx: Transaction, call: Call) -> str | None:
    """The name of a call's agent, while there is one."""
    agent = None if call.agent_id is None else await agents.get(tx, call.org_id, call.agent_id)
    return None if agent is None else agent.name
