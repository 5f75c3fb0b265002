"""Laml: the numbers of an account as Twilio lists them, and SignalWire after it."""

from __future__ import annotations

from msgspec import Struct, field

from thunderbox.calls.ports import CarrierNumber
from thunderbox.carriers.http import PAGES, CarrierHttp
from thunderbox.errors import CarrierError

PAGE_SIZE = "200"


class Account(Struct):
    """An account."""

    sid: str
    status: str = "active"


class Number(Struct):
    """One number."""

    sid: str
    phone_number: str
    friendly_name: str | None = ""
    capabilities: dict[str, bool] = field(default_factory=dict)
    trunk_sid: str | None = None
    voice_url: str | None = None


class NumberPage(Struct):
    """A page of numbers."""

    incoming_phone_numbers: list[Number]
    next_page_uri: str | None = None


class Listing:
    """An account's numbers at `root`, which ends with the account's own address."""

    def __init__(self, http: CarrierHttp, origin: str, account: str) -> None:
        self._http = http
        self._origin = origin
        self._account = account

    async def check(self) -> None:
        """Whether the account is there and active. Raises CarrierError."""
        found = await self._http.get(f"{self._origin}{self._account}.json", Account)
        if found.status != "active":
            raise CarrierError(f"The account at {self._http.name} is {found.status}.")

    async def numbers(self) -> list[CarrierNumber]:
        """Every number that takes calls. Raises CarrierError."""
        found: list[Number] = []
        params: dict[str, str] | None = {"PageSize": PAGE_SIZE}
        address: str | None = f"{self._account}/IncomingPhoneNumbers.json"
        for _ in range(PAGES):
            if address is None:
                break
            if not address.startswith("/") or address.startswith("//"):
                raise CarrierError(f"{self._http.name} names a next page that is none.")
            page = await self._http.get(f"{self._origin}{address}", NumberPage, params)
            found += page.incoming_phone_numbers
            address, params = page.next_page_uri or None, None
        return [
            CarrierNumber(one.phone_number, one.friendly_name or "", _capabilities(one))
            for one in found
            if not one.capabilities or _capabilities(one)[:1] == ("voice",)
        ]

    async def number(self, number: str) -> Number:
        """One number. Raises CarrierError when the account does not have it."""
        page = await self._http.get(
            f"{self._origin}{self._account}/IncomingPhoneNumbers.json",
            NumberPage,
            {"PhoneNumber": number},
        )
        for one in page.incoming_phone_numbers:
            if one.phone_number == number:
                return one
        raise CarrierError(f"{number} is not a number of this account at {self._http.name}.")


def _capabilities(number: Number) -> tuple[str, ...]:
    able = {name.lower() for name, able in number.capabilities.items() if able}
    return tuple(name for name in ("voice", "sms", "mms", "fax") if name in able)
