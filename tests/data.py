"""Databases of tests, and rows in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from thunderbox.store.calls import NewCall
from thunderbox.store.database import Database


@asynccontextmanager
async def opened(tables: Path, folder: Path) -> AsyncIterator[Database]:
    """A copy of a database, in a folder of the test; with one reader, for each is a thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("thunderbox.store.database.READERS", 1)
        database = await Database.open(Path(copyfile(tables, folder / "thunderbox.db")))
    # No test that opens one here pulls the plug.
    await database._writer.execute_fetchall("PRAGMA synchronous = OFF")
    yield database
    await database.close()


def new_call(org_id: int, **fields: object) -> NewCall:
    """A call over the phone that nobody has answered yet, changed as it is said."""
    values: dict[str, Any] = {
        "org_id": org_id,
        "agent_id": None,
        "phone_number_id": None,
        "direction": "inbound",
        "from_number": "+14155550100",
        "to_number": "+15550100",
        "started_at": 1_777_000_000_000,
        "prompt": "Be brief.",
        "voice": "en-US-James1",
        "product": "spark",
        "thinking_level": "base",
        "tools": [],
    }
    return NewCall(**(values | fields))
