"""Http: asks a provider's REST API, and says in a sentence what went wrong."""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from thunderbox.errors import CarrierError, OutgoingError
from thunderbox.outgoing.client import Answer, Client

log = logging.getLogger(__name__)

ATTEMPTS = 3
LONGEST_WAIT = 10.0
"""Seconds that a provider may make us wait before another attempt; a longer wait is an answer."""
SERVER_WAIT = 0.5
LARGEST_ANSWER = 4 * 1_048_576
PAGES = 20
"""Pages of a list that are read at most."""
_REFUSED = (401, 403)

Sleep = Callable[[float], Awaitable[None]]
Shape = TypeVar("Shape", bound=Struct)


class CarrierHttp:
    """One account at one provider. Credentials are in no sentence and in no line of the log."""

    def __init__(
        self,
        name: str,
        client: Client,
        *,
        login: tuple[str, str] | None = None,
        bearer: str = "",
        timeout: float,
        sleep: Sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._client = client
        self._authorization = f"Bearer {bearer}"
        if login:
            pair = base64.b64encode(":".join(login).encode()).decode("ascii")
            self._authorization = f"Basic {pair}"
        self._timeout = timeout
        self._sleep = sleep
        self._now = now

    async def get(
        self, url: str, shape: type[Shape], params: Mapping[str, str] | None = None
    ) -> Shape:
        """Read something. Raises CarrierError."""
        return self._read(await self._ask("GET", _with(url, params or {})), shape)

    async def send(
        self,
        method: str,
        url: str,
        shape: type[Shape],
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> Shape:
        """Write something. Raises CarrierError."""
        if form is not None:
            kind, body = "application/x-www-form-urlencoded", urlencode(form).encode()
        else:
            kind, body = "application/json", msgspec.json.encode(json)
        return self._read(await self._ask(method, url, kind, body), shape)

    def _read(self, body: bytes, shape: type[Shape]) -> Shape:
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise CarrierError(
                f"{self.name} answered in a form that is not understood; try again later."
            ) from None

    async def _ask(self, method: str, url: str, kind: str = "", body: bytes = b"") -> bytes:
        """An answer's body; asked again where the provider is busy. Raises CarrierError."""
        for attempt in range(1, ATTEMPTS + 1):
            answer = await self._once(method, url, kind, body)
            if answer.ok:
                return answer.body
            last = attempt == ATTEMPTS
            if answer.status == 429:
                wait = self._wait_asked(answer.headers.get("retry-after", ""))
                if last or wait > LONGEST_WAIT:
                    raise CarrierError(
                        f"{self.name} takes no more requests for now; try again in "
                        f"{max(1, round(wait))} s."
                    )
                await self._sleep(wait)
            elif answer.status >= 500 and method == "GET" and not last:
                await self._sleep(SERVER_WAIT * attempt)
            else:
                raise CarrierError(self._sentence(answer.status))
        raise CarrierError(f"{self.name} did not answer.")

    async def _once(self, method: str, url: str, kind: str, body: bytes) -> Answer:
        headers = {"Authorization": self._authorization, "Accept": "application/json"}
        if kind:
            headers["Content-Type"] = kind
        try:
            answer = await self._client.send(
                method,
                url,
                seconds=self._timeout,
                headers=headers,
                body=body,
                max_bytes=LARGEST_ANSWER,
            )
        except OutgoingError as error:
            if error.reason == "timeout":
                raise CarrierError(
                    f"{self.name} did not answer within {self._timeout:g} s; try again later."
                ) from None
            log.info("%s cannot be reached: %s", self.name, error)
            raise CarrierError(
                f"{self.name} cannot be reached: {error} Check this box's way to the Internet, and "
                "the addresses in [carriers]."
            ) from None
        if answer.truncated:
            raise CarrierError(f"{self.name} answered with more than it should.")
        return answer

    def _wait_asked(self, text: str) -> float:
        """The seconds that a Retry-After header asks for, as a number or as a date."""
        if text.strip().isascii() and text.strip().isdigit():
            return float(min(int(text), 86_400))
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return 1.0
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - self._now()).total_seconds())

    def _sentence(self, status: int) -> str:
        if status in _REFUSED:
            return (
                f"{self.name} refused the credentials ({status}); check them in its console, and "
                "whether they may read and change numbers."
            )
        if status == 404:
            return f"{self.name} knows nothing of that (404); check the account's id."
        if status >= 500:
            return f"{self.name} has trouble of its own ({status}); try again later."
        return f"{self.name} refused the request ({status})."


def _with(url: str, params: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
