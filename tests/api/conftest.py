"""An API in memory: a real database in a temporary directory, everything else a small fake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx
import pytest
from litestar import Litestar

from tests.api import voip
from tests.api.witness import Witness
from tests.data import new_call, opened
from tests.fakes.engines import FakeModel, FakeSynthesizer, FakeTranslator
from tests.fakes.judge import judge
from tests.fakes.running_call import FakeCall
from tests.fakes.seats import FakeRooms
from tests.fakes.trunks import FakeTrunks
from thunderbox.api.app import create_app
from thunderbox.api.limits import Limits
from thunderbox.api.parts import Parts
from thunderbox.api.usage import Usage
from thunderbox.calls.billing import Billing
from thunderbox.calls.connections import Connections, SipHost
from thunderbox.calls.grading import Grader
from thunderbox.calls.ports import SystemClock, Ticket
from thunderbox.calls.requests import (
    OpenMic,
    OpenWidget,
    PartState,
    PlaceCall,
    PlacedCall,
    Readiness,
    WebSession,
)
from thunderbox.calls.supervision import Supervision
from thunderbox.calls.voip_numbers import Probes, VoipNumbers
from thunderbox.carrier_settings import CarriersSettings
from thunderbox.carriers.accounts import Accounts
from thunderbox.events.courier import Courier
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.settings import Settings
from thunderbox.store import api_keys, calls, organizations, users
from thunderbox.store.database import Database
from thunderbox.vault import Vault
from thunderbox.voice.engine import Message, Voice
from thunderbox.voice.prompt_writer import PromptWriter
from thunderbox.voice.samples import Samples

VOICES = (
    Voice("espeak-en-us", "Espeak", "en-US", "starter", ("en-US-James1",)),
    Voice("espeak-de", "Espeak", "de", "starter"),
)


@dataclass
class Tenant:
    """An organization with a key."""

    org_id: int
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass
class Outside:
    """What the API asks of the rest of the box."""

    woken: int = 0
    placed: list[PlaceCall] = field(default_factory=list)
    answer: PlacedCall | Exception = field(default_factory=lambda: PlacedCall(call_id=5001))
    ready: Readiness = field(
        default_factory=lambda: Readiness(ok=True, parts={"database": PartState(ok=True)})
    )

    http: Client = field(default_factory=lambda: Client(Rules()))
    voice: FakeSynthesizer = field(default_factory=FakeSynthesizer)
    trunks: FakeTrunks = field(default_factory=FakeTrunks)
    sip_host: SipHost = field(default_factory=lambda: SipHost("192.0.2.10", 5060))
    slept: list[float] = field(default_factory=list)
    """The seconds that providers made us wait."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    judged: Callable[[Sequence[Message]], str | Exception] = field(default=judge)
    written: str | Exception = "Let me see."
    """What the language model writes."""

    running: dict[int, FakeCall] = field(default_factory=dict)
    """Calls in progress."""
    rooms: FakeRooms = field(default_factory=FakeRooms)
    opened: list[OpenMic | OpenWidget] = field(default_factory=list)
    session: WebSession | Exception = field(
        default_factory=lambda: WebSession(
            call_id=7001, ticket=Ticket("room-7001", "a token"), agent_name="Front desk"
        )
    )

    async def open_session(self, request: OpenMic | OpenWidget) -> WebSession:
        self.opened.append(request)
        if isinstance(self.session, Exception):
            raise self.session
        return self.session

    async def place_call(self, request: PlaceCall) -> PlacedCall:
        self.placed.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def wake(self) -> None:
        self.woken += 1

    def grader(self, db: Database) -> Grader:
        """A grader whose model judges as `judged` says."""
        return Grader(db, FakeModel(lambda asked: self.judged(asked)), Settings(), lambda: False)

    async def readiness(self) -> Readiness:
        return self.ready


@pytest.fixture
async def db(tables: Path, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tables, tmp_path) as database:
        yield database


@pytest.fixture
def outside() -> Outside:
    return Outside()


VAULT_KEY = Vault.new_key()
NOWHERE = "http://127.0.0.1:1"
NO_CARRIERS = CarriersSettings(NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE)


def make_connections(db: Database, outside: Outside) -> Connections:
    accounts = Accounts(NO_CARRIERS, outside.http, outside.sleep)
    return Connections(db, Vault(VAULT_KEY), outside.trunks, accounts, outside.sip_host)


def make_parts(db: Database, outside: Outside, recordings: Path) -> Parts:
    connections = make_connections(db, outside)
    return Parts(
        db=db,
        settings=Settings(),
        place_call=outside.place_call,
        open_mic=outside.open_session,
        open_widget=outside.open_session,
        wake_simulations=outside.wake,
        billing=Billing(db, Settings(), SystemClock()),
        grader=outside.grader(db),
        voices=lambda: VOICES,
        samples=Samples(recordings / "samples", outside.voice.speak),
        writer=PromptWriter(FakeTranslator(lambda _: outside.written)),
        readiness=outside.readiness,
        recordings=recordings,
        url_secret=b"secret of this box",
        connections=connections,
        voip_numbers=VoipNumbers(connections, Probes(outside.trunks)),
        http=outside.http,
        courier=Courier(
            db, outside.http, SystemClock(), lambda call_id: f"{call_id}.mp3", first_wait_s=30
        ),
        supervision=Supervision(outside.running.get, outside.rooms),
        own_url=lambda: "http://127.0.0.1:1",
    )


@pytest.fixture(scope="session")
def routes() -> Litestar:
    """The application, made once: making it takes longer than most tests."""
    return create_app(make_parts(cast(Database, None), Outside(), Path()))


@pytest.fixture
def app(routes: Litestar, db: Database, outside: Outside, tmp_path: Path) -> Litestar:
    routes.state.parts = make_parts(db, outside, tmp_path)
    routes.state.usage = Usage(db)
    routes.state.limits = Limits(routes.state.parts.settings.limits)
    return routes


@pytest.fixture(scope="session")
def witness(routes: Litestar) -> Witness:
    return Witness(routes)


@pytest.fixture
async def anonymous(app: Litestar, witness: Witness) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key; what it is answered must be as the OpenAPI document says."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://box.test",
        event_hooks={"response": [witness.see]},
    ) as client:
        yield client
    await app.state.usage.drain()


async def make_tenant(db: Database, name: str, role: users.Role = "owner") -> Tenant:
    key = api_keys.new_secret()
    async with db.transaction() as tx:
        organization = await organizations.insert(tx, name)
        user = await users.insert(tx, f"{name.lower()}@example.com")
        await users.join(tx, organization.id, user.id, role)
        await api_keys.insert(tx, organization.id, "Default key", key, user.id)
    return Tenant(organization.id, key)


@pytest.fixture
async def tenant(db: Database) -> Tenant:
    return await make_tenant(db, "Acme")


@pytest.fixture
async def other(db: Database) -> Tenant:
    return await make_tenant(db, "Other")


@pytest.fixture
async def client(anonymous: httpx.AsyncClient, tenant: Tenant) -> httpx.AsyncClient:
    anonymous.headers.update(tenant.headers)
    return anonymous


AGENT = {"name": "Front desk", "prompt": "Be brief.", "voice": "en-US-James1"}


@pytest.fixture
async def trunk(client: httpx.AsyncClient) -> dict:
    return await voip.make(client, **voip.TRUNK)


@pytest.fixture
async def own_number(client: httpx.AsyncClient, trunk: dict) -> dict:
    """A number of the trunk."""
    path = f"{voip.URL}/{trunk['id']}/import-numbers"
    return (await client.post(path, json={"numbers": [voip.OWN]})).json()["results"][0]


@pytest.fixture
async def agent(client: httpx.AsyncClient) -> dict:
    return (await client.post("/v1/agents", json=AGENT)).json()


async def make_call(db: Database, org_id: int, **fields: object) -> int:
    async with db.transaction() as tx:
        return await calls.insert(tx, new_call(org_id, **fields))
