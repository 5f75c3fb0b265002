"""Incoming: asks an organization's servers, while the phone rings, how a call is to be answered.

All receivers are asked at once, and have 2 s for everything: connection, answer and its reading.
The first in their order that gives a valid configuration decides. What gives none, for whatever
reason, leaves the call to the agent that its number has. Nobody is asked twice. What was asked and
how it went is kept in the log of deliveries.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self
from uuid import uuid4

import msgspec

from thunderbox.calls.ports import CallConfig, Clock, ReadConfig
from thunderbox.calls.receivers import Receiver
from thunderbox.errors import InvalidError, OutgoingError, StoreError
from thunderbox.events import payloads, questions
from thunderbox.events.payloads import Data
from thunderbox.events.sender import CATEGORIES
from thunderbox.outgoing import signing
from thunderbox.outgoing.client import Answer, Client
from thunderbox.outgoing.destination import Destination
from thunderbox.store.calls import NewCall
from thunderbox.store.database import Database
from thunderbox.store.webhook_deliveries import Category
from thunderbox.store.webhook_questions import Asked, NewQuestion
from thunderbox.timestamps import iso
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

ASK_S = 2.0
"""For all of it; a caller who hears it ring for longer hangs up."""
MAX_ANSWER = 256 * 1024
"""Bytes of an answer: a long prompt with its tools."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a call; `asked_at` in ms."""

    org_id: int
    agent_id: int | None
    """The agent of the number or the key."""
    call_id: int
    data: Data
    """The call, as receivers are told of it."""
    asked_at: int
    event_id: str = field(default_factory=lambda: str(uuid4()))

    @classmethod
    def of(cls, call_id: int, row: NewCall, context: object = None) -> Self:
        """About a call that begins; `context` is what a web page says of its visitor."""
        data = payloads.incoming(call_id, row, context)
        return cls(row.org_id, row.agent_id, call_id, data, row.started_at)

    def body(self, event: str) -> bytes:
        """The bytes that are signed and sent: keys sorted, no spaces, ASCII."""
        envelope = {
            "created_at": iso(self.asked_at),
            "data": self.data,
            "event_id": self.event_id,
            "type": event,
        }
        return payloads.to_text(envelope).encode("ascii")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question."""

    config: CallConfig | None = None
    """None: the number's own agent answers."""

    secrets: tuple[str, ...] = ()
    """Sign what the call's tools are asked; none where nobody has heard the question."""


@dataclass(slots=True)
class Reply:
    """What one receiver has said; `failure` is a sentence where it is of no use."""

    at: int
    """When it was asked, in ms."""
    duration_ms: int = 0
    config: CallConfig | None = None
    status: int | None = None
    category: Category | None = None
    failure: str = ""

    @property
    def heard(self) -> bool:
        """Whether it took the question, whatever it made of it."""
        return self.status is not None and 200 <= self.status < 300

    def failed(self, category: Category, why: str) -> None:
        """It is of no use."""
        self.category, self.failure = category, why


class Incoming:
    """Asks, and owns what is still being asked when it is known who answers."""

    def __init__(
        self,
        db: Database,
        client: Client,
        read: ReadConfig,
        clock: Clock,
        seconds: float = ASK_S,
    ) -> None:
        """`read` reads what receivers answer."""
        self._db = db
        self._client = client
        self._read = read
        self._clock = clock
        self._seconds = seconds
        self._tasks = Tasks("incoming")

    async def ask(self, question: Question, receivers: Sequence[Receiver]) -> Outcome:
        """Ask all of them; cancelled, it takes its questions back."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        replies = [Reply(self._clock.now_ms()) for _ in receivers]
        asked = [
            asyncio.create_task(self._ask(question, receiver, reply, deadline))
            for receiver, reply in zip(receivers, replies, strict=True)
        ]
        try:
            return await _decide(receivers, replies, asked)
        except asyncio.CancelledError:
            for task, reply in zip(asked, replies, strict=True):
                if not task.done():
                    reply.failed("other", "The call ended before the answer came.")
                    task.cancel()
            raise
        finally:
            # Who was asked in vain is told all the same, and has the rest of its 2 s to say so.
            self._tasks.spawn(self._keep(question, receivers, replies, asked))

    async def close(self) -> None:
        """Write what was asked, and stop what is still being asked."""
        await self._tasks.close(grace_s=self._seconds)

    async def _keep(
        self,
        question: Question,
        receivers: Sequence[Receiver],
        replies: Sequence[Reply],
        asked: Sequence[asyncio.Task[None]],
    ) -> None:
        """Wait until all have answered or never will, and write how it went."""
        try:
            await asyncio.gather(*asked, return_exceptions=True)
            await questions.keep(self._db, *_log_of(question, receivers, replies))
        except StoreError:
            log.exception("Call %s: what was asked could not be written", question.call_id)

    async def _ask(
        self, question: Question, receiver: Receiver, reply: Reply, deadline: float
    ) -> None:
        begun = self._clock.monotonic()
        try:
            async with asyncio.timeout_at(deadline):
                self._take(reply, await self._send(question, receiver))
        except OutgoingError as error:
            reply.failed(CATEGORIES.get(error.reason, "other"), str(error))
        except TimeoutError:
            reply.failed("timeout", f"It did not answer within {self._seconds:g} s.")
        except Exception:
            # Nothing that a stranger sends may keep a caller from the number's own agent.
            log.exception("Call %s: %s", question.call_id, receiver.name)
            reply.failed("other", "Its answer could not be used.")
        finally:
            reply.duration_ms = round((self._clock.monotonic() - begun) * 1000)
        if reply.failure:
            log.warning("Call %s: %s: %s", question.call_id, receiver.name, reply.failure)

    async def _send(self, question: Question, receiver: Receiver) -> Answer:
        to = Destination.of(receiver.url)
        body = question.body(receiver.event)
        at_s = self._clock.now_ms() // 1000
        headers = signing.headers(receiver.secrets, "POST", to.target, body, at_s)
        return await self._client.send(
            "POST",
            to,
            seconds=self._seconds,
            headers=headers | {"Content-Type": "application/json"},
            body=body,
            max_bytes=MAX_ANSWER,
        )

    def _take(self, reply: Reply, answer: Answer) -> None:
        reply.status = answer.status
        if not answer.ok:
            reply.failed("http_error", f"It answered with the status {answer.status}.")
        elif answer.truncated:
            reply.failed("other", f"Its answer is longer than {MAX_ANSWER} bytes.")
        else:
            try:
                reply.config = read_answer(answer.body, self._read)
            except InvalidError as error:
                wrong = " ".join(said for field in error.fields.values() for said in field)
                reply.failed("other", f"Its answer is not valid: {wrong}")


def read_answer(body: bytes, read: ReadConfig) -> CallConfig | None:
    """The configuration in an answer; None for `{}`, `null` and nothing. Raises InvalidError."""
    if not body.strip():
        return None
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidError({"config": [f"it is no JSON ({error})."]}) from error
    if value is None or value == {}:
        return None
    if not isinstance(value, dict):
        raise InvalidError({"config": ["it must be a JSON object, or {} for no configuration."]})
    return read(value)


async def _decide(
    receivers: Sequence[Receiver], replies: Sequence[Reply], asked: Sequence[asyncio.Task[None]]
) -> Outcome:
    """The first configuration in the receivers' order, as soon as nobody before can give one."""
    secrets: tuple[str, ...] = ()
    for receiver, reply, task in zip(receivers, replies, asked, strict=True):
        await asyncio.wait({task})
        if reply.config is not None:
            return Outcome(reply.config, receiver.secrets)
        if reply.heard:
            secrets = secrets or receiver.secrets
    return Outcome(None, secrets)


def _log_of(
    question: Question, receivers: Sequence[Receiver], replies: Sequence[Reply]
) -> tuple[NewQuestion, list[Asked]]:
    """The question and its answers as the log of deliveries keeps them."""
    new = NewQuestion(
        event_id=question.event_id,
        org_id=question.org_id,
        call_id=question.call_id,
        agent_id=question.agent_id,
        data=payloads.to_text(question.data),
        created_at=question.asked_at,
    )
    asked = [
        Asked(
            receiver=receiver.key,
            endpoint_id=receiver.endpoint_id,
            event_type=receiver.event,
            url=receiver.url,
            at=reply.at,
            duration_ms=reply.duration_ms,
            http_status=reply.status,
            failure_category=reply.category,
            error=reply.failure,
        )
        for receiver, reply in zip(receivers, replies, strict=True)
    ]
    return new, asked
