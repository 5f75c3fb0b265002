"""/v1/voices, in both dialects."""

from __future__ import annotations

import pytest

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}


async def test_voices_are_a_list(client):
    voices = (await client.get("/v1/voices")).json()
    assert voices[0] == {
        "id": "espeak-en-us",
        "name": "Espeak",
        "locale": "en-US",
        "tier": "starter",
        "sample_url": None,
        "aliases": ["en-US-James1"],
    }


async def test_the_sdk_gets_a_catalogue(client):
    catalogue = (await client.get("/v1/voices", headers=SDK)).json()
    assert [voice["id"] for voice in catalogue["voices"]] == ["espeak-en-us", "espeak-de"]
    assert catalogue["languages"] == [
        {"code": "de", "name": "German"},
        {"code": "en", "name": "English"},
    ]


async def test_another_client_is_not_the_sdk(client):
    headers = {"X-ThunderPhone-Client": "skills/front-desk@1.0"}
    assert isinstance((await client.get("/v1/voices", headers=headers)).json(), list)


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("en", ["espeak-en-us"]),
        ("EN-us", ["espeak-en-us"]),
        ("en,de", []),
        ("xx", []),
        ("", ["espeak-en-us", "espeak-de"]),
    ],
)
async def test_voices_by_language(client, languages, expected):
    found = (await client.get("/v1/voices", params={"languages": languages})).json()
    assert [voice["id"] for voice in found] == expected
