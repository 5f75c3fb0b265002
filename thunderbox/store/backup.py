"""Backups: consistent copies of the database, made while the box runs."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

from thunderbox.errors import StoreError

PATTERN = "thunderbox-*.db"
PAGES = 500
"""Pages (2 MB) copied at a time."""
PAUSE_S = 0.01
"""Between them, so that the disk also serves the calls."""


async def back_up(database: Path, directory: Path, at: datetime) -> Path:
    """Copy the database into the directory as `thunderbox-<date>-<time>.db`, and give its path.

    The copy appears under its name only when it is complete. Raises StoreError.
    """
    path = directory / f"thunderbox-{at:%Y%m%d-%H%M%S}.db"
    await asyncio.to_thread(_copy, database, path)
    return path


def prune(directory: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups; returns what was deleted."""
    old = sorted(directory.glob(PATTERN), reverse=True)[keep:]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _copy(database: Path, path: Path) -> None:
    unfinished = path.with_suffix(".part")
    try:
        unfinished.touch(mode=0o600)
        with (
            closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(unfinished)) as target,
        ):
            # One view of the file for all of it: else every commit of the box begins it anew.
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM sqlite_master").fetchone()
            source.backup(target, pages=PAGES, progress=lambda *_: time.sleep(PAUSE_S))
        unfinished.rename(path)
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(
            f"The backup {path.name} could not be made ({error}). Look whether the disk is full."
        ) from error
