"""Recordings: links that are signed and expire, and the bytes behind them."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.conftest import Tenant, make_call
from thunderbox.api import recordings
from thunderbox.store import calls
from thunderbox.store.database import Database

SOUND = bytes(range(256)) * 600  # longer than two chunks
SECRET = b"secret of this box"


async def record(db: Database, tenant: Tenant, directory: Path, name: str) -> int:
    call_id = await make_call(db, tenant.org_id)
    async with db.transaction() as tx:
        await calls.set_recording(tx, call_id, name, 1_777_000_000_000)
    (directory / name).write_bytes(SOUND)
    return call_id


@pytest.fixture
async def call_id(db: Database, tenant: Tenant, tmp_path: Path) -> int:
    return await record(db, tenant, tmp_path, "first.mp3")


def link(call_id: int, seconds: int = 60, secret: bytes = SECRET) -> str:
    return recordings.signed_path(secret, call_id, int(time.time()) + seconds)


async def test_audio_gives_a_link_that_works_without_a_key(client, anonymous, call_id):
    audio = (await client.get(f"/v1/calls/{call_id}/audio")).json()
    anonymous.headers.pop("Authorization")
    response = await anonymous.get(audio["url"])
    assert response.status_code == 200
    assert response.content == SOUND
    assert response.headers["content-type"] == "audio/mpeg"
    assert response.headers["content-length"] == str(len(SOUND))
    assert response.headers["accept-ranges"] == "bytes"


async def test_a_link_says_until_when_it_works(client, call_id):
    audio = (await client.get(f"/v1/calls/{call_id}/audio")).json()
    expires = int(parse_qs(urlsplit(audio["url"]).query)["expires"][0])
    assert 3590 <= expires - time.time() <= 3600
    assert audio["url"].startswith(f"http://box.test/v1/recordings/{call_id}.mp3?")
    assert audio["expires_at"].endswith("Z")


@pytest.mark.parametrize("asked", ["https://box.lan:8443", "http://[2001:db8::7]:8080"])
async def test_a_link_leads_to_the_address_that_was_asked(client, call_id, asked):
    audio = (await client.get(f"{asked}/v1/calls/{call_id}/audio")).json()
    assert audio["url"].startswith(f"{asked}/v1/recordings/{call_id}.mp3?")


async def test_a_call_without_a_recording(client, db, tenant):
    call_id = await make_call(db, tenant.org_id)
    response = await client.get(f"/v1/calls/{call_id}/audio")
    assert response.status_code == 404
    assert response.json() == {"detail": f"Call {call_id} has no recording."}


@pytest.mark.parametrize("content", [None, b""])
async def test_a_recording_without_sound_is_none(client, call_id, tmp_path, content):
    (tmp_path / "first.mp3").unlink()
    if content is not None:
        (tmp_path / "first.mp3").write_bytes(content)
    assert (await client.get(f"/v1/calls/{call_id}/audio")).status_code == 404
    assert (await client.get(link(call_id))).status_code == 404


async def test_a_file_outside_the_directory_is_not_served(client, db, tenant, tmp_path):
    (tmp_path.parent / "outside.mp3").write_bytes(b"private")
    call_id = await make_call(db, tenant.org_id)
    async with db.transaction() as tx:
        await calls.set_recording(tx, call_id, "../outside.mp3", 1)
    assert (await client.get(link(call_id))).status_code == 404


def tampered(call_id: int) -> dict[str, tuple[str, int]]:
    good = link(call_id)
    return {
        "good": (good, 200),
        "no signature": (good.partition("&")[0], 403),
        "no query": (good.partition("?")[0], 403),
        "one digit changed": (good[:-1] + ("0" if good[-1] != "0" else "1"), 403),
        "later expiry": (good.replace("expires=", "expires=9"), 403),
        "other secret": (link(call_id, secret=b"another box"), 403),
        "expired": (link(call_id, seconds=-1), 410),
        "expired and tampered": (link(call_id, seconds=-1)[:-1], 403),
        "other call": (good.replace(f"/{call_id}.mp3", f"/{call_id + 1}.mp3"), 403),
        "no number": (good.replace(f"/{call_id}.mp3", "/x.mp3"), 403),
        "no mp3": (good.replace(".mp3", ".wav"), 403),
        "zero before": (good.replace(f"/{call_id}.mp3", f"/0{call_id}.mp3"), 403),
        "not a time": (good.replace("expires=", "expires=x"), 403),
        "not ascii": (good.replace("signature=", "signature=%C3%A9"), 403),
    }


@pytest.mark.parametrize("case", tampered(1))
async def test_only_links_of_this_box_open(client, call_id, case):
    url, status = tampered(call_id)[case]
    response = await client.get(url)
    assert response.status_code == status
    if status != 200:
        assert f"/v1/calls/{'{call_id}' if status == 403 else call_id}/audio" in response.text


SIZE = len(SOUND)


@pytest.mark.parametrize(
    ("header", "status", "start", "end"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=65530-65545", 206, 65_530, 65_546),
        ("bytes=100-", 206, 100, SIZE),
        ("bytes=0-", 206, 0, SIZE),
        ("bytes=-100", 206, SIZE - 100, SIZE),
        (f"bytes=-{SIZE * 2}", 206, 0, SIZE),
        (f"bytes=10-{SIZE * 2}", 206, 10, SIZE),
        (f"bytes={SIZE - 1}-", 206, SIZE - 1, SIZE),
        ("bytes=0-1,5-6", 200, 0, SIZE),
        ("bytes=9-5", 200, 0, SIZE),
        ("bytes=-", 200, 0, SIZE),
        ("seconds=1-2", 200, 0, SIZE),
    ],
)
async def test_ranges(client, call_id, header, status, start, end):
    response = await client.get(link(call_id), headers={"Range": header})
    assert (response.status_code, len(response.content)) == (status, end - start)
    assert response.content == SOUND[start:end]
    if status == 206:
        assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", "bytes=-0"])
async def test_ranges_beyond_the_end(client, call_id, header):
    response = await client.get(link(call_id), headers={"Range": header})
    assert (response.status_code, response.content) == (416, b"")
    assert response.headers["content-range"] == f"bytes */{SIZE}"
