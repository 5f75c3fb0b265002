"""Http: asks a provider's REST API, and says in a sentence what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from thunderbox.errors import CarrierError

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
        client: httpx.AsyncClient,
        *,
        login: tuple[str, str] | None = None,
        bearer: str = "",
        timeout: float,
        sleep: Sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._client = client
        self._auth = httpx.BasicAuth(*login) if login else None
        self._headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self._timeout = timeout
        self._sleep = sleep
        self._now = now

    async def get(
        self, url: str, shape: type[Shape], params: Mapping[str, str] | None = None
    ) -> Shape:
        """Read something. Raises CarrierError."""
        return self._read(await self._ask("GET", url, params=params), shape)

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
        return self._read(await self._ask(method, url, data=form, json=json), shape)

    def _read(self, body: bytes, shape: type[Shape]) -> Shape:
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise CarrierError(
                f"{self.name} answered in a form that is not understood; try again later."
            ) from None

    async def _ask(self, method: str, url: str, **content: Any) -> bytes:
        """An answer's body; asked again where the provider is busy. Raises CarrierError."""
        for attempt in range(1, ATTEMPTS + 1):
            status, headers, body = await self._once(method, url, **content)
            if 200 <= status < 300:
                return body
            last = attempt == ATTEMPTS
            if status == 429:
                wait = self._wait_asked(headers.get("retry-after", ""))
                if last or wait > LONGEST_WAIT:
                    raise CarrierError(
                        f"{self.name} takes no more requests for now; try again in "
                        f"{max(1, round(wait))} s."
                    )
                await self._sleep(wait)
            elif status >= 500 and method == "GET" and not last:
                await self._sleep(SERVER_WAIT * attempt)
            else:
                raise CarrierError(self._sentence(status))
        raise CarrierError(f"{self.name} did not answer.")

    async def _once(
        self, method: str, url: str, **content: Any
    ) -> tuple[int, httpx.Headers, bytes]:
        request = self._client.build_request(
            method, url, headers=self._headers, timeout=self._timeout, **content
        )
        try:
            response = await self._client.send(
                request, auth=self._auth, stream=True, follow_redirects=False
            )
            try:
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_ANSWER:
                        raise CarrierError(f"{self.name} answered with more than it should.")
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            raise CarrierError(
                f"{self.name} did not answer within {self._timeout:g} s; try again later."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.info("%s cannot be reached: %s", self.name, type(error).__name__)
            raise CarrierError(
                f"{self.name} cannot be reached ({type(error).__name__}); check this box's way "
                "to the Internet, and the addresses in [carriers]."
            ) from None
        return response.status_code, response.headers, bytes(body)

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
