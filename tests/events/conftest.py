"""Receivers that answer as they are told, a database, and a courier with a clock that stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from tests.data import new_call, opened
from tests.fakes.clock import FakeClock
from thunderbox.errors import OutgoingError
from thunderbox.events.courier import Courier
from thunderbox.outgoing.client import Answer, Client
from thunderbox.outgoing.destination import Destination
from thunderbox.store import calls, organizations, webhook_deliveries, webhook_endpoints
from thunderbox.store.database import Database
from thunderbox.store.rows import now_ms
from thunderbox.store.webhook_deliveries import Delivery, DeliveryFilter
from thunderbox.store.webhook_endpoints import NewWebhookEndpoint, WebhookEndpoint

DEADLINE_S = 10.0
Reply = int | OutgoingError | Callable[["Sent"], Awaitable[int]]


@dataclass(frozen=True)
class Sent:
    """A request as a receiver got it."""

    url: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def event(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.body))

    @property
    def call_id(self) -> int:
        return int(self.event["data"]["call_id"])


@dataclass
class Receivers:
    """A client whose servers answer with a status, an error, or what a function says."""

    replies: dict[str, Reply] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    open: int = 0
    most_open: int = 0

    async def send(
        self,
        method: str,
        url: str | Destination,
        *,
        seconds: float,
        headers: Mapping[str, str],
        body: bytes,
        max_bytes: int,
    ) -> Answer:
        assert method == "POST" and isinstance(url, Destination)
        address = f"{url.scheme}://{url.authority}{url.target}"
        sent = Sent(address, url.target, headers, body, seconds)
        self.sent.append(sent)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await asyncio.sleep(0)
            reply = self.replies.get(address, 200)
            if isinstance(reply, OutgoingError):
                raise reply
            status = reply if isinstance(reply, int) else await reply(sent)
        finally:
            self.open -= 1
        return Answer(status, {}, b"", False, 0.0)

    def to(self, url: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.url == url]


@dataclass
class Office:
    """An organization with endpoints, and the courier that tells them."""

    db: Database
    org_id: int
    receivers: Receivers
    clock: FakeClock
    courier: Courier

    async def endpoint(self, url: str = "https://a.example/hook", **fields: Any) -> WebhookEndpoint:
        new = NewWebhookEndpoint(label=url, url=url, **fields)
        async with self.db.transaction() as tx:
            secret = webhook_endpoints.new_secret()
            return await webhook_endpoints.insert(tx, self.org_id, new, secret)

    async def call(self, **fields: Any) -> int:
        async with self.db.transaction() as tx:
            return await calls.insert(tx, new_call(**({"org_id": self.org_id} | fields)))

    async def log(self, **wanted: Any) -> list[Delivery]:
        return await webhook_deliveries.page(
            self.db, self.org_id, DeliveryFilter(**wanted), 1000, None
        )

    async def one(self) -> Delivery:
        (delivery,) = await self.log()
        return delivery

    async def until(self, settled: Callable[[list[Delivery]], bool]) -> list[Delivery]:
        """The log once it is as it is waited for."""
        async with asyncio.timeout(DEADLINE_S):
            while not settled(found := await self.log()):
                await asyncio.sleep(0.002)
        return found

    async def tried(self, times: int) -> Delivery:
        """The only delivery, once it was tried so often."""
        (delivery,) = await self.until(lambda found: found[0].attempt_count >= times)
        return delivery

    async def later(self, ms: int, *endpoints: WebhookEndpoint) -> None:
        """So much time passes."""
        self.clock.ms += ms
        self.courier.wake([endpoint.id for endpoint in endpoints])


@pytest.fixture
async def db(tables: Path, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tables, tmp_path) as database:
        yield database


@pytest.fixture
async def office(db: Database) -> AsyncIterator[Office]:
    receivers, clock = Receivers(), FakeClock()
    clock.ms = now_ms() + 1000
    async with db.transaction() as tx:
        organization = await organizations.insert(tx, "Acme")
    courier = new_courier(db, receivers, clock)
    await courier.start()
    yield Office(db, organization.id, receivers, clock, courier)
    await courier.close()


def new_courier(
    db: Database, receivers: Receivers, clock: FakeClock, *, first_wait_s: float = 30
) -> Courier:
    return Courier(
        db,
        cast("Client", receivers),
        clock,
        lambda call_id: f"https://box.example/v1/recordings/{call_id}.mp3?signature=x",
        first_wait_s=first_wait_s,
        chance=lambda: 0.5,
    )
