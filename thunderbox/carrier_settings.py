"""The settings of [carriers]: where the providers of phone numbers are asked."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct


def _address(example: str) -> Any:
    return Meta(pattern=r"^https?://[^/\s@?#]+$", description=f"an address such as {example}")


class CarriersSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[carriers]: where the providers of numbers are asked."""

    twilio_url: Annotated[str, _address("https://api.twilio.com")] = "https://api.twilio.com"
    twilio_trunking_url: Annotated[str, _address("https://trunking.twilio.com")] = (
        "https://trunking.twilio.com"
    )
    telnyx_url: Annotated[str, _address("https://api.telnyx.com")] = "https://api.telnyx.com"
    signalwire_url: Annotated[
        str,
        Meta(pattern=r"^(https?://[^/\s@?#]+)?$", description="http(s)://host[:port], or empty"),
    ] = ""
    vonage_url: Annotated[str, _address("https://rest.nexmo.com")] = "https://rest.nexmo.com"
    timeout_seconds: Annotated[
        int, Meta(ge=1, le=60, description="a number of seconds from 1 to 60")
    ] = 10
