"""Accounts: the client of the provider that a connection names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from thunderbox.calls.ports import Carrier
from thunderbox.carrier_settings import CarriersSettings
from thunderbox.carriers.http import CarrierHttp, Sleep
from thunderbox.carriers.signalwire import SignalWire
from thunderbox.carriers.telnyx import Telnyx
from thunderbox.carriers.twilio import Twilio
from thunderbox.carriers.vonage import Vonage
from thunderbox.errors import CarrierError
from thunderbox.outgoing.client import Client

_SPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})\.signalwire\.com")
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Accounts:
    """Makes clients; implements `calls.ports.NewCarrier`."""

    def __init__(
        self, settings: CarriersSettings, client: Client, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._settings = settings
        self._client = client
        self._sleep = sleep

    def __call__(self, provider: str, credentials: Mapping[str, str]) -> Carrier:
        """The client of an account. Raises CarrierError for ids that no provider gives out."""
        settings, given = self._settings, credentials
        match provider:
            case "twilio":
                sid = _id(given["account_sid"], "account_sid")
                http = self._http("Twilio", login=(sid, given["auth_token"]))
                return Twilio(http, settings.twilio_url, settings.twilio_trunking_url, sid)
            case "telnyx":
                http = self._http("Telnyx", bearer=given["api_key"])
                return Telnyx(http, settings.telnyx_url, given.get("connection_id", ""))
            case "signalwire":
                project = _id(given["project_id"], "project_id")
                http = self._http("SignalWire", login=(project, given["api_token"]))
                return SignalWire(http, self._space(given["space_url"]), project)
            case "vonage":
                http = self._http("Vonage", login=(given["api_key"], given["api_secret"]))
                return Vonage(http, settings.vonage_url)
            case _:
                raise CarrierError(f"{provider} has no account that could be asked.")

    def _http(
        self, name: str, *, login: tuple[str, str] | None = None, bearer: str = ""
    ) -> CarrierHttp:
        return CarrierHttp(
            name,
            self._client,
            login=login,
            bearer=bearer,
            timeout=float(self._settings.timeout_seconds),
            sleep=self._sleep,
        )

    def _space(self, text: str) -> str:
        """The address of a space; only SignalWire's own, so that nothing else can be asked."""
        if self._settings.signalwire_url:
            return self._settings.signalwire_url
        host = text.strip().lower().removeprefix("https://").rstrip("/")
        if not _SPACE.fullmatch(host):
            raise CarrierError("space_url must look like example.signalwire.com.")
        return f"https://{host}"


def _id(text: str, name: str) -> str:
    if not _ID.fullmatch(text):
        raise CarrierError(f"{name} must be the id as the provider shows it.")
    return text
