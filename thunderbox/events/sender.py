"""Sender: tells one receiver of one event, once, and says what came of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from thunderbox.errors import OutgoingError
from thunderbox.outgoing import signing
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.destination import Destination
from thunderbox.store.webhook_deliveries import Attempt, Category, Due
from thunderbox.timestamps import iso

log = logging.getLogger(__name__)

TIMEOUT_S = 30.0
MAX_ANSWER = 4_096
"""Bytes of an answer that are read; nobody looks at them."""

CATEGORIES: dict[str, Category] = {
    "timeout": "timeout",
    "dns": "dns",
    "tls": "tls",
    "connection": "connection",
}
"""The reasons of OutgoingError as the log of deliveries has them; every other one is `other`."""

_PATH = '"recording_url":"/'


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a receiver is, and the secrets that sign what it gets, the newest first."""

    url: str
    secrets: tuple[str, ...]


class Sender:
    """Signs and sends."""

    def __init__(self, client: Client, clock: Clock, link: Callable[[int], str]) -> None:
        """`link` gives the URL of a call's recording, which works without a key for a while."""
        self._client = client
        self._clock = clock
        self._link = link

    async def send(self, due: Due, target: Target, seconds: float = TIMEOUT_S) -> Attempt:
        """One try; what goes wrong is in the answer."""
        at, begun = self._clock.now_ms(), self._clock.monotonic()
        status: int | None = None
        category: Category | None = None
        error = ""
        try:
            to = Destination.of(target.url)
            body = body_of(due, self._link)
            headers = signing.headers(target.secrets, "POST", to.target, body, at // 1000)
            answer = await self._client.send(
                "POST",
                to,
                seconds=seconds,
                headers=headers | {"Content-Type": "application/json"},
                body=body,
                max_bytes=MAX_ANSWER,
            )
            status = answer.status
            if not answer.ok:
                category, error = "http_error", f"It answered with the status {status}."
        except OutgoingError as failure:
            category, error = CATEGORIES.get(failure.reason, "other"), str(failure)
        except Exception:
            # Whatever it was, the event is not lost: it is tried again like every other.
            log.exception("Webhook delivery %s could not be sent", due.id)
            category, error = "other", "The box could not send it; its log says why."
        return Attempt(
            number=due.attempt_count + 1,
            at=at,
            duration_ms=round((self._clock.monotonic() - begun) * 1000),
            http_status=status,
            failure_category=category,
            error=error,
        )


def body_of(due: Due, link: Callable[[int], str]) -> bytes:
    """The bytes that are signed and sent: keys sorted, no spaces, ASCII."""
    data = due.data
    if _PATH in data:
        fields = json.loads(data)
        path = fields.get("recording_url")
        if isinstance(path, str) and path.startswith("/"):
            fields["recording_url"] = link(int(fields["call_id"]))
            data = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    text = (
        f'{{"created_at":"{iso(due.created_at)}","data":{data},'
        f'"event_id":"{due.event_id}","type":"{due.event_type}"}}'
    )
    return text.encode("ascii")
