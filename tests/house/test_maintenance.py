"""What the box does by itself at night."""

from __future__ import annotations

from pathlib import Path

import pytest

from thunderbox.errors import StoreError
from thunderbox.maintenance import Maintenance
from thunderbox.settings import BackupSettings
from thunderbox.store.database import Database


async def _nothing() -> None:
    """Nothing is too old."""


async def test_the_night_makes_a_backup_and_keeps_so_many(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "box.db")
    backups = tmp_path / "backups"
    backups.mkdir()
    (backups / "thunderbox-20200101-030000.db").touch()
    await Maintenance(BackupSettings(keep=1), db.path, backups, _nothing).back_up()
    await db.close()
    (kept,) = backups.iterdir()
    assert kept.name > "thunderbox-2026"


async def test_a_failed_backup_deletes_no_older_one(tmp_path: Path) -> None:
    (tmp_path / "thunderbox-20200101-030000.db").touch()
    await Maintenance(BackupSettings(keep=0), tmp_path / "missing.db", tmp_path, _nothing).back_up()
    assert [path.name for path in tmp_path.iterdir()] == ["thunderbox-20200101-030000.db"]


async def test_it_starts_and_stops(tmp_path: Path) -> None:
    maintenance = Maintenance(BackupSettings(), tmp_path / "box.db", tmp_path, _nothing)
    maintenance.start()
    await maintenance.stop()
    await maintenance.stop()


async def test_what_cannot_be_forgotten_is_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise StoreError("The disk is full.")

    await Maintenance(BackupSettings(), tmp_path / "box.db", tmp_path, fail).forget()
    assert "The disk is full." in caplog.text
