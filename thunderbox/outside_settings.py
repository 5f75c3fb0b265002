"""The settings of [outgoing], and of servers on other machines: engines, LiveKit."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class OutgoingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[outgoing]: whom tools, webhooks and providers may lead the box to."""

    allow_networks: tuple[str, ...] = ()


class RemoteSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a remote engine needs: an OpenAI-compatible server; off while `base_url` is empty."""

    base_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^/\s@?#]+(/[^\s@?#]*)?)?$",
            description="http(s)://host[:port]/v1, or empty",
        ),
    ] = ""
    api_key: Annotated[
        str, Meta(pattern=r"^[!-~]*$", description="a key without spaces, or empty")
    ] = ""
    model: str = ""
    timeout_seconds: Annotated[
        int, Meta(ge=1, le=30, description="a number of seconds from 1 to 30")
    ] = 3


class RemoteSpeechSettings(RemoteSettings, frozen=True, forbid_unknown_fields=True):
    """[remote_speech]: a remote engine, and its voice."""

    voice: str = ""
    locale: Annotated[
        str,
        Meta(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", description="a language, such as en-US or de"),
    ] = "en-US"


class LivekitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[livekit]: a LiveKit server that carries the calls of browsers; off while `url` is empty."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^((ws|http)s?://[^/\s@?#]+/?)?$",
            description="ws(s)://host[:port], or empty",
        ),
    ] = ""
    api_key: Annotated[
        str, Meta(pattern=r"^[!-~]*$", description="a key without spaces, or empty")
    ] = ""
    api_secret: Annotated[
        str, Meta(pattern=r"^[!-~]*$", description="a secret without spaces, or empty")
    ] = ""
