"""A database in a temporary directory, and one organization in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copyfile

import pytest

from thunderbox.store import organizations
from thunderbox.store.database import Database


@pytest.fixture
async def db(tables: Path, tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(Path(copyfile(tables, tmp_path / "thunderbox.db")))
    yield database
    await database.close()


@pytest.fixture
async def org_id(db: Database) -> int:
    async with db.transaction() as tx:
        return (await organizations.insert(tx, "Acme")).id
