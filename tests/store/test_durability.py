"""What was committed survives `kill -9`; what was not leaves no trace. Nothing leaks."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from thunderbox.store import organizations
from thunderbox.store.database import Database

WRITER = """
import asyncio, os, sys
from pathlib import Path
from thunderbox.store import organizations
from thunderbox.store.database import Database

async def main():
    db = await Database.open(Path(sys.argv[1]))
    async with db.transaction() as tx:
        await organizations.insert(tx, "Committed")
    async with db.transaction() as tx:
        await organizations.insert(tx, "Not committed")
        print("now", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_kill_keeps_what_was_committed_and_nothing_else(tmp_path: Path):
    path = tmp_path / "thunderbox.db"
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert await writer.stdout.readline() == b"now\n"
    writer.kill()
    await writer.wait()
    db = await Database.open(path)
    rows = await db.fetch_all("SELECT name FROM organizations")
    assert [row["name"] for row in rows] == ["Committed"]
    assert await db.integrity() == []
    await db.close()


async def test_opening_and_closing_leaks_no_file(tmp_path: Path):
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    first = await Database.open(tmp_path / "thunderbox.db")
    await first.close()
    before = open_files()
    for _ in range(5):
        db = await Database.open(tmp_path / "thunderbox.db")
        await organizations.count(db)
        await db.close()
    assert open_files() <= before
