"""Twilio: numbers by its REST API, calls by an Elastic SIP trunk that ends at this box."""

from __future__ import annotations

from msgspec import Struct

from thunderbox.calls.ports import CarrierNumber
from thunderbox.carriers.http import CarrierHttp
from thunderbox.carriers.laml import Listing, Number

TRUNK_NAME = "ThunderBox"


class Trunk(Struct):
    """An Elastic SIP trunk."""

    sid: str
    friendly_name: str | None = ""


class Trunks(Struct):
    """A page of trunks."""

    trunks: list[Trunk]


class OriginationUrl(Struct):
    """Where a trunk sends calls."""

    sid: str
    sip_url: str


class OriginationUrls(Struct):
    """A page of them."""

    origination_urls: list[OriginationUrl]


class TrunkNumber(Struct):
    """A number that a trunk has."""

    sid: str


class Twilio:
    """An account at Twilio. Implements `calls.ports.Carrier`."""

    def __init__(self, http: CarrierHttp, url: str, trunking_url: str, account_sid: str) -> None:
        self._http = http
        self._trunking = f"{trunking_url}/v1/Trunks"
        self._listing = Listing(http, url, f"/2010-04-01/Accounts/{account_sid}")

    async def check(self) -> None:
        """Whether the account lets us in. Raises CarrierError."""
        await self._listing.check()

    async def numbers(self) -> list[CarrierNumber]:
        """Every number that takes calls. Raises CarrierError."""
        return await self._listing.numbers()

    async def point(self, number: str, host: str, port: int) -> None:
        """Put a number onto the trunk that ends at a SIP address. Raises CarrierError."""
        found: Number = await self._listing.number(number)
        trunk = await self._trunk()
        await self._aim(trunk, f"sip:{host}:{port}")
        if found.trunk_sid != trunk:
            await self._http.send(
                "POST",
                f"{self._trunking}/{trunk}/PhoneNumbers",
                TrunkNumber,
                form={"PhoneNumberSid": found.sid},
            )

    async def _trunk(self) -> str:
        """The trunk of our name, made where there is none."""
        page = await self._http.get(self._trunking, Trunks, {"PageSize": "1000"})
        for one in page.trunks:
            if one.friendly_name == TRUNK_NAME:
                return one.sid
        form = {"FriendlyName": TRUNK_NAME}
        return (await self._http.send("POST", self._trunking, Trunk, form=form)).sid

    async def _aim(self, trunk: str, sip_url: str) -> None:
        """Let a trunk's calls go to an address, beside where they go already."""
        address = f"{self._trunking}/{trunk}/OriginationUrls"
        page = await self._http.get(address, OriginationUrls, {"PageSize": "1000"})
        if any(one.sip_url == sip_url for one in page.origination_urls):
            return
        form = {
            "FriendlyName": TRUNK_NAME,
            "SipUrl": sip_url,
            "Weight": "10",
            "Priority": "10",
            "Enabled": "true",
        }
        await self._http.send("POST", address, OriginationUrl, form=form)
