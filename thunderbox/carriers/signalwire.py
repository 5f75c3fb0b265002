"""SignalWire: numbers by its compatibility API, calls by a document that dials this box."""

from __future__ import annotations

from html import escape

from msgspec import Struct

from thunderbox.calls.ports import CarrierNumber
from thunderbox.carriers.http import CarrierHttp
from thunderbox.carriers.laml import Listing, Number


class Bin(Struct):
    """A document at SignalWire that says what becomes of a call."""

    sid: str
    request_url: str


class SignalWire:
    """A project at SignalWire. Implements `calls.ports.Carrier`."""

    def __init__(self, http: CarrierHttp, url: str, project_id: str) -> None:
        self._http = http
        self._account = f"/api/laml/2010-04-01/Accounts/{project_id}"
        self._url = url
        self._listing = Listing(http, url, self._account)

    async def check(self) -> None:
        """Whether the project lets us in. Raises CarrierError."""
        await self._listing.check()

    async def numbers(self) -> list[CarrierNumber]:
        """Every number that takes calls. Raises CarrierError."""
        return await self._listing.numbers()

    async def point(self, number: str, host: str, port: int) -> None:
        """Have a number's calls dial a SIP address. Raises CarrierError."""
        found = await self._listing.number(number)
        target = f"sip:{number}@{host}:{port}"
        document = await self._http.send(
            "POST",
            f"{self._url}{self._account}/LamlBins",
            Bin,
            form={
                "Name": f"ThunderBox {number}",
                "Contents": f"<Response><Dial><Sip>{escape(target)}</Sip></Dial></Response>",
            },
        )
        await self._http.send(
            "POST",
            f"{self._url}{self._account}/IncomingPhoneNumbers/{found.sid}",
            Number,
            form={"VoiceUrl": document.request_url, "VoiceMethod": "POST"},
        )
