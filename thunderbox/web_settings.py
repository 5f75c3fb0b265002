"""The settings of [web]."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class WebSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[web]: how many sessions in web pages there may be, and how long they may take."""

    max_sessions: Annotated[int, Meta(ge=0, le=1000, description="a number from 0 to 1000")] = 8
    max_sessions_per_key: Annotated[
        int, Meta(ge=1, le=1000, description="a number from 1 to 1000")
    ] = 8
    sessions_per_minute: Annotated[
        int, Meta(ge=0, le=10_000, description="a number from 0 to 10000")
    ] = 60
    max_session_seconds: Annotated[
        int, Meta(ge=10, le=86400, description="a number of seconds from 10 to 86400")
    ] = 1800
    join_seconds: Annotated[
        int, Meta(ge=5, le=300, description="a number of seconds from 5 to 300")
    ] = 30
