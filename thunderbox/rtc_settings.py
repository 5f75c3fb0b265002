"""The settings of [rtc]."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class RtcSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[rtc]: how the sound of browser calls gets through the network."""

    addresses: tuple[str, ...] = ()
    udp_port: Annotated[int, Meta(ge=0, le=65000, description="a port up to 65000, or 0")] = 0
    stun_url: Annotated[
        str,
        Meta(pattern=r"^(stun:[\w.-]+(:\d{1,5})?)?$", description="stun:host[:port], or empty"),
    ] = ""
    turn_url: Annotated[
        str,
        Meta(
            pattern=r"^(turns?:[\w.-]+(:\d{1,5})?(\?transport=(udp|tcp))?)?$",
            description="a URL such as turn:turn.example.com:3478, or empty",
        ),
    ] = ""
    turn_user: str = ""
    turn_password: str = ""
    rejoin_seconds: Annotated[
        int, Meta(ge=1, le=120, description="a number of seconds from 1 to 120")
    ] = 15
