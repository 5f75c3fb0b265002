"""The settings of [api] and [tls]: the addresses of the REST API."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

_Port = Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")]
_Host = Annotated[str, Meta(min_length=1, description="an address of this machine")]
_File = Annotated[str, Meta(description="the path of a PEM file, or empty")]
_Name = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_.:-]+$", description="a host name or an IP address")
]


class ApiSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[api]: the REST API's address."""

    host: _Host = "127.0.0.1"
    port: _Port = 8080
    public_url: Annotated[
        str, Meta(pattern=r"^(https?://[^/\s]+)?$", description="http(s)://host[:port], or empty")
    ] = ""
    audio_url_seconds: Annotated[
        int, Meta(ge=60, le=604800, description="a number of seconds from 60 to 604800")
    ] = 3600
    session_hours: Annotated[
        int, Meta(ge=1, le=8760, description="a number of hours from 1 to 8760")
    ] = 336
    dialect: Literal["auto", "contract", "sdk"] = "auto"


class TlsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[tls]: the API's address with https:// and wss://, for browsers and others in the network."""

    mode: Literal["off", "self-signed", "files"] = "off"
    host: _Host = "0.0.0.0"  # noqa: S104 - it is there to be reached
    port: _Port = 8443
    certificate: _File = ""
    key: _File = ""
    names: tuple[_Name, ...] = ()

    def missing(self) -> str | None:
        """The key of a setting without which the others mean nothing, if there is one."""
        if self.mode != "files":
            return None
        return "certificate" if not self.certificate else "key" if not self.key else None
