"""Which dialect a client gets, and that a setting decides it for everybody."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from thunderbox.settings import ApiSettings, Settings

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}


@pytest.mark.parametrize(
    ("dialect", "headers", "is_sdk"),
    [
        ("auto", {}, False),
        ("auto", SDK, True),
        ("auto", {"X-ThunderPhone-Client": "skills/front-desk@1.0"}, False),
        ("contract", SDK, False),
        ("sdk", {}, True),
    ],
)
async def test_the_setting_decides_or_the_client(app, client, dialect, headers, is_sdk):
    settings = msgspec.structs.replace(Settings(), api=ApiSettings(dialect=dialect))
    app.state.parts = dataclasses.replace(app.state.parts, settings=settings)
    voices = (await client.get("/v1/voices", headers=headers)).json()
    assert isinstance(voices, dict) == is_sdk
    transactions = (await client.get("/v1/billing/transactions", headers=headers)).json()
    assert isinstance(transactions, list) == is_sdk
