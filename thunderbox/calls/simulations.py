"""Simulations: runs test calls, one after the other as they are due, in the background.

The agent is called as any agent is, on one end of a line; on the other end talks a simulated
caller. The line is one in memory (mode bot), or the phone calls itself (mode sip). The call has a
row, a transcript, a recording and a price like every call.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import msgspec

from thunderbox.calls.call import Call, Surroundings, new_row
from thunderbox.calls.linked_tools import equipped
from thunderbox.calls.ports import Dialer
from thunderbox.calls.simulated_caller import (
    CallerModel,
    NoTools,
    Unrecorded,
    lines_of,
    prompt_of,
)
from thunderbox.calls.simulated_lines import CALLER, LONGEST_S, in_memory, over_sip
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import LegError, ThunderBoxError
from thunderbox.events import outbox
from thunderbox.store import agents, calls, phone_numbers, simulations
from thunderbox.store.agents import Agent
from thunderbox.store.database import Source
from thunderbox.store.simulations import Simulation
from thunderbox.voice.call_recognizer import CallRecognizer
from thunderbox.voice.conversation import Conversation
from thunderbox.voice.languages import language_of
from thunderbox.voice.leg import Leg
from thunderbox.voice.pace import Pace
from thunderbox.voice.persona import Deadlines, Persona
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Test calls that run at the same time; real calls need the machine too."""
IDLE_S = 60.0
"""Without a new run the queue is looked at again after so long."""
RESTARTED = "The box was stopped during this run."


async def target_of(
    db: Source, org_id: int, target_type: str, target_id: int, direction: str
) -> tuple[str, Agent] | None:
    """The target's name and the agent that talks; None where there is no such target or agent."""
    if target_type == "agent":
        agent = await agents.get(db, org_id, target_id)
        return None if agent is None else (agent.name, agent)
    line = await phone_numbers.get(db, org_id, target_id)
    if line is None:
        return None
    agent_id = line.inbound_agent_id if direction == "outbound" else line.outbound_agent_id
    agent = None if agent_id is None else await agents.get(db, org_id, agent_id)
    return None if agent is None else (line.number, agent)


class Simulations:
    """The queue of test calls, and what works it off."""

    def __init__(self, box: Surroundings, switchboard: Switchboard, dialer: Dialer) -> None:
        self._box = box
        self._switchboard = switchboard
        self._dialer = dialer
        # A test call over the phone takes two of its lines.
        self._phone = asyncio.Lock()
        self._tasks = Tasks("simulations")
        self._wake = asyncio.Event()
        self._free = asyncio.Semaphore(AT_ONCE)

    async def start(self) -> None:
        """Close what a stop has cut off, and begin to work off the queue."""
        async with self._box.db.transaction() as tx:
            cut = await simulations.fail_interrupted(tx, RESTARTED)
            for org_id, run_id in cut:
                await outbox.tested(tx, org_id, run_id)
        if cut:
            log.warning("%d test calls were cut off when the box last stopped", len(cut))
        self._tasks.spawn(self._work())

    def wake(self) -> None:
        """Something was put into the queue."""
        self._wake.set()

    async def close(self) -> None:
        """Stop what runs; queued runs wait for the next start."""
        await self._tasks.close()

    async def _work(self) -> None:
        while True:
            await self._free.acquire()
            try:
                run = await self._next()
            except BaseException:
                self._free.release()
                raise
            self._tasks.spawn(self._run(run))

    async def _next(self) -> Simulation:
        """The next run, once it is due; it has begun then."""
        while True:
            self._wake.clear()
            due = await simulations.next_due(self._box.db)
            wait_s = IDLE_S
            if due is not None:
                org_id, run_id, due_at = due
                wait_s = (due_at - self._box.clock.now_ms()) / 1000
                if wait_s <= 0:
                    async with self._box.db.transaction() as tx:
                        await simulations.begin(tx, run_id)
                        run = await simulations.get(tx, org_id, run_id)
                    assert run is not None
                    return run
            try:
                async with asyncio.timeout(min(wait_s, IDLE_S)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _run(self, run: Simulation) -> None:
        error = RESTARTED
        try:
            error = await self._talk(run)
        except ThunderBoxError as failure:
            error = str(failure)
        except Exception:
            error = "Something went wrong inside the box; its log says what."
            raise
        finally:
            self._free.release()
            await asyncio.shield(self._finish(run, error))

    async def _finish(self, run: Simulation, error: str) -> None:
        async with self._box.db.transaction() as tx:
            await simulations.finish(tx, run.id, error)
            await outbox.tested(tx, run.org_id, run.id)

    async def _talk(self, run: Simulation) -> str:
        """Hold the test call; returns why it failed, empty when it did not."""
        box = self._box
        found = await target_of(box.db, run.org_id, run.target_type, run.target_id, run.direction)
        if found is None:
            return "The target, or its agent, is no longer there."
        if not await box.billing.may_call(run.org_id):
            return "Insufficient balance."
        agent = await equipped(box.db, run.org_id, found[1])
        if run.language is not None:
            agent = msgspec.structs.replace(agent, primary_language=run.language)
        places = run.direction == "outbound"
        number = run.target_number or (
            found[0] if run.target_type == "phone_number" else f"agent-{agent.id}"
        )
        row = new_row(
            agent,
            org_id=run.org_id,
            agent_id=agent.id,
            phone_number_id=run.target_id if run.target_type == "phone_number" else None,
            direction="inbound" if places else "outbound",
            from_number=CALLER if places else number,
            to_number=number if places else CALLER,
            started_at=box.clock.now_ms(),
        )
        row.is_test_call = True
        call = await Call.begin(box, row, agent)
        async with box.db.transaction() as tx:
            await simulations.set_call(tx, run.id, call.id)
        self._switchboard.enter(call)
        try:
            order = agent.inbound_speak_order if places else agent.outbound_speak_order
            await self._hold(call, run, agent, order)
        except LegError:
            await call.fail("error", None)
            raise
        finally:
            self._switchboard.leave(call)
        ended = await calls.get(box.db, run.org_id, call.id)
        assert ended is not None
        if ended.status == "completed":
            return ""
        return f"The call failed: {ended.end_reason}."

    async def _hold(self, call: Call, run: Simulation, agent: Agent, order: str) -> None:
        async def talk(leg: Leg) -> None:
            await call.talk(leg, order)

        async def ask(leg: Leg) -> None:
            await self._caller(leg, run, agent, agent_first=order == "caller_first").run()

        if run.mode == "bot":
            await in_memory(f"test-call-{run.id}", talk, ask)
            return
        settings = self._box.settings.sip
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "") else settings.host  # noqa: S104
        address = f"{host}:{settings.port}"
        async with self._phone:
            if run.direction == "outbound":
                await over_sip(self._switchboard, self._dialer, address, ask, talk)
            else:
                await over_sip(self._switchboard, self._dialer, address, talk, ask)

    def _caller(
        self, leg: Leg, run: Simulation, agent: Agent, *, agent_first: bool
    ) -> Conversation:
        box = self._box
        voice = box.settings.voice
        language = language_of(agent.primary_language)
        engines = box.new_engines("spark")
        # A caller waits longer than an agent before it takes a pause for an end.
        pause_ms = voice.pause_ms * 2
        engines = replace(
            engines,
            recognizer=CallRecognizer(engines.recognizer, [language]),
            language_model=CallerModel(engines.language_model, lines_of(run.scenario_prompt)),
            keep_sound=None,
        )
        return Conversation(
            leg,
            Persona(
                prompt=prompt_of(run.scenario_prompt),
                voice=voice.default_voice,
                language=language,
            ),
            engines,
            NoTools(),
            Unrecorded(),
            Pace(
                agent_first=agent_first,
                pause_ms=pause_ms,
                shortest_pause_ms=pause_ms,
                longest_pause_ms=pause_ms,
                max_ms=LONGEST_S * 1000,
            ),
            Deadlines(
                transcribe=voice.transcribe_seconds,
                first_token=voice.first_token_seconds,
                speak=voice.speak_seconds,
            ),
        )
