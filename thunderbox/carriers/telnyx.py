"""Telnyx: numbers by its API, calls by an IP connection that ends at this box."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from thunderbox.calls.ports import CarrierNumber
from thunderbox.carriers.http import PAGES, CarrierHttp
from thunderbox.errors import CarrierError

CONNECTION_NAME = "ThunderBox"
PAGE_SIZE = "250"


class Number(Struct):
    """One number."""

    id: str
    phone_number: str
    connection_id: str | None = None
    connection_name: str | None = None
    customer_reference: str | None = None


class Meta(Struct):
    """Where a page is in its list."""

    page_number: int = 1
    total_pages: int = 1


class NumberPage(Struct):
    """A page of numbers."""

    data: list[Number]
    meta: Meta = field(default_factory=Meta)


class OneNumber(Struct):
    """An answer with one number."""

    data: Number


class Thing(Struct):
    """A connection, or an address of one."""

    id: str
    connection_name: str | None = None
    ip_address: str | None = None
    port: int | None = None


class Things(Struct):
    """A page of them."""

    data: list[Thing]


class OneThing(Struct):
    """An answer with one of them."""

    data: Thing


class Telnyx:
    """An account at Telnyx. Implements `calls.ports.Carrier`."""

    def __init__(self, http: CarrierHttp, url: str, connection_id: str = "") -> None:
        self._http = http
        self._url = f"{url}/v2"
        self._connection_id = connection_id

    async def check(self) -> None:
        """Whether the key lets us in. Raises CarrierError."""
        await self._page({"page[size]": "1"})

    async def numbers(self) -> list[CarrierNumber]:
        """Every number of the account. Raises CarrierError."""
        found: list[Number] = []
        for number in range(1, PAGES + 1):
            page = await self._page({"page[number]": str(number), "page[size]": PAGE_SIZE})
            found += page.data
            if number >= page.meta.total_pages:
                break
        return [
            CarrierNumber(one.phone_number, one.customer_reference or "", ("voice",))
            for one in found
        ]

    async def point(self, number: str, host: str, port: int) -> None:
        """Put a number onto a connection that ends at a SIP address. Raises CarrierError."""
        page = await self._page({"filter[phone_number]": number})
        ours = next((one for one in page.data if one.phone_number == number), None)
        if ours is None:
            raise CarrierError(f"{number} is not a number of this account at Telnyx.")
        connection = self._connection_id or await self._connection(host, port)
        if ours.connection_id == connection:
            return
        changed = await self._http.send(
            "PATCH",
            f"{self._url}/phone_numbers/{ours.id}",
            OneNumber,
            json={"connection_id": connection},
        )
        if changed.data.connection_id != connection:
            raise CarrierError(f"Telnyx did not put {number} onto connection {connection}.")

    async def _page(self, params: dict[str, str]) -> NumberPage:
        return await self._http.get(f"{self._url}/phone_numbers", NumberPage, params)

    async def _connection(self, host: str, port: int) -> str:
        """The connection of our name that ends there, made where there is none."""
        known = await self._http.get(
            f"{self._url}/ip_connections",
            Things,
            {"filter[connection_name][contains]": CONNECTION_NAME, "page[size]": PAGE_SIZE},
        )
        connection = next(
            (one.id for one in known.data if one.connection_name == CONNECTION_NAME), None
        )
        if connection is None:
            body = {
                "connection_name": CONNECTION_NAME,
                "active": True,
                "transport_protocol": "UDP",
                "inbound": {"ani_number_format": "+E.164", "dnis_number_format": "+e164"},
            }
            connection = await self._make("ip_connections", body)
        addresses = await self._http.get(
            f"{self._url}/ips", Things, {"filter[connection_id]": connection}
        )
        if not any((one.ip_address, one.port) == (host, port) for one in addresses.data):
            body = {"ip_address": host, "port": port, "connection_id": connection}
            await self._make("ips", body)
        return connection

    async def _make(self, kind: str, body: dict[str, Any]) -> str:
        made = await self._http.send("POST", f"{self._url}/{kind}", OneThing, json=body)
        return made.data.id
