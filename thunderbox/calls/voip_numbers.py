"""VoIP numbers: the numbers of connections, listed, imported, verified and called for a test."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any, Literal

from thunderbox.calls.connections import UNREACHABLE, Connections, outcome, said
from thunderbox.calls.ports import CarrierNumber, Destination, Dialer, Invitation, TrunkState
from thunderbox.errors import (
    CarrierError,
    ConflictError,
    InvalidError,
    LegError,
    NotFoundError,
    RequestError,
)
from thunderbox.store import phone_numbers, voip_connections
from thunderbox.store.database import Database
from thunderbox.store.phone_numbers import NewPhoneNumber, PhoneNumber
from thunderbox.store.rows import now_ms
from thunderbox.store.voip_connections import Evidence, VoipConnection
from thunderbox.voice.leg import Answered, Ended, Leg

log = logging.getLogger(__name__)

PROBE_SECONDS = 15.0
ARRIVAL_SECONDS = 1.0
"""How long after its end a probe may still arrive: its end may be told first."""
ALIKE_DIGITS = 6
"""Last digits by which a probe is known when it comes back: providers write callers their way."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a call from a number to itself went."""

    outcome: Literal["arrived", "answered_no_arrival", "no_arrival", "platform_error", "refused"]
    detail: str
    sip_status: int = 0
    seconds: float | None = None
    """From the call to its arrival."""


class Probes:
    """Calls numbers of this box from outside, to see whether the calls arrive."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._awaited: dict[str, asyncio.Event] = {}

    def claims(self, number: str, invitation: Invitation) -> bool:
        """Whether a call that rings is one of ours; it is then noted, and to be turned down."""
        awaited = self._awaited.get(number)
        if awaited is None or _last_digits(invitation.caller) != _last_digits(number):
            return False
        awaited.set()
        return True

    async def call(self, number: str, trunk: int) -> Attempt:
        """Call a number from itself through its trunk. Raises ConflictError during another."""
        if number in self._awaited:
            raise ConflictError(f"A test of {number} is running already; wait for its end.")
        arrived = self._awaited[number] = asyncio.Event()
        begun = time.monotonic()
        try:
            leg = await self._dialer.dial(Destination(number, number, trunk), PROBE_SECONDS)
        except LegError as error:
            del self._awaited[number]
            return Attempt("platform_error", str(error))
        watch = asyncio.create_task(_watch(leg))
        coming = asyncio.create_task(arrived.wait())
        try:
            await asyncio.wait(
                {watch, coming}, timeout=PROBE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if watch.done() and not arrived.is_set():
                await asyncio.wait({coming}, timeout=ARRIVAL_SECONDS)
        finally:
            del self._awaited[number]
            for task in (watch, coming):
                task.cancel()
            await leg.hang_up()
        if arrived.is_set():
            return Attempt("arrived", "The call arrived.", 0, time.monotonic() - begun)
        return watch.result() if watch.done() and not watch.cancelled() else _lost()


async def _watch(leg: Leg) -> Attempt:
    """Wait for what ends the attempt, other than its arrival."""
    while True:
        event = await leg.events.get()
        if isinstance(event, Answered):
            detail = "Somebody else answered the call: the provider sends it elsewhere."
            return Attempt("answered_no_arrival", detail)
        if isinstance(event, Ended):
            detail = f"The provider refused the call ({event.sip_status or event.cause.value})."
            return Attempt("refused", detail, event.sip_status)


def _lost() -> Attempt:
    detail = f"The call did not arrive within {PROBE_SECONDS:g} s."
    return Attempt("no_arrival", detail)


class VoipNumbers:
    """What can be done with the numbers of connections."""

    def __init__(self, connections: Connections, probes: Probes) -> None:
        self._connections = connections
        self._probes = probes

    @property
    def _db(self) -> Database:
        return self._connections.db

    async def available(self, org_id: int, connection_id: int) -> list[CarrierNumber]:
        """The account's numbers that no organization holds; none of a plain trunk.

        Raises NotFoundError, CarrierError.
        """
        connection = await self._connections.find(org_id, connection_id)
        if connection.provider == "manual":
            return []
        login = self._connections.login(connection)
        carrier = self._connections.new_carrier(login.provider, login.credentials)
        return [
            one
            for one in await carrier.numbers()
            if await phone_numbers.held(self._db, one.number) is None
        ]

    async def import_numbers(
        self, org_id: int, connection_id: int, numbers: list[str], author: str
    ) -> list[PhoneNumber]:
        """Take numbers over; all of them, or none where one cannot be.

        Raises NotFoundError, InvalidError, CarrierError.
        """
        connection = await self._connections.find(org_id, connection_id)
        wanted = list(dict.fromkeys(numbers))
        if connection.provider != "manual":
            login = self._connections.login(connection)
            carrier = self._connections.new_carrier(login.provider, login.credentials)
            theirs = {one.number for one in await carrier.numbers()}
            _refuse(
                [one for one in wanted if one not in theirs],
                f"not a number of this account at {connection.provider}",
            )
        async with self._db.transaction() as tx:
            known = {one: await phone_numbers.held(tx, one) for one in wanted}
            _refuse([one for one, held in known.items() if not _free(held, org_id)], "in use")
            return [
                await phone_numbers.insert(
                    tx,
                    org_id,
                    NewPhoneNumber(
                        number=one,
                        source="voip",
                        status="provisioning",
                        voip_connection_id=connection_id,
                    ),
                    author,
                )
                if held is None
                else await phone_numbers.update(
                    tx, held, author, voip_connection_id=connection_id, status="provisioning"
                )
                for one, held in known.items()
            ]

    async def verify(
        self, org_id: int, number_id: int, author: str
    ) -> tuple[PhoneNumber, Evidence]:
        """Have a number's calls sent to this box, and see whether its connection works.

        Raises NotFoundError, RequestError for a number without a connection.
        """
        number, connection = await self._number(org_id, number_id)
        inbound, outbound, detail = await self._routed(number, connection)
        good = inbound and (connection.provider != "manual" or outbound)
        async with self._db.transaction() as tx:
            evidence = await voip_connections.add_evidence(
                tx,
                org_id,
                connection.provider,
                self._connections.fingerprint(connection),
                outcome(inbound),
                outcome(outbound),
                {"status": outcome(good), "number": number.number, "detail": detail},
            )
            old = await phone_numbers.get(tx, org_id, number_id)
            if old is None:
                raise NotFoundError(f"There is no phone number {number_id}.")
            changes: dict[str, Any] = {"voip_last_verified_at": now_ms()}
            if good:
                changes |= {"voip_verification_status": "verified", "status": "active"}
            else:
                changes |= {"voip_verification_status": "failed"}
                if old.status != "active":
                    changes |= {"status": "failed"}
            changed = await phone_numbers.update(tx, old, author, **changes)
        return changed, evidence

    async def test_inbound(
        self, org_id: int, number_id: int, author: str
    ) -> tuple[PhoneNumber, Attempt | None, str]:
        """Call a number from outside; no attempt, and a sentence, where that is impossible.

        Raises NotFoundError.
        """
        found = await phone_numbers.get(self._db, org_id, number_id)
        if found is None:
            raise NotFoundError(
                f"There is no phone number {number_id}; GET /v1/phone-numbers lists those "
                "there are."
            )
        trunk = found.voip_connection_id or 0
        state = self._connections.trunks.trunk_state(trunk) if found.source == "voip" else None
        if found.source != "voip":
            return found, None, "A demo number is on this box alone; nobody outside can call it."
        if found.status != "active":
            return found, None, "The number is not active; verify it first."
        if state is None or not state.usable:
            why = said(state) if state else "its connection has no SIP account to call through"
            return found, None, f"No call can be placed: {why}."
        attempt = await self._probes.call(found.number, trunk)
        passed = attempt.outcome == "arrived"
        result = {
            "detail": attempt.detail,
            "from_number": found.number,
            "method": "loopback",
            "reason": "" if passed else attempt.outcome,
            "seconds": attempt.seconds,
        }
        async with self._db.transaction() as tx:
            old = await phone_numbers.get(tx, org_id, number_id)
            if old is None:
                raise NotFoundError(f"There is no phone number {number_id}.")
            changed = await phone_numbers.update(
                tx,
                old,
                author,
                voip_inbound_status="passed" if passed else "failed",
                voip_inbound_test_method="loopback",
                voip_inbound_tested_at=now_ms(),
                voip_inbound_result=result,
            )
        return changed, attempt, attempt.detail

    async def _number(self, org_id: int, number_id: int) -> tuple[PhoneNumber, VoipConnection]:
        number = await phone_numbers.get(self._db, org_id, number_id)
        if number is None:
            raise NotFoundError(
                f"There is no phone number {number_id}; GET /v1/phone-numbers lists those "
                "there are."
            )
        if number.voip_connection_id is None:
            raise RequestError(
                f"{number.number} has no VoIP connection, and needs no verification."
                if number.voip_verification_status == "verified" or number.source == "demo"
                else f"{number.number} has no VoIP connection; import it over one first."
            )
        return number, await self._connections.find(org_id, number.voip_connection_id)

    async def _routed(
        self, number: PhoneNumber, connection: VoipConnection
    ) -> tuple[bool, bool, str]:
        """Whether calls come in, whether they go out, and a sentence."""
        state: TrunkState | None = self._connections.trunks.trunk_state(connection.id)
        outbound = state is not None and state.usable
        if connection.provider == "manual":
            return outbound, outbound, said(state) if state else "The trunk is not open."
        host = self._connections.host
        if not host.address:
            return False, outbound, UNREACHABLE
        login = self._connections.login(connection)
        try:
            carrier = self._connections.new_carrier(login.provider, login.credentials)
            await carrier.point(number.number, host.address, host.port)
        except CarrierError as error:
            return False, outbound, str(error)
        return True, outbound, f"Calls to {number.number} are sent to {host}."


def _free(held: PhoneNumber | None, org_id: int) -> bool:
    """Whether a number can be imported: nobody's, or one's own that has no connection any more."""
    return held is None or (
        held.org_id == org_id
        and held.source == "voip"
        and held.voip_connection_id is None
        and held.voip_verification_status != "verified"
    )


def _refuse(numbers: list[str], why: str) -> None:
    if numbers:
        raise InvalidError({"numbers": [f"{number} is {why}." for number in numbers]})


def _last_digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))[-ALIKE_DIGITS:]
