"""The settings of [webhooks]."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class WebhookSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[webhooks]: how events are told, and how long it is remembered."""

    retry_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="a number of seconds from 1 to 3600")
    ] = 30
    keep_days: Annotated[int, Meta(ge=2, le=3650, description="a number from 2 to 3650")] = 30
