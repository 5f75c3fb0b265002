"""The database file: one writer, several readers, migrations, integrity.

Every write runs in a transaction of the single writer connection, and transactions queue up in
the order in which they were asked for:

    async with db.transaction() as tx:
        await tx.execute("INSERT ...", (...))

Reads run on read-only connections and see what was committed before they began. Everything here
raises StoreError, with a sentence, except `Database.open`, which raises StartError.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiosqlite

from thunderbox.errors import DuplicateError, StartError, StoreError
from thunderbox.store import migrate

READERS = 3
BUSY_SECONDS = 5.0
"""How long to wait for another program, such as a backup, that holds the file."""

Params = Sequence[Any]
Listener = Callable[[list[str]], None]
"""Told on the loop, and must neither wait nor fail."""

Result = TypeVar("Result")


class Source(Protocol):
    """Where rows can be read from: a Database, or an open Transaction."""

    async def fetch_one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        """The first row, or None."""

    async def fetch_all(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """Every row."""


class Transaction:
    """An open transaction: reads its own writes; ends with the `async with` that gave it."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._open = True
        self.notes: dict[str, list[str]] = {}
        """What is told to listeners once this is committed, by channel."""

    async def execute(self, sql: str, params: Params = ()) -> None:
        """Run one statement."""
        await self.fetch_all(sql, params)

    async def fetch_one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        """The first row, or None; also for `... RETURNING`."""
        rows = await self.fetch_all(sql, params)
        return rows[0] if rows else None

    async def fetch_all(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """Every row; also for `... RETURNING`."""
        if not self._open:
            raise StoreError("This transaction has ended; open another one.")
        return await _query(self._connection, sql, params)

    def notify(self, channel: str, notes: Iterable[str]) -> None:
        """Tell the listeners of a channel something once this is committed; never before."""
        self.notes.setdefault(channel, []).extend(notes)

    def end(self) -> None:
        """Refuse everything from now on."""
        self._open = False


class Database:
    """The open database; `close` it, or its threads keep the process alive."""

    def __init__(self, path: Path, writer: aiosqlite.Connection) -> None:
        self.path = path
        self._writer = writer
        self._writing = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None
        self._readers: list[aiosqlite.Connection] = []
        self._idle: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._watcher: sqlite3.Connection | None = None
        self._closing: asyncio.Task[None] | None = None
        self._listeners: dict[str, Listener] = {}

    @classmethod
    async def open(cls, path: Path) -> Database:
        """Open or create the file and bring its tables up to date. Raises StartError."""
        _create_private(path)
        database: Database | None = None
        try:
            database = cls(path, await _connect(path, "rwc"))
            await migrate.upgrade(database._writer, path)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                await database._writer.execute_fetchall(f"PRAGMA {pragma}")
            for _ in range(READERS):
                reader = await _connect(path, "ro")
                database._readers.append(reader)
                database._idle.put_nowait(reader)
                await reader.execute_fetchall("PRAGMA query_only = ON")
            database._watcher = sqlite3.connect(_uri(path, "ro"), uri=True, timeout=0)
        except BaseException as error:
            if database is not None:
                await _uncancelled(database._close())
            if isinstance(error, sqlite3.Error):
                raise StartError(_why_not_opened(path, error)) from error
            raise
        return database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """BEGIN IMMEDIATE, then COMMIT; ROLLBACK when the body raises or is cancelled."""
        self._check_open()
        if self._owner is not None and self._owner is asyncio.current_task():
            raise StoreError("A transaction is already open in this task; pass it on instead.")
        async with self._writing:
            self._owner = asyncio.current_task()
            tx = Transaction(self._writer)
            try:
                await _query(self._writer, "BEGIN IMMEDIATE")
                yield tx
                tx.end()
                await _uncancelled(self._commit(tx))
            except BaseException:
                tx.end()
                await _uncancelled(_rollback(self._writer))
                raise
            finally:
                self._owner = None

    def listen(self, channel: str, listener: Listener) -> None:
        """Have somebody told what transactions note on a channel; one listener for each."""
        self._listeners[channel] = listener

    async def _commit(self, tx: Transaction) -> None:
        await _commit(self._writer)
        for channel, notes in tx.notes.items():
            if (listener := self._listeners.get(channel)) is not None:
                listener(notes)

    async def fetch_one(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        """The first row, or None."""
        rows = await self.fetch_all(sql, params)
        return rows[0] if rows else None

    async def fetch_all(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """Every row."""
        self._check_open()
        reader = await self._idle.get()
        try:
            self._check_open()
            return await _query(reader, sql, params)
        finally:
            self._idle.put_nowait(reader)

    def version(self) -> int | None:
        """A number that changes with every commit, of this process or another; None: not known.

        It is in shared memory, so asking takes microseconds and no thread.
        """
        if self._watcher is None:
            return None
        try:
            return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return None

    async def integrity(self) -> list[str]:
        """What is wrong with the file, as SQLite says it; empty when nothing is."""
        try:
            checks = await self.fetch_all("PRAGMA integrity_check")
            orphans = await self.fetch_all("PRAGMA foreign_key_check")
        except StoreError as error:
            return [str(error)]
        found = [str(row[0]) for row in checks if row[0] != "ok"]
        return found + [f"{row[0]} row {row[1]} points at no row of {row[2]}" for row in orphans]

    async def close(self) -> None:
        """Finish the transactions that wait, then close the file; calling it again does nothing."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        async with self._writing:
            watcher, self._watcher = self._watcher, None
            if watcher is not None:
                watcher.close()
            for connection in (*self._readers, self._writer):
                with suppress(sqlite3.Error):
                    await connection.close()

    def _check_open(self) -> None:
        if self._closing is not None:
            raise StoreError(f"The database {self.path} is closed; open it again to go on.")


def _create_private(path: Path) -> None:
    """Create the file readable by its owner alone: it holds prompts, numbers and tool headers."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StartError(
            f"The database {path} cannot be opened ({error.strerror}). Make its directory "
            "writable for this user, or name another with --data."
        ) from error


async def _connect(path: Path, mode: str) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(
        _uri(path, mode), uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )
    connection.row_factory = sqlite3.Row
    return connection


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def _why_not_opened(path: Path, error: sqlite3.Error) -> str:
    if "not a database" in str(error):
        return f"{path} is not a database of ThunderBox. Move it away, or name another --data."
    return (
        f"The database {path} cannot be opened ({error}). Restore it from a backup, or name "
        "another directory with --data."
    )


async def _query(
    connection: aiosqlite.Connection, sql: str, params: Params = ()
) -> list[sqlite3.Row]:
    with _mapped():
        return list(await connection.execute_fetchall(sql, params))


async def _commit(connection: aiosqlite.Connection) -> None:
    with _mapped():
        await connection.commit()


async def _rollback(connection: aiosqlite.Connection) -> None:
    with _mapped():
        await connection.rollback()


@contextmanager
def _mapped() -> Iterator[None]:
    """SQLite's errors as ours; the values of the statement stay out of the text."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        kind = DuplicateError if error.sqlite_errorname in _DUPLICATE else StoreError
        raise kind(f"The database refused a row: {error}.") from error
    except sqlite3.Error as error:
        raise StoreError(f"The database failed: {error}.") from error


_DUPLICATE = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


async def _uncancelled(work: Coroutine[Any, Any, Result]) -> Result:
    """Wait for the end of work even when cancelled meanwhile; be cancelled after it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()
