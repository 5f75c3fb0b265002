"""Connections: an organization's trunks and accounts at providers, tried, kept and opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import msgspec

from thunderbox.calls import voip_logins
from thunderbox.calls.ports import NewCarrier, Registration, Trunks, TrunkState
from thunderbox.calls.requests import PartState
from thunderbox.calls.voip_logins import Login
from thunderbox.errors import (
    CarrierError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    LegError,
    NotFoundError,
    StoreError,
)
from thunderbox.store import voip_connections
from thunderbox.store.database import Database
from thunderbox.store.rows import now_ms
from thunderbox.store.voip_connections import (
    Evidence,
    NewVoipConnection,
    Outcome,
    Provider,
    VoipConnection,
)
from thunderbox.vault import Vault

log = logging.getLogger(__name__)

EVIDENCE_MS = 24 * 3_600_000
"""For how long a test counts."""


@dataclass(frozen=True, slots=True)
class SipHost:
    """Where providers reach this box; `address` is empty where they cannot."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test of a login has shown."""

    evidence: Evidence
    login: Login

    @property
    def passed(self) -> bool:
        """Whether a connection can be made of it."""
        return bool(self.evidence.evidence["status"] == "pass")


class Connections:
    """Makes, tries, changes and removes connections; their trunks live while the box runs."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        trunks: Trunks,
        new_carrier: NewCarrier,
        host: SipHost,
    ) -> None:
        self.db = db
        self.trunks = trunks
        self.new_carrier = new_carrier
        self.host = host
        self._vault = vault

    async def start(self) -> None:
        """Open the trunks of every connection; one that cannot be opened only says so."""
        for connection in await voip_connections.every(self.db):
            try:
                await self._open(connection.id, self.login(connection))
            except (LegError, StoreError, ForbiddenError) as error:
                log.warning("Connection %d has no trunk: %s", connection.id, error)

    def login(self, connection: VoipConnection) -> Login:
        """What opens a connection. Raises StoreError."""
        credentials = self._vault.open(connection.credentials)
        return Login(connection.provider, credentials, connection.sip_config)

    def fingerprint(self, connection: VoipConnection) -> str:
        """What tells a connection's credentials and settings from others. Raises StoreError."""
        return self._fingerprint_of(self.login(connection))

    def standing(self, connection: VoipConnection) -> tuple[str, str | None]:
        """A connection's status in the words of the API, and a sentence where it is not well."""
        state = self.trunks.trunk_state(connection.id)
        if state is None:
            if "server" not in connection.sip_config:
                return "connected", None
            return "error", "The phone holds no trunk for it; the log says why."
        if state.usable:
            return "connected", None
        if state.registration is Registration.FAILED:
            return "error", f"Not registered: {said(state)}"
        return "pending", "Registering."

    async def parts(self) -> dict[str, PartState]:
        """How the trunks of connections stand, for readiness.

        A box whose connection fails can take calls all the same, on its other numbers.
        """
        found: dict[str, PartState] = {}
        for connection in await voip_connections.every(self.db):
            state = self.trunks.trunk_state(connection.id)
            if state is None and "server" not in connection.sip_config:
                continue
            _, message = self.standing(connection)
            found[f"connection_{connection.id}"] = PartState(
                ok=True,
                detail=message or "",
                facts={
                    "registration": (state or TrunkState()).registration.value,
                    "sip_status": (state or TrunkState()).status,
                    "since": (state or TrunkState()).since.isoformat(),
                },
            )
        return found

    def can_call(self, connection_id: int) -> bool:
        """Whether calls can be placed through a connection, now or once it is registered."""
        return self.trunks.trunk_state(connection_id) is not None

    async def find(self, org_id: int, connection_id: int) -> VoipConnection:
        """One connection. Raises NotFoundError."""
        found = await voip_connections.get(self.db, org_id, connection_id)
        if found is None:
            raise NotFoundError(
                f"There is no VoIP connection {connection_id}; GET /v1/voip-connections lists "
                "those there are."
            )
        return found

    async def read(
        self, org_id: int, provider: str, given: dict[str, Any], connection_id: int | None = None
    ) -> Login:
        """The login of a request; what it leaves out is that of a connection.

        Raises InvalidError, NotFoundError.
        """
        credentials, sip_config = given.get("credentials"), given.get("sip_config")
        if connection_id is not None:
            known = self.login(await self.find(org_id, connection_id))
            if known.provider != provider:
                raise InvalidError(
                    {"provider": [f"Connection {connection_id} is one of {known.provider}."]}
                )
            credentials = known.credentials if credentials is None else credentials
            sip_config = known.sip_config if sip_config is None else sip_config
        return voip_logins.read(provider, credentials, sip_config)

    async def test(self, org_id: int, login: Login) -> Tried:
        """Try a login for real and keep what it showed."""
        checks, detail, numbers = await self._try(login)
        good = checks["credentials_valid"] and (
            login.trunk is None or checks["outbound_authorized"]
        )
        evidence = {
            "status": "pass" if good else "fail",
            "checks": checks,
            "detail": detail,
            "numbers": numbers,
        }
        async with self.db.transaction() as tx:
            kept = await voip_connections.add_evidence(
                tx,
                org_id,
                _provider(login),
                self._fingerprint_of(login),
                outcome(checks["inbound_reachable"]),
                outcome(checks["outbound_authorized"]),
                evidence,
            )
        return Tried(kept, login)

    async def create(
        self, org_id: int, login: Login, name: str, setup_method: str, evidence_id: str
    ) -> VoipConnection:
        """Keep a connection that a test has passed, and open its trunk.

        Raises InvalidError, ForbiddenError, LegError.
        """
        evidence = await self._proof(org_id, login, evidence_id)
        new = NewVoipConnection(
            name=name or voip_logins.suggested_name(login),
            inferred_name=not name,
            provider=_provider(login),
            setup_method=setup_method,
            credentials=self._vault.seal(login.credentials),
            sip_config=login.sip_config,
            test_result=evidence.evidence,
            last_tested_at=evidence.created_at,
        )
        async with self.db.transaction() as tx:
            made = await voip_connections.insert(tx, org_id, new)
        try:
            await self._open(made.id, login)
        except (LegError, ForbiddenError):
            async with self.db.transaction() as tx:
                await voip_connections.delete(tx, org_id, made.id)
            raise
        return made

    async def change(
        self,
        org_id: int,
        connection_id: int,
        login: Login | None,
        name: str | None,
        evidence_id: str | None,
    ) -> VoipConnection:
        """Rename a connection, or change what opens it, which a test has to have passed.

        Raises InvalidError, NotFoundError, ForbiddenError, LegError.
        """
        old = await self.find(org_id, connection_id)
        changes: dict[str, Any] = {}
        if name is not None:
            changes |= {"name": name, "inferred_name": False}
        if login is not None and self._fingerprint_of(login) == self._fingerprint_of(
            self.login(old)
        ):
            login = None
        if login is not None:
            evidence = await self._proof(org_id, login, evidence_id)
            changes |= {
                "credentials": self._vault.seal(login.credentials),
                "sip_config": login.sip_config,
                "test_result": evidence.evidence,
                "last_tested_at": evidence.created_at,
            }
        async with self.db.transaction() as tx:
            now = await voip_connections.get(tx, org_id, connection_id)
            if now is None or now.updated_at != old.updated_at:
                raise ConflictError("The connection was changed meanwhile; read it and try again.")
            fields = {name: getattr(old, name) for name in NewVoipConnection.__struct_fields__}
            new = msgspec.convert(fields | changes, NewVoipConnection)
            changed = await voip_connections.update(tx, now, new)
        if login is not None:
            try:
                await self._open(connection_id, login)
            except (LegError, ForbiddenError):
                async with self.db.transaction() as tx:
                    before = msgspec.convert(fields, NewVoipConnection)
                    await voip_connections.update(tx, changed, before)
                raise
        return changed

    async def delete(self, org_id: int, connection_id: int) -> None:
        """Close a connection's trunk, release its numbers and forget it. Raises NotFoundError."""
        await self.find(org_id, connection_id)
        async with self.db.transaction() as tx:
            await voip_connections.delete(tx, org_id, connection_id)
        await self.trunks.close_trunk(connection_id)

    async def _open(self, connection_id: int, login: Login) -> None:
        """Open the trunk that a login describes, or close that of the one before."""
        trunk = login.trunk
        if trunk is None:
            await self.trunks.close_trunk(connection_id)
            return
        try:
            await self.trunks.open_trunk(connection_id, trunk)
        except LegError as error:
            if "room" in str(error):
                raise ForbiddenError(str(error)) from None
            raise

    async def _try(self, login: Login) -> tuple[dict[str, bool], str, int | None]:
        """Which checks a login passes, a sentence, and how many numbers its account has."""
        details: list[str] = []
        valid, numbers = True, None
        if login.provider != "manual":
            try:
                carrier = self.new_carrier(login.provider, login.credentials)
                await carrier.check()
                numbers = len(await carrier.numbers())
            except CarrierError as error:
                valid = False
                details.append(str(error))
        state = None
        if valid and login.trunk is not None:
            state = await self._try_trunk(login)
            details.append(f"SIP: {said(state)}")
        usable = state is not None and state.usable
        if login.provider == "manual":
            valid = reached = usable
        else:
            reached = bool(self.host.address)
            if not reached:
                details.append(UNREACHABLE)
        checks = {
            "credentials_valid": valid,
            "inbound_reachable": reached,
            "outbound_authorized": usable,
        }
        return checks, " ".join(details), numbers

    async def _try_trunk(self, login: Login) -> TrunkState:
        assert login.trunk is not None
        try:
            return await self.trunks.try_trunk(login.trunk)
        except LegError as error:
            return TrunkState(Registration.FAILED, 0, str(error))

    async def _proof(self, org_id: int, login: Login, evidence_id: str | None) -> Evidence:
        """The test that a login has passed. Raises InvalidError."""
        found = (
            await voip_connections.evidence(self.db, org_id, evidence_id) if evidence_id else None
        )
        if found is None:
            problem = "names no test of this organization"
        elif found.config_fingerprint != self._fingerprint_of(login):
            problem = "belongs to other credentials or SIP settings"
        elif found.evidence.get("status") != "pass":
            problem = "belongs to a test that failed"
        elif found.created_at < now_ms() - EVIDENCE_MS:
            problem = "belongs to a test that is older than a day"
        else:
            return found
        raise InvalidError(
            {
                "verification_evidence_id": [
                    f"verification_evidence_id {problem}; POST /v1/voip-connections/test makes one."
                ]
            }
        )

    def _fingerprint_of(self, login: Login) -> str:
        return self._vault.fingerprint([login.provider, login.credentials, login.sip_config])


UNREACHABLE = (
    "Providers cannot send calls to this box: set sip.public_address, and let their networks in "
    "with sip.allowed_networks."
)


def said(state: TrunkState) -> str:
    """How a trunk stands, in words."""
    if state.registration is Registration.NOT_NEEDED:
        return "the server needs no registration; only a call shows whether it takes ours"
    if state.usable:
        return "registered"
    return f"{state.status} {state.text}".strip() if state.status else state.text


def outcome(good: bool) -> Outcome:
    """In the words of evidence."""
    return "pass" if good else "fail"


def _provider(login: Login) -> Provider:
    provider: Provider = msgspec.convert(login.provider, Provider)
    return provider
