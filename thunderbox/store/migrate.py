"""Migrations: the numbered SQL files beside this module, each applied once, in order.

`PRAGMA user_version` counts the files that a database has seen; `PRAGMA application_id` tells
our databases from those of other programs.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import aiosqlite

from thunderbox.errors import StartError

APPLICATION_ID = 0x54425831


@cache
def scripts() -> tuple[str, ...]:
    """The SQL of every migration, in order."""
    found = sorted(
        (entry for entry in files("thunderbox.store").joinpath("migrations").iterdir()),
        key=lambda entry: entry.name,
    )
    return tuple(
        entry.read_text(encoding="utf-8")
        for entry in found
        if re.fullmatch(r"\d{4}_\w+\.sql", entry.name)
    )


async def upgrade(connection: aiosqlite.Connection, path: Path) -> None:
    """Apply what is missing, each file in a transaction of its own. Raises StartError."""
    version = await _number(connection, "PRAGMA user_version")
    known = scripts()
    owner = await _number(connection, "PRAGMA application_id")
    tables = await _number(connection, "SELECT count(*) FROM sqlite_schema")
    if owner != APPLICATION_ID and (owner or tables):
        raise StartError(
            f"{path} belongs to another program. Move it away, or name another --data."
        )
    if version > len(known):
        raise StartError(
            f"{path} was written by a newer ThunderBox (its tables are at version {version}, "
            f"this program knows {len(known)}). Install that version, or restore an older backup."
        )
    for number, script in enumerate(known[version:], version + 1):
        await connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\nPRAGMA application_id = {APPLICATION_ID};\n"
            f"PRAGMA user_version = {number};\nCOMMIT;"
        )


async def _number(connection: aiosqlite.Connection, sql: str) -> int:
    rows = list(await connection.execute_fetchall(sql))
    return int(rows[0][0])
