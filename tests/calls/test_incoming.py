"""The question before a call: what is sent, which answers count, and who wins."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from thunderphone.webhooks import verify_signature

from tests.fakes.clock import FakeClock
from tests.fakes.engines import FakeSynthesizer
from tests.fakes.receiver import Receiver as Server
from tests.fakes.receiver import receiving
from thunderbox.api import call_config
from thunderbox.calls.incoming import Incoming, Outcome, Question
from thunderbox.calls.ports import CallConfig
from thunderbox.calls.receivers import Receiver
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.rules import Rules
from thunderbox.store import webhook_deliveries, webhook_endpoints
from thunderbox.store.database import Database
from thunderbox.store.webhook_deliveries import Delivery, DeliveryFilter
from thunderbox.store.webhook_endpoints import NewWebhookEndpoint

DATA = {"call_id": 42, "from_number": "+4915112345", "to_number": "+15550100"}
QUESTION = Question(1, 1, 42, DATA, 1_795_176_000_000, "an id")
CONFIG: dict[str, Any] = {"prompt": "You are a concierge.", "voice": "fake"}
TOOL = {
    "type": "function",
    "function": {"name": "book", "parameters": {"type": "object"}},
    "endpoint": {"url": "https://tools.example/book"},
}
FOREVER_S = 30.0
BRIEFLY_S = 1.0
"""Long enough for a server that answers at once, on a busy machine, too."""
DAY_MS = 86_400_000


def read(raw: dict[str, Any]) -> CallConfig:
    """An answer, as the box reads it."""
    return call_config.of_answer(raw, FakeSynthesizer().voices())


def asked_as(number: int, server: Server) -> Receiver:
    """A server as it is asked."""
    secrets = (f"whsec_{number}",)
    return Receiver(f"server {number}", server.url, "call.incoming", secrets, f"number:{number}")


class Office:
    """Three servers, and a box that asks them."""

    def __init__(self, db: Database, servers: Sequence[Server], client: Client) -> None:
        self.db = db
        self.servers = servers
        self.client = client
        self.clock = FakeClock()
        self.seconds = FOREVER_S
        self.incoming = Incoming(db, client, read, self.clock)

    async def ask(self, count: int = 1) -> Outcome:
        """Ask so many of the servers, in order."""
        self.incoming = Incoming(self.db, self.client, read, self.clock, self.seconds)
        asked = [asked_as(at, server) for at, server in enumerate(self.servers[:count])]
        return await self.incoming.ask(QUESTION, asked)

    async def log(self) -> list[Delivery]:
        """What the log of deliveries says, in the order of the servers."""
        await self.incoming.close()
        found = await webhook_deliveries.page(self.db, 1, DeliveryFilter(), 10, None)
        return found[::-1]


@pytest.fixture
async def office(db: Database) -> AsyncIterator[Office]:
    """The servers answer `{}` at once."""
    client = Client(Rules(["127.0.0.0/8"]))
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(receiving()) for _ in range(3)]
        office = Office(db, servers, client)
        yield office
        await office.incoming.close()
        await client.close()


async def test_the_question_is_signed_and_has_the_contracts_fields(office: Office) -> None:
    await office.ask()
    [heard] = office.servers[0].heard
    assert (heard.method, heard.path) == ("POST", "/hook?of=acme")
    assert heard.headers["content-type"] == "application/json"
    assert heard.body == (
        b'{"created_at":"2026-11-20T12:00:00.000Z","data":{"call_id":42,'
        b'"from_number":"+4915112345","to_number":"+15550100"},"event_id":"an id",'
        b'"type":"call.incoming"}'
    )
    assert verify_signature(
        heard.headers["x-thunderphone-signature-v2"],
        secret="whsec_0",
        method="POST",
        path=heard.path,
        body=heard.body,
        now=office.clock.ms / 1000,
    )
    assert len(heard.headers["x-thunderphone-signature"]) == 64


async def test_a_whole_configuration_is_taken(office: Office) -> None:
    office.servers[0].says(
        {
            "prompt": "You are a concierge for {{name}}.",
            "voice_name": "fake",
            "product": "storm-extra-with-ack",
            "thinking_level": "base",
            "background_track": "OFFICE",
            "acknowledgement_prompt_mode": "manual",
            "acknowledgement_prompt": "One moment.",
            "tools": [TOOL],
            "variables": {"name": "Jane"},
        }
    )
    outcome = await office.ask()
    assert outcome.secrets == ("whsec_0",)
    assert outcome.config is not None
    assert outcome.config.variables == {"name": "Jane"}
    agent = outcome.config.agent
    assert (agent.prompt, agent.voice) == ("You are a concierge for {{name}}.", "fake")
    assert (agent.product, agent.thinking_level) == ("storm-extra-with-ack", "extra")
    assert agent.background_track == "OFFICE"
    assert agent.acknowledgement_prompt == "One moment."
    assert [tool["function"]["name"] for tool in agent.tools] == ["book"]


async def test_what_is_left_out_has_the_contracts_defaults(office: Office) -> None:
    office.servers[0].says(CONFIG)
    config = (await office.ask()).config
    assert config is not None
    agent = config.agent
    assert (agent.product, agent.thinking_level, agent.tools) == ("spark", "base", [])
    assert (agent.background_track, agent.acknowledgement_prompt_mode) == (None, "auto")
    assert agent.inbound_speak_order == "agent_first"


@pytest.mark.parametrize("body", [b"{}", b" {} \n", b"null", b"", b"  "])
async def test_an_empty_answer_leaves_the_call_to_its_agent(
    office: Office, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    office.servers[0].body = body
    assert await office.ask() == Outcome(None, ("whsec_0",))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 20_000, "no JSON"),
        (b"[]", "must be a JSON object"),
        (b'"spark"', "must be a JSON object"),
        (b"0", "must be a JSON object"),
        (b"false", "must be a JSON object"),
        ({"prompt": "x"}, "voice is missing"),
        ({"voice": "fake"}, "prompt is missing"),
        (CONFIG | {"prompt": " "}, "prompt is"),
        (CONFIG | {"prompt": 1}, "prompt is 1"),
        (CONFIG | {"voice": "nobody"}, 'voice is "nobody"'),
        (CONFIG | {"product": "zap"}, 'product is "zap"'),
        (CONFIG | {"thinking_level": "much"}, "thinking_level is"),
        (CONFIG | {"background_track": "SEA"}, "background_track is"),
        (CONFIG | {"acknowledgement_prompt_mode": "manual"}, "acknowledgement_prompt is empty"),
        (CONFIG | {"tools": {}}, "tools is"),
        (CONFIG | {"tools": [{"type": "function"}]}, "tools[0].function is missing"),
        (CONFIG | {"variables": "x"}, "variables is"),
        (CONFIG | {"promt": "x"}, "no field promt"),
        (CONFIG | {"inbound_speak_order": "agent_first"}, "no field inbound_speak_order"),
        (CONFIG | {"max_hold_seconds": 9}, "no field max_hold_seconds"),
        (CONFIG | {"integration_ids": []}, "no field integration_ids"),
        (CONFIG | {"config": CONFIG}, "no field config"),
    ],
)
async def test_what_is_not_valid_leaves_the_call_to_its_agent_and_says_why(
    office: Office, answer: object, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = office.servers[0]
    server.body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    assert await office.ask() == Outcome(None, ("whsec_0",))
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("Call 42: server 0: Its answer is not valid: ")
    assert why in said


async def test_keys_of_newer_clients_are_passed_over(office: Office) -> None:
    office.servers[0].says(CONFIG | {"agent_name": "Ann", "watchdog_enabled": True, "call_id": 42})
    assert (await office.ask()).config is not None


async def test_an_answer_without_end_is_none(office: Office) -> None:
    office.servers[0].says(CONFIG | {"prompt": "x" * 300_000})
    assert (await office.ask()).config is None


@pytest.mark.parametrize("status", [204, 299])
async def test_any_status_of_success_counts(office: Office, status: int) -> None:
    office.servers[0].status = status
    office.servers[0].says(CONFIG)
    if status == 204:
        office.servers[0].body = b""
    outcome = await office.ask()
    assert (outcome.config is not None, outcome.secrets) == (status == 299, ("whsec_0",))


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500, 503])
async def test_any_other_status_leaves_the_call_to_its_agent(office: Office, status: int) -> None:
    office.servers[0].status = status
    office.servers[0].says(CONFIG)
    assert await office.ask() == Outcome()
    assert len(office.servers[0].heard) == 1


async def test_nobody_there_leaves_the_call_to_its_agent_at_once(office: Office) -> None:
    async with receiving() as gone:
        office.servers = [gone]
    assert await asyncio.wait_for(office.ask(), 10) == Outcome()


async def test_a_server_that_does_not_answer_costs_the_time_and_no_more(office: Office) -> None:
    office.seconds = BRIEFLY_S
    office.servers[0].gate.clear()
    assert await asyncio.wait_for(office.ask(), 10) == Outcome()
    await asyncio.wait_for(office.servers[0].left.wait(), 10)


async def test_a_url_that_may_not_be_asked_leaves_the_call_to_its_agent(office: Office) -> None:
    office.servers[0].url = "http://10.1.2.3/hook"
    assert await office.ask() == Outcome()
    office.servers[0].url = "ftp://127.0.0.1/hook"
    assert await office.ask() == Outcome()


async def test_what_nobody_thought_of_leaves_the_call_to_its_agent(office: Office) -> None:
    def broken(raw: dict[str, Any]) -> CallConfig:
        raise ZeroDivisionError

    office.servers[0].says(CONFIG)
    incoming = Incoming(office.db, office.client, broken, office.clock, FOREVER_S)
    outcome = await incoming.ask(QUESTION, [asked_as(0, office.servers[0])])
    assert outcome == Outcome(None, ("whsec_0",))
    await incoming.close()


async def test_the_first_in_order_wins_though_it_is_slower(office: Office) -> None:
    first, second, _ = office.servers
    first.says(CONFIG | {"prompt": "First."})
    second.says(CONFIG | {"prompt": "Second."})
    first.gate.clear()
    asking = asyncio.create_task(office.ask(2))
    await second.asked.wait()
    await first.asked.wait()
    first.gate.set()
    outcome = await asyncio.wait_for(asking, 10)
    assert outcome.config is not None
    assert (outcome.config.agent.prompt, outcome.secrets) == ("First.", ("whsec_0",))


async def test_the_first_need_not_wait_for_those_after_it(office: Office) -> None:
    first, second, _ = office.servers
    first.says(CONFIG)
    second.gate.clear()
    outcome = await asyncio.wait_for(office.ask(2), 10)
    assert outcome.secrets == ("whsec_0",)
    await asyncio.wait_for(second.asked.wait(), 10)
    assert not second.left.is_set()
    second.gate.set()
    assert [found.status for found in await office.log()] == ["delivered", "delivered"]


async def test_who_gives_no_valid_configuration_is_passed_over(office: Office) -> None:
    first, second, third = office.servers
    first.says({"prompt": "x"})
    second.says({})
    third.says(CONFIG)
    outcome = await office.ask(3)
    assert outcome.config is not None
    assert outcome.secrets == ("whsec_2",)


async def test_a_silent_server_costs_the_others_the_time_but_not_their_say(office: Office) -> None:
    office.seconds = BRIEFLY_S
    office.servers[0].gate.clear()
    office.servers[1].says(CONFIG)
    outcome = await asyncio.wait_for(office.ask(2), 10)
    assert outcome.config is not None
    assert outcome.secrets == ("whsec_1",)


async def test_the_first_that_heard_the_question_signs_where_nobody_configures(
    office: Office,
) -> None:
    office.servers[0].status = 500
    assert await office.ask(3) == Outcome(None, ("whsec_1",))


async def test_a_call_that_is_gone_takes_its_questions_along(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for server in office.servers:
        server.gate.clear()
    asking = asyncio.create_task(office.ask(3))
    for server in office.servers:
        await asyncio.wait_for(server.asked.wait(), 10)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    for server in office.servers:
        await asyncio.wait_for(server.left.wait(), 10)
    assert caplog.records == []


async def test_the_log_says_how_each_was_asked(office: Office) -> None:
    office.seconds = BRIEFLY_S
    office.servers[0].gate.clear()
    office.servers[1].says({"prompt": "x"})
    office.servers[2].says(CONFIG)
    await office.ask(3)
    slow, wrong, right = await office.log()
    for found in (slow, wrong, right):
        assert (found.event_id, found.event_type) == ("an id", "call.incoming")
        assert (found.call_id, found.agent_id, found.attempt_count) == (42, 1, 1)
        assert found.next_attempt_at is None
    assert (slow.status, slow.failure_category, slow.http_status) == ("failed", "timeout", None)
    assert slow.error == "It did not answer within 1 s."
    assert (wrong.status, wrong.failure_category, wrong.http_status) == ("failed", "other", 200)
    assert "voice is missing" in wrong.error
    assert (right.status, right.failure_category, right.error) == ("delivered", None, "")
    [tried] = await webhook_deliveries.attempts(office.db, right.id)
    assert (tried.number, tried.http_status) == (1, 200)
    data = json.loads(await webhook_deliveries.data_of(office.db, right.event_id))
    assert data == QUESTION.data


async def test_the_log_says_that_the_caller_was_gone(office: Office) -> None:
    office.servers[0].gate.clear()
    asking = asyncio.create_task(office.ask())
    await asyncio.wait_for(office.servers[0].asked.wait(), 10)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    [found] = await office.log()
    assert (found.status, found.error) == ("failed", "The call ended before the answer came.")


async def test_nothing_of_a_question_is_ever_due_again(office: Office) -> None:
    office.servers[0].status = 500
    await office.ask()
    [found] = await office.log()
    assert await webhook_deliveries.waiting(office.db) == []
    async with office.db.transaction() as tx:
        assert await webhook_deliveries.replay_failed(tx, 1, 0, None, office.clock.ms) == 0
        await webhook_deliveries.replay(tx, found.id, office.clock.ms)
    assert await webhook_deliveries.waiting(office.db) == []


@pytest.mark.parametrize(("status", "healed"), [(200, True), (500, False)])
async def test_an_endpoint_fails_and_heals_by_questions_too(
    office: Office, status: int, healed: bool
) -> None:
    new = NewWebhookEndpoint(label="crm", url=office.servers[0].url)
    async with office.db.transaction() as tx:
        endpoint = await webhook_endpoints.insert(tx, 1, new, "whsec_crm")
        await webhook_endpoints.note_failure(tx, endpoint.id, 1, DAY_MS)
    office.servers[0].status = status
    asked = Receiver("crm", endpoint.url, "telephony.incoming", ("s",), endpoint.id, endpoint.id)
    await office.incoming.ask(QUESTION, [asked])
    [found] = await office.log()
    assert found.endpoint_label == "crm"
    stored = await webhook_endpoints.by_id(office.db, endpoint.id)
    assert stored is not None
    assert stored.status == ("active" if healed else "failing")
