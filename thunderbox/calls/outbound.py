"""Outbound: places calls for the API and the command line."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re

import msgspec

from thunderbox.calls.call import Call, Surroundings, new_row
from thunderbox.calls.linked_tools import equipped
from thunderbox.calls.ports import Destination, Dialer
from thunderbox.calls.requests import PlaceCall, PlacedCall
from thunderbox.calls.routing import is_sip_uri
from thunderbox.calls.switchboard import Switchboard
from thunderbox.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LegError,
    NotFoundError,
)
from thunderbox.store import agents, calls, phone_numbers
from thunderbox.store.agents import NewAgent
from thunderbox.voice.leg import Answered, Ended, Leg
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

IDEMPOTENCY_MS = 24 * 3600 * 1000
"""How long an idempotency key stands for the call that it placed."""
RING_MARGIN_S = 5.0
"""The line itself gives up after the ring timeout; this is for a line that does not."""


class Outbound:
    """Places calls; each runs as a task of its own."""

    def __init__(self, box: Surroundings, switchboard: Switchboard, dialer: Dialer) -> None:
        self._box = box
        self._switchboard = switchboard
        self._dialer = dialer
        self._tasks = Tasks("outbound")

    async def place(self, request: PlaceCall) -> PlacedCall:
        """Check the request, write the call's row, and start dialling.

        Raises NotFoundError, ForbiddenError, InvalidError, PaymentError or ConflictError.
        """
        digest = _digest(request)
        if (replay := await self._replay(request, digest)) is not None:
            return replay
        line = await self._line(request)
        agent_id, agent = await self._agent(request, line.outbound_agent_id)
        if request.primary_language is not None:
            agent = msgspec.structs.replace(agent, primary_language=request.primary_language)
        if request.max_hold_seconds is not None:
            agent = msgspec.structs.replace(agent, max_hold_seconds=request.max_hold_seconds)
        await self._box.billing.require_credit(request.org_id)
        row = new_row(
            agent,
            org_id=request.org_id,
            agent_id=agent_id,
            phone_number_id=line.id,
            direction="outbound",
            from_number=request.from_number,
            to_number=request.to_number,
            started_at=self._box.clock.now_ms(),
            variables=request.variables,
            idempotency_key=request.idempotency_key,
            request_digest=digest,
        )
        call = await Call.begin(self._box, row, agent)
        self._switchboard.enter(call)
        self._tasks.spawn(self._dial(call, request, line, agent))
        return PlacedCall(call_id=call.id)

    async def close(self) -> None:
        """Collect what still runs."""
        await self._tasks.close()

    async def _replay(self, request: PlaceCall, digest: str) -> PlacedCall | None:
        if request.idempotency_key is None:
            return None
        earlier = await calls.by_idempotency_key(
            self._box.db, request.org_id, request.idempotency_key
        )
        if earlier is None:
            return None
        if self._box.clock.now_ms() - earlier.started_at >= IDEMPOTENCY_MS:
            async with self._box.db.transaction() as tx:
                await calls.release_idempotency_key(tx, earlier.id)
            return None
        if earlier.request_digest != digest:
            raise ConflictError(
                "This idempotency_key was used for another call; use a new key.",
                code="idempotency_conflict",
            )
        return PlacedCall(call_id=earlier.id, status=earlier.status, idempotent_replay=True)

    async def _line(self, request: PlaceCall) -> phone_numbers.PhoneNumber:
        """The number that calls, if it may."""
        line = await phone_numbers.by_number(self._box.db, request.from_number)
        if line is None or line.org_id != request.org_id:
            raise NotFoundError(
                f"from_number {request.from_number} is not a number of this organization."
            )
        if is_sip_uri(request.to_number):
            if not self._box.settings.sip.allow_uri_calls:
                raise ForbiddenError(
                    "Calls to SIP URIs are switched off; set sip.allow_uri_calls = true."
                )
            return line
        if not re.fullmatch(r"\+[1-9]\d{1,14}", request.to_number):
            raise InvalidError(
                {
                    "to_number": [
                        f'"{request.to_number}" is neither an E.164 number such as +15551234567 '
                        "nor a SIP URI such as sip:200@192.168.1.20."
                    ]
                }
            )
        if line.source == "demo":
            raise ForbiddenError(
                f"{line.number} is a demo number and cannot place calls; call from a number "
                "of the trunk, or call a SIP URI."
            )
        if line.voip_verification_status != "verified":
            raise ForbiddenError(f"{line.number} is not verified yet and cannot place calls.")
        if not self._dialer.can_call(line.voip_connection_id or 0):
            raise ForbiddenError(
                f"{line.number} has no trunk: its connection needs a SIP account (sip_config)."
            )
        return line

    async def _agent(self, request: PlaceCall, default: int | None) -> tuple[int | None, NewAgent]:
        """Who speaks: the agent named, the one configured in the request, or the number's own."""
        if request.agent_id is not None and request.config is not None:
            raise InvalidError({"config": ["Provide either agent_id or config, not both."]})
        if request.config is not None:
            try:
                return None, msgspec.convert({"name": "(call)", **request.config}, NewAgent)
            except msgspec.ValidationError as error:
                raise InvalidError({"config": [f"{error}."]}) from error
        agent_id = request.agent_id if request.agent_id is not None else default
        if agent_id is None:
            raise InvalidError(
                {
                    "agent_id": [
                        f"{request.from_number} has no outbound agent; name an agent_id or a "
                        "config, or assign an outbound agent to the number."
                    ]
                }
            )
        agent = await agents.get(self._box.db, request.org_id, agent_id)
        if agent is None:
            raise NotFoundError(
                f"There is no agent {agent_id}; GET /v1/agents lists those there are."
            )
        return agent_id, await equipped(self._box.db, request.org_id, agent)

    async def _dial(
        self,
        call: Call,
        request: PlaceCall,
        line: phone_numbers.PhoneNumber,
        agent: NewAgent,
    ) -> None:
        ring_s = float(agent.ring_duration_seconds or self._box.settings.sip.ring_seconds)
        try:
            leg = await self._dialer.dial(
                Destination(
                    to=request.to_number,
                    caller=request.from_number,
                    trunk=line.voip_connection_id or 0,
                ),
                ring_s,
            )
            ended = await outcome(leg, ring_s + RING_MARGIN_S)
            if ended is not None:
                await call.fail(ended.cause.value, ended.sip_status)
                return
            await call.talk(leg, agent.outbound_speak_order)
        except LegError as error:
            log.warning("Call %s could not be placed: %s", call.id, error)
            await call.fail("error", None)
        except asyncio.CancelledError:
            await asyncio.shield(call.fail("shutdown", None))
            raise
        finally:
            self._switchboard.leave(call)


async def outcome(leg: Leg, timeout_s: float) -> Ended | None:
    """None once the far end has answered; otherwise how the ringing ended."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                event = await leg.events.get()
                if isinstance(event, Answered):
                    return None
                if isinstance(event, Ended):
                    return event
    except TimeoutError:
        await leg.hang_up()
        raise LegError("The line neither answered nor gave up.") from None


def _digest(request: PlaceCall) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).hexdigest()
