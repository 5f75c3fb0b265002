"""Copies of the database, made while it is written to."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from thunderbox.errors import StoreError
from thunderbox.store import backup, organizations
from thunderbox.store.backup import back_up, prune
from thunderbox.store.database import Database

NIGHT = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)


async def test_a_backup_holds_what_was_committed(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "box.db")
    async with db.transaction() as tx:
        await organizations.insert(tx, "Before")
    copy = await back_up(db.path, tmp_path, NIGHT)
    async with db.transaction() as tx:
        await organizations.insert(tx, "After")
    await db.close()
    assert copy.name == "thunderbox-20261120-030000.db"
    restored = await Database.open(copy)
    assert await organizations.count(restored) == 1
    assert await restored.integrity() == []
    await restored.close()


async def test_a_backup_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "box.db")
    copy = await back_up(db.path, tmp_path, NIGHT)
    await db.close()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


async def test_a_transaction_that_is_open_does_not_hold_the_backup_up(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "box.db")
    async with db.transaction() as tx:
        await organizations.insert(tx, "Half")
        copy = await back_up(db.path, tmp_path, NIGHT)
    await db.close()
    with closing(sqlite3.connect(copy)) as restored:
        assert restored.execute("SELECT count(*) FROM organizations").fetchone() == (0,)


async def test_a_backup_that_fails_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be made"):
        await back_up(tmp_path / "missing.db", tmp_path, NIGHT)
    assert list(tmp_path.iterdir()) == []


def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    for day in range(1, 6):
        (tmp_path / f"thunderbox-2026110{day}-030000.db").touch()
    (tmp_path / "mine.db").touch()
    prune(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine.db",
        "thunderbox-20261104-030000.db",
        "thunderbox-20261105-030000.db",
    ]


async def test_a_backup_ends_however_much_is_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PAGES", 5)
    db = await Database.open(tmp_path / "box.db")
    async with db.transaction() as tx:
        for number in range(500):
            await organizations.insert(tx, f"{number:0400d}")

    async def write() -> None:
        while True:
            async with db.transaction() as tx:
                await organizations.insert(tx, "Later")

    writing = asyncio.create_task(write())
    async with asyncio.timeout(10):
        copy = await back_up(db.path, tmp_path, NIGHT)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await db.close()
    restored = await Database.open(copy)
    assert await organizations.count(restored) >= 500
    assert await restored.integrity() == []
    await restored.close()
