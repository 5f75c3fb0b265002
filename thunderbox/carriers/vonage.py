"""Vonage: numbers by its Numbers API, which forwards their calls to a SIP address."""

from __future__ import annotations

from msgspec import Struct, field

from thunderbox.calls.ports import CarrierNumber
from thunderbox.carriers.http import PAGES, CarrierHttp
from thunderbox.errors import CarrierError

PAGE_SIZE = 100


class Number(Struct, rename="camel"):
    """One number; `msisdn` is E.164 without its plus."""

    country: str
    msisdn: str
    type: str = ""
    features: list[str] = field(default_factory=list)
    voice_callback_type: str | None = None
    voice_callback_value: str | None = None


class NumberPage(Struct):
    """A page of numbers; an account without any answers with an empty object."""

    count: int = 0
    numbers: list[Number] = field(default_factory=list)


class Outcome(Struct, rename="kebab"):
    """What became of a change: `error_code` is 200 when it was made."""

    error_code: str
    error_code_label: str = ""


class Vonage:
    """An account at Vonage. Implements `calls.ports.Carrier`."""

    def __init__(self, http: CarrierHttp, url: str) -> None:
        self._http = http
        self._url = url

    async def check(self) -> None:
        """Whether the key lets us in. Raises CarrierError."""
        await self._page({"size": "1"})

    async def numbers(self) -> list[CarrierNumber]:
        """Every number that takes calls. Raises CarrierError."""
        found: list[Number] = []
        for index in range(1, PAGES + 1):
            page = await self._page({"index": str(index), "size": str(PAGE_SIZE)})
            found += page.numbers
            if not page.numbers or len(found) >= page.count:
                break
        return [
            CarrierNumber(f"+{one.msisdn}", one.type, tuple(name.lower() for name in one.features))
            for one in found
            if "VOICE" in one.features
        ]

    async def point(self, number: str, host: str, port: int) -> None:
        """Forward a number's calls to a SIP address. Raises CarrierError."""
        msisdn = number.removeprefix("+")
        page = await self._page({"pattern": msisdn, "search_pattern": "0"})
        ours = next((one for one in page.numbers if one.msisdn == msisdn), None)
        if ours is None:
            raise CarrierError(f"{number} is not a number of this account at Vonage.")
        target = f"sip:{number}@{host}:{port}"
        if (ours.voice_callback_type, ours.voice_callback_value) == ("sip", target):
            return
        outcome = await self._http.send(
            "POST",
            f"{self._url}/number/update",
            Outcome,
            form={
                "country": ours.country,
                "msisdn": msisdn,
                "voiceCallbackType": "sip",
                "voiceCallbackValue": target,
            },
        )
        if outcome.error_code != "200":
            raise CarrierError(f"Vonage did not change {number} ({outcome.error_code}).")

    async def _page(self, params: dict[str, str]) -> NumberPage:
        return await self._http.get(f"{self._url}/account/numbers", NumberPage, params)
