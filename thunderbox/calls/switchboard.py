"""Switchboard: who answers an inbound call, and which calls are running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from thunderbox.calls import receivers
from thunderbox.calls.call import Call, Surroundings, new_row
from thunderbox.calls.incoming import Outcome, Question
from thunderbox.calls.linked_tools import equipped
from thunderbox.calls.meter import Reading
from thunderbox.calls.ports import Invitation
from thunderbox.calls.receivers import Receiver
from thunderbox.calls.routing import find_line
from thunderbox.errors import LegError
from thunderbox.store import agents
from thunderbox.store.agents import NewAgent
from thunderbox.voice.leg import EndCause, Ended, Leg
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

CLOSING = (503, "This box is shutting down")
NO_AGENT = (480, "No agent is assigned to this number")


class Switchboard:
    """Takes inbound calls and knows every running one."""

    def __init__(self, box: Surroundings) -> None:
        self._box = box
        self._running: dict[int, Call] = {}
        self._expected: dict[str, Callable[[Leg], Awaitable[None]]] = {}
        self._tasks = Tasks("switchboard")
        self._closing = False
        self._changed = asyncio.Event()
        self.is_probe: Callable[[str, Invitation], bool] = lambda number, invitation: False
        """Whether a call is one of the box's own, which only shows that it arrives."""

    @property
    def running(self) -> int:
        """Calls in progress."""
        return len(self._running)

    def call(self, call_id: int) -> Call | None:
        """A call in progress."""
        return self._running.get(call_id)

    def readings(self) -> list[Reading]:
        """What each answered call costs."""
        found = (call.reading() for call in self._running.values())
        return [reading for reading in found if reading is not None]

    def end_unpaid(self, call_id: int) -> None:
        """Let a call end politely, for nobody pays it."""
        if (call := self._running.get(call_id)) is not None:
            call.end_unpaid()

    @contextmanager
    def expecting(
        self, user: str, handle: Callable[[Leg], Awaitable[None]]
    ) -> Generator[None, None, None]:
        """While this is open, a call to `user` is for `handle` and for no number."""
        self._expected[user] = handle
        try:
            yield
        finally:
            del self._expected[user]

    def enter(self, call: Call) -> None:
        """A call is in progress now."""
        self._running[call.id] = call

    def leave(self, call: Call) -> None:
        """A call is over."""
        self._running.pop(call.id, None)
        self._changed.set()

    async def ring(self, leg: Leg, invitation: Invitation) -> None:
        """Handle an inbound call from its first ring to its end."""
        if self._closing:
            await leg.refuse(*CLOSING)
            return
        if (handle := self._expected.get(invitation.called)) is not None:
            await handle(leg)
            return
        line = await find_line(self._box.db, invitation, self._box.settings.extensions)
        if line is None:
            log.info("%s: 404, the number dialled is not one of this box", leg.name)
            await leg.refuse(404, "No such number on this box")
            return
        if self.is_probe(line.number, invitation):
            log.info("%s: 480, it is a test of number %s", leg.name, line.id)
            await leg.refuse(480, "This call was a test")
            return
        if not await self._box.billing.may_call(line.org_id):
            log.info("%s: 402, the balance of organization %s is used up", leg.name, line.org_id)
            await leg.refuse(402, "The balance of this number is used up")
            return
        agent = (
            await agents.get(self._box.db, line.org_id, line.inbound_agent_id)
            if line.inbound_agent_id is not None
            else None
        )
        asked = await receivers.of_number(self._box.db, line, self._box.clock.now_ms())
        if agent is None and not asked:
            log.info("%s: 480, no agent is assigned to number %s", leg.name, line.id)
            await leg.refuse(*NO_AGENT)
            return
        if agent is not None:
            agent = await equipped(self._box.db, line.org_id, agent)
        known = agent or NewAgent(name="", prompt="", voice=self._box.settings.voice.default_voice)
        row = new_row(
            known,
            org_id=line.org_id,
            agent_id=None if agent is None else agent.id,
            phone_number_id=line.id,
            direction="inbound",
            from_number=invitation.caller,
            to_number=line.number,
            started_at=self._box.clock.now_ms(),
        )
        call = await Call.begin(self._box, row, known)
        self.enter(call)
        try:
            if not asked:
                await self._answer(call, leg, known.inbound_speak_order)
                return
            question = Question.of(call.id, row)
            speaking = await self._ask(call, leg, question, asked, agent)
            if speaking is not None:
                await self._answer(call, leg, speaking.inbound_speak_order, prepares=True)
        finally:
            self.leave(call)

    async def _ask(
        self,
        call: Call,
        leg: Leg,
        question: Question,
        asked: Sequence[Receiver],
        agent: NewAgent | None,
    ) -> NewAgent | None:
        """Who speaks, by those who are asked; None where the call is over.

        `agent` is the number's own. It rings meanwhile, and the agent is prepared.
        """
        try:
            async with self._preparing(call if agent is not None else None):
                outcome = await _while_it_rings(leg, self._box.incoming.ask(question, asked))
        except asyncio.CancelledError:
            await asyncio.shield(call.fail("shutdown", None))
            raise
        if isinstance(outcome, Ended):
            log.info("Call %s ended before it was answered", call.id)
            await call.fail(outcome.cause.value, outcome.sip_status)
            return None
        if self._closing:
            await leg.refuse(*CLOSING)
            await call.fail("shutdown", None)
            return None
        call.sign_with(outcome.secrets)
        if outcome.config is not None:
            await call.configure(outcome.config)
            return outcome.config.agent
        if agent is None:
            log.info("Call %s: 480, no webhook says who answers, and no agent is assigned", call.id)
            await leg.refuse(*NO_AGENT)
            await call.fail("no_agent", NO_AGENT[0])
        return agent

    @asynccontextmanager
    async def _preparing(self, call: Call | None) -> AsyncGenerator[None, None]:
        """While this is open, a call's agent reads what it is told; what it has read stays."""
        task = None if call is None else self._tasks.spawn(call.prepare())
        try:
            yield
        finally:
            if task is not None:
                task.cancel()

    async def _answer(
        self, call: Call, leg: Leg, speak_order: str, *, prepares: bool = False
    ) -> None:
        try:
            async with self._preparing(call if prepares else None):
                await leg.answer()
        except LegError as error:
            log.warning("Call %s could not be answered: %s", call.id, error)
            lost = _end_of(leg) or Ended(EndCause.MEDIA_LOST)
            await call.fail(lost.cause.value, lost.sip_status)
            return
        except asyncio.CancelledError:
            await asyncio.shield(call.fail("shutdown", None))
            raise
        if (ended := _end_of(leg)) is not None:
            log.info("Call %s ended before it was answered", call.id)
            await call.fail(ended.cause.value, ended.sip_status)
            return
        await call.talk(leg, speak_order)

    async def close(self, grace_s: float) -> None:
        """Refuse new calls, let running ones say goodbye, and wait for them at most so long."""
        self._closing = True
        for call in list(self._running.values()):
            call.close_politely()
        try:
            async with asyncio.timeout(grace_s):
                while self._running:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            log.warning("%d calls did not end in time", len(self._running))
        await self._tasks.close()


def _end_of(leg: Leg) -> Ended | None:
    """The leg's own word about its end, if it is over; everything else stays in its events."""
    waiting = [leg.events.get_nowait() for _ in range(leg.events.qsize())]
    for event in waiting:
        if isinstance(event, Ended):
            return event
        leg.events.put_nowait(event)
    return None


async def _while_it_rings(leg: Leg, asking: Coroutine[Any, Any, Outcome]) -> Outcome | Ended:
    """What comes first: the outcome, or the end of a leg that nobody has answered."""
    tasks = asyncio.create_task(asking), asyncio.create_task(_until_ended(leg))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = tasks[1].result() if tasks[1].done() else None
        return ended if ended is not None else tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_ended(leg: Leg) -> Ended:
    """Wait for the end of a leg that rings; keys that are pressed meanwhile mean nothing."""
    while True:
        event = await leg.events.get()
        if isinstance(event, Ended):
            return event
