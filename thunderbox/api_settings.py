"""The settings of [api] and [tls]: the addresses of the REST API."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

_Port = Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")]
_Host = Annotated[str, Meta(min_length=1, description="an address of this machine")]
_File = Annotated[str, Meta(description="the path of a PEM file, or empty")]


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
    names: tuple[str, ...] = ()

    def mistake(self) -> tuple[str, object, str] | None:
        """Key and value of a setting that is wrong beside the others, and what it may be."""
        if self.mode == "files":
            for key, path in (("certificate", self.certificate), ("key", self.key)):
                if not path:
                    return key, path, 'the path of a PEM file where tls.mode is "files"'
        for name in self.names:
            if not re.fullmatch(r"[A-Za-z0-9_.:-]+", name):
                return "names", name, "host names and IP addresses"
        return None
