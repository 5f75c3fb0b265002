"""Incoming: asks an organization's servers, while the phone rings, how a call is to be answered.

All receivers are asked at once, and have 2 s for everything: connection, answer and its reading.
The first in their order that gives a valid configuration decides. What gives none, for whatever
reason, leaves the call to the agent that its number has. Nobody is asked twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec

from thunderbox.calls.ports import CallConfig, Clock, ReadConfig
from thunderbox.calls.receivers import Receiver
from thunderbox.errors import InvalidError, OutgoingError
from thunderbox.outgoing import signing
from thunderbox.outgoing.client import Answer, Client
from thunderbox.outgoing.destination import Destination
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

    call_id: int
    from_number: str
    to_number: str
    asked_at: int
    event_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def data(self) -> dict[str, Any]:
        """The call, as receivers are told of it."""
        return {
            "call_id": self.call_id,
            "from_number": self.from_number,
            "to_number": self.to_number,
        }

    def body(self, event: str) -> bytes:
        """The bytes that are signed and sent: keys sorted, no spaces, ASCII."""
        envelope = {
            "created_at": iso(self.asked_at),
            "data": self.data,
            "event_id": self.event_id,
            "type": event,
        }
        return json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode("ascii")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question."""

    config: CallConfig | None = None
    """None: the number's own agent answers."""

    secrets: tuple[str, ...] = ()
    """Sign what the call's tools are asked; none where nobody has heard the question."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one receiver has said; `failure` is a sentence where it is of no use."""

    config: CallConfig | None = None
    heard: bool = False
    failure: str = ""


class Incoming:
    """Asks, and owns what is still being asked when it is known who answers."""

    def __init__(
        self, client: Client, read: ReadConfig, clock: Clock, seconds: float = ASK_S
    ) -> None:
        """`read` reads what receivers answer."""
        self._client = client
        self._read = read
        self._clock = clock
        self._seconds = seconds
        self._tasks = Tasks("incoming")

    async def ask(self, question: Question, receivers: Sequence[Receiver]) -> Outcome:
        """Ask all of them; cancelled, it leaves nothing behind."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        asked = [
            asyncio.create_task(self._ask(question, receiver, deadline)) for receiver in receivers
        ]
        try:
            outcome = await _decide(receivers, asked)
        except asyncio.CancelledError:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            raise
        # Who was asked in vain is told all the same, and has the rest of its 2 s to say so.
        for task in asked:
            if not task.done():
                self._tasks.spawn(_finish(task))
        return outcome

    async def close(self) -> None:
        """Stop what is still being asked."""
        await self._tasks.close()

    async def _ask(self, question: Question, receiver: Receiver, deadline: float) -> Reply:
        try:
            async with asyncio.timeout_at(deadline):
                reply = self._reply(await self._send(question, receiver))
        except OutgoingError as error:
            reply = Reply(failure=str(error))
        except TimeoutError:
            reply = Reply(failure=f"it did not answer within {self._seconds:g} s.")
        except Exception:
            # Nothing that a stranger sends may keep a caller from the number's own agent.
            log.exception("Call %s: %s", question.call_id, receiver.name)
            reply = Reply(failure="its answer could not be used.")
        if reply.failure:
            log.warning("Call %s: %s: %s", question.call_id, receiver.name, reply.failure)
        return reply

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

    def _reply(self, answer: Answer) -> Reply:
        if not answer.ok:
            return Reply(failure=f"it answered with the status {answer.status}.")
        if answer.truncated:
            return Reply(heard=True, failure=f"its answer is longer than {MAX_ANSWER} bytes.")
        try:
            return Reply(config=read_answer(answer.body, self._read), heard=True)
        except InvalidError as error:
            return Reply(heard=True, failure=f"its answer is not valid: {error}")


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


async def _decide(receivers: Sequence[Receiver], asked: Sequence[asyncio.Task[Reply]]) -> Outcome:
    """The first configuration in the receivers' order, as soon as nobody before can give one."""
    secrets: tuple[str, ...] = ()
    for receiver, task in zip(receivers, asked, strict=True):
        reply = await task
        if reply.config is not None:
            return Outcome(reply.config, receiver.secrets)
        if reply.heard:
            secrets = secrets or receiver.secrets
    return Outcome(None, secrets)


async def _finish(task: asyncio.Task[Reply]) -> None:
    await task
