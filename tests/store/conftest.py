"""A database in a temporary directory, and one organization in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copyfile

import pytest

from thunderbox.store import organizations
from thunderbox.store.calls import NewCall
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


def new_call(org_id: int, **fields: object) -> NewCall:
    values: dict = {
        "org_id": org_id,
        "agent_id": None,
        "phone_number_id": None,
        "direction": "inbound",
        "from_number": "+14155550100",
        "to_number": "+15550100",
        "started_at": 1_000,
        "prompt": "Be brief.",
        "voice": "en-US-James1",
        "product": "spark",
        "thinking_level": "base",
        "tools": [],
    }
    return NewCall(**(values | fields))
