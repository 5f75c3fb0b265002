"""Passwords: argon2id, one at a time, and no queue without an end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from thunderbox import passwords
from thunderbox.errors import ThunderBoxError, TooManyError
from thunderbox.passwords import MAX_WAITING, Passwords

HASHER, NOBODYS = passwords._hasher, passwords._NOBODYS
"""What the box hashes with; other tests have a cheap one."""


@pytest.fixture(autouse=True)
def _as_in_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", HASHER)
    monkeypatch.setattr(passwords, "_NOBODYS", NOBODYS)


async def test_a_password_is_hashed_with_argon2id_and_a_salt_of_its_own() -> None:
    box = Passwords()
    first, second = await box.hash("a long password"), await box.hash("a long password")
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert first != second
    assert await box.is_right(first, "a long password")
    assert not await box.is_right(first, "another password")


@pytest.mark.parametrize("stored", [None, "", "nonsense", NOBODYS])
async def test_who_has_no_password_has_no_right_one(stored: str | None) -> None:
    assert not await Passwords().is_right(stored, "")


async def test_they_are_checked_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.Lock()

    def check(stored: str, password: str) -> bool:
        assert lock.acquire(blocking=False), "two at once"
        threading.Event().wait(0.002)
        lock.release()
        return True

    monkeypatch.setattr(passwords, "_is_right", check)
    box = Passwords()
    assert all(await asyncio.gather(*(box.is_right(None, "x") for _ in range(10))))


async def test_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(passwords, "_is_right", lambda *_: gate.wait(10))
    box = Passwords()
    waiting = [asyncio.create_task(box.is_right(None, "x")) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyError):
        await box.is_right(None, "x")
    gate.set()
    assert all(await asyncio.gather(*waiting))


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_command_says_how_long_a_password_is(password: str) -> None:
    with pytest.raises(ThunderBoxError, match="10 to 256 characters"):
        passwords.hash_now(password)
