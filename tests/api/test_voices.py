"""/v1/voices, in both dialects."""

from __future__ import annotations

import io
import wave

import pytest

SDK = {"X-ThunderPhone-Client": "sdk-python/0.2.0"}


async def test_voices_are_a_list(client):
    voices = (await client.get("/v1/voices")).json()
    assert voices[0] == {
        "id": "espeak-en-us",
        "name": "Espeak",
        "locale": "en-US",
        "tier": "starter",
        "sample_url": "http://box.test/v1/voices/espeak-en-us/sample",
        "aliases": ["en-US-James1"],
    }


async def test_a_sample_plays_without_a_key(anonymous, tenant):
    headers = tenant.headers
    for voice in (await anonymous.get("/v1/voices", headers=headers)).json():
        response = await anonymous.get(voice["sample_url"])
        assert (response.status_code, response.headers["content-type"]) == (200, "audio/wav")
        with wave.open(io.BytesIO(response.content)) as sound:
            assert (sound.getnchannels(), sound.getframerate()) == (1, 16_000)
            assert sound.getnframes() >= 16_000


async def test_a_sample_is_made_once_and_kept(anonymous, outside):
    url = "/v1/voices/espeak-de/sample"
    first = await anonymous.get(url)
    outside.voice.broken = True
    assert (await anonymous.get(url)).content == first.content
    assert (await anonymous.get("/v1/voices/espeak-en-us/sample")).status_code == 503


async def test_a_part_of_a_sample_can_be_asked_for(anonymous):
    url = "/v1/voices/espeak-de/sample"
    whole = (await anonymous.get(url)).content
    part = await anonymous.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert part.headers["content-range"] == f"bytes 0-3/{len(whole)}"


async def test_a_voice_that_is_not_there_has_no_sample(anonymous):
    response = await anonymous.get("/v1/voices/alto/sample")
    assert (response.status_code, list(response.json())) == (404, ["detail"])


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
