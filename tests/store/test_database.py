"""The database: one writer with a queue, readers, migrations, and files that are not ours."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from thunderbox.errors import DuplicateError, StartError, StoreError
from thunderbox.store import migrate, organizations, users
from thunderbox.store.database import Database


async def threads_end(count: int) -> None:
    """Threads that were told to stop need a moment."""
    for _ in range(100):
        if threading.active_count() <= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError([thread.name for thread in threading.enumerate()])


async def test_a_new_file_is_private_and_durable(tmp_path: Path):
    db = await Database.open(tmp_path / "new.db")
    assert stat.S_IMODE(db.path.stat().st_mode) == 0o600
    assert (await db.fetch_one("PRAGMA journal_mode"))[0] == "wal"
    async with db.transaction() as tx:
        assert (await tx.fetch_one("PRAGMA synchronous"))[0] == 2
        assert (await tx.fetch_one("PRAGMA foreign_keys"))[0] == 1
    await db.close()


async def test_every_migration_is_applied_once(db: Database):
    assert (await db.fetch_one("PRAGMA user_version"))[0] == len(migrate.scripts())
    await db.close()
    again = await Database.open(db.path)
    assert (await again.fetch_one("PRAGMA user_version"))[0] == len(migrate.scripts())
    await again.close()


async def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    good = migrate.scripts()
    monkeypatch.setattr(
        migrate, "scripts", lambda: [*good, "CREATE TABLE half (id); CREATE TABLE half (id);"]
    )
    with pytest.raises(StartError, match="cannot be opened"):
        await Database.open(tmp_path / "t.db")
    with sqlite3.connect(tmp_path / "t.db") as raw:
        assert raw.execute("PRAGMA user_version").fetchone()[0] == len(good)
        assert not raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchall()
    raw.close()


async def test_a_database_of_a_newer_program_is_refused(db: Database):
    async with db.transaction() as tx:
        await tx.execute("PRAGMA user_version = 999")
    await db.close()
    with pytest.raises(StartError, match="newer ThunderBox"):
        await Database.open(db.path)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    path = tmp_path / "thunderbox.db"
    path.write_bytes(b"This is a letter to my aunt. " * 400)
    with pytest.raises(StartError, match="is not a database of ThunderBox"):
        await Database.open(path)


async def test_a_database_of_another_program_is_refused(tmp_path: Path):
    path = tmp_path / "thunderbox.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE recipes (name)")
    raw.close()
    with pytest.raises(StartError, match="belongs to another program"):
        await Database.open(path)


async def test_a_directory_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(StartError, match="No such file or directory"):
        await Database.open(tmp_path / "missing" / "thunderbox.db")


async def test_a_refused_file_leaves_no_thread(tmp_path: Path):
    path = tmp_path / "thunderbox.db"
    path.write_bytes(b"x" * 4096)
    before = threading.active_count()
    with pytest.raises(StartError):
        await Database.open(path)
    await threads_end(before)


async def test_readers_see_what_was_committed(db: Database, org_id: int):
    assert (await organizations.get(db, org_id)).name == "Acme"


async def test_readers_do_not_see_an_open_transaction(db: Database):
    async with db.transaction() as tx:
        found = await organizations.insert(tx, "Acme")
        assert await organizations.get(tx, found.id) is not None
        assert await organizations.get(db, found.id) is None


async def test_readers_cannot_write(db: Database):
    with pytest.raises(StoreError, match="readonly"):
        await db.fetch_all("DELETE FROM organizations")


async def test_an_exception_rolls_back(db: Database):
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            await organizations.insert(tx, "Acme")
            _ = 1 / 0
    assert await organizations.count(db) == 0


async def test_fifty_transactions_at_once_all_count(db: Database, org_id: int):
    async def rename() -> None:
        async with db.transaction() as tx:
            row = await tx.fetch_one("SELECT updated_at FROM organizations WHERE id = ?", (org_id,))
            await asyncio.sleep(0)
            await tx.execute(
                "UPDATE organizations SET updated_at = ? WHERE id = ?", (row[0] + 1, org_id)
            )

    before = (await organizations.get(db, org_id)).updated_at
    await asyncio.gather(*(rename() for _ in range(50)))
    assert (await organizations.get(db, org_id)).updated_at == before + 50


async def test_transactions_run_in_the_order_they_were_asked_for(db: Database):
    async def add(name: str) -> None:
        async with db.transaction() as tx:
            await organizations.insert(tx, name)

    await asyncio.gather(*(add(f"{number}") for number in range(10)))
    rows = await db.fetch_all("SELECT name FROM organizations ORDER BY id")
    assert [row["name"] for row in rows] == [f"{number}" for number in range(10)]


async def test_cancelling_a_transaction_rolls_back_and_frees_the_writer(db: Database):
    inside = asyncio.Event()

    async def stuck() -> None:
        async with db.transaction() as tx:
            await organizations.insert(tx, "Never")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stuck())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.transaction() as tx:
        await organizations.insert(tx, "Acme")
    assert await organizations.count(db) == 1


async def test_cancelling_at_any_step_leaves_all_or_nothing(db: Database):
    async def add_two() -> None:
        async with db.transaction() as tx:
            await organizations.insert(tx, "One")
            await organizations.insert(tx, "Two")

    for steps in range(25):
        task = asyncio.create_task(add_two())
        for _ in range(steps):
            await asyncio.sleep(0.0003)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await organizations.count(db) % 2 == 0
    async with db.transaction() as tx:
        await organizations.insert(tx, "Still works")


async def test_a_cancelled_read_leaves_the_readers_working(db: Database, org_id: int):
    tasks = [asyncio.create_task(organizations.get(db, org_id)) for _ in range(12)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    found = await asyncio.gather(*(organizations.get(db, org_id) for _ in range(12)))
    assert all(one is not None for one in found)


async def test_a_transaction_within_a_transaction_is_refused(db: Database):
    async with db.transaction():
        with pytest.raises(StoreError, match="already open in this task"):
            async with db.transaction():
                pass


async def test_a_transaction_that_has_ended_refuses_statements(db: Database):
    async with db.transaction() as tx:
        pass
    with pytest.raises(StoreError, match="has ended"):
        await tx.execute("SELECT 1")


async def test_a_unique_value_twice_is_a_duplicate(db: Database):
    async with db.transaction() as tx:
        await users.insert(tx, "jane@example.com")
        with pytest.raises(DuplicateError):
            await users.insert(tx, "JANE@example.com")


async def test_a_row_that_points_nowhere_is_refused(db: Database):
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        async with db.transaction() as tx:
            await users.join(tx, 1, 1, "owner")


async def test_closing_finishes_what_waits(db: Database):
    async def add() -> None:
        async with db.transaction() as tx:
            await organizations.insert(tx, "Acme")

    tasks = [asyncio.create_task(add()) for _ in range(5)]
    await asyncio.sleep(0)
    await db.close()
    await asyncio.gather(*tasks)
    again = await Database.open(db.path)
    assert await organizations.count(again) == 5
    await again.close()


async def test_closing_twice_does_nothing_and_later_calls_say_so(db: Database):
    await db.close()
    await db.close()
    with pytest.raises(StoreError, match="is closed"):
        await db.fetch_all("SELECT 1")
    with pytest.raises(StoreError, match="is closed"):
        async with db.transaction():
            pass


async def test_the_version_is_another_one_after_every_commit(db: Database):
    seen = [db.version(), db.version()]
    async with db.transaction() as tx:
        await organizations.insert(tx, "Ours")
        seen.append(db.version())
    seen.append(db.version())
    with closing(sqlite3.connect(db.path)) as another, another:
        another.execute("UPDATE organizations SET name = 'Theirs'")
    seen.append(db.version())
    assert seen[0] == seen[1] == seen[2]
    assert len({*seen}) == 3
    await db.close()
    assert db.version() is None


async def test_closing_ends_every_thread(tmp_path: Path):
    before = threading.active_count()
    database = await Database.open(tmp_path / "t.db")
    await database.close()
    await threads_end(before)


async def test_integrity_is_good_in_a_good_file(db: Database, org_id: int):
    assert await db.integrity() == []


async def test_integrity_names_damage(db: Database):
    async with db.transaction() as tx:
        for number in range(2000):
            await organizations.insert(tx, f"{number:0100d}")
    await db.close()
    content = bytearray(db.path.read_bytes())
    content[20_000:24_000] = b"\xff" * 4_000
    db.path.write_bytes(content)
    damaged = await Database.open(db.path)
    assert await damaged.integrity() != []
    await damaged.close()


def test_migrations_are_numbered_one_after_the_other():
    names = sorted(
        path.name for path in Path(migrate.__file__).with_name("migrations").glob("*.sql")
    )
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


async def test_listeners_are_told_once_it_is_committed(db: Database) -> None:
    told: list[list[str]] = []
    db.listen("news", told.append)
    async with db.transaction() as tx:
        tx.notify("news", ["a", "b"])
        tx.notify("news", ["c"])
        tx.notify("other", ["d"])
        assert told == []
    assert told == [["a", "b", "c"]]


async def test_listeners_are_told_nothing_of_what_is_rolled_back(db: Database) -> None:
    told: list[list[str]] = []
    db.listen("news", told.append)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            tx.notify("news", ["a"])
            raise ZeroDivisionError
    assert told == []
