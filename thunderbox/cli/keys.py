"""`thunderbox keys`: API keys, straight in the database, so that a lost key is no lost box."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from thunderbox.cli.options import DATABASE, DEFAULT_DATA, DataOption, out
from thunderbox.errors import StartError, ThunderBoxError
from thunderbox.store import api_keys, users
from thunderbox.store.api_keys import ApiKey
from thunderbox.store.database import Database

app = typer.Typer(
    help="List, create and revoke API keys, whether the box runs or not.", no_args_is_help=True
)
Result = TypeVar("Result")


@app.command("list")
def list_keys(data: DataOption = DEFAULT_DATA) -> None:
    """Show every key: its beginning, when it was made and last used, and whether it is valid."""
    table = Table("id", "name", "key", "created", "last used", "state")
    for key in _with_database(data, _all):
        state = "active" if key.revoked_at is None else f"revoked {_day(key.revoked_at)}"
        used = "never" if key.last_used_at is None else _day(key.last_used_at)
        table.add_row(key.id, key.name, f"{key.key_prefix}…", _day(key.created_at), used, state)
    out.print(table)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")] = "Default key",
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Make a key and print it: this is the only time that it is shown."""
    if not 1 <= len(name) <= 120:
        raise ThunderBoxError("A key's name has 1 to 120 characters.")

    async def insert(db: Database) -> str:
        org_id = await _organization(db)
        owner = await users.owner(db, org_id)
        secret = api_keys.new_secret()
        async with db.transaction() as tx:
            await api_keys.insert(tx, org_id, name, secret, owner.id if owner else None)
        return secret

    out.print(_with_database(data, insert), markup=False, soft_wrap=True)


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or its beginning as listed.")],
    data: DataOption = DEFAULT_DATA,
) -> None:
    """End a key for good; whoever uses it is refused from then on."""

    async def end(db: Database) -> ApiKey:
        wanted = key.rstrip("….")
        found = [one for one in await _all(db) if wanted and wanted in (one.id, one.key_prefix)]
        if len(found) != 1:
            what = "No key has" if not found else "More than one key has"
            raise ThunderBoxError(f"{what} that id. `thunderbox keys list` shows the ids.")
        async with db.transaction() as tx:
            if not await api_keys.revoke(tx, found[0].org_id, found[0].id):
                raise ThunderBoxError(f'The key "{found[0].name}" is revoked already.')
        return found[0]

    out.print(f'Revoked the key "{_with_database(data, end).name}".', markup=False)


def _with_database(data: Path, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Run `work` on the box's database; never makes a new one."""
    path = data / DATABASE
    if not path.is_file():
        raise StartError(
            f"There is no box in {data}. Name its data directory with --data, or start it once "
            "with `thunderbox serve`."
        )

    async def run() -> Result:
        db = await Database.open(path)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


async def _organization(db: Database) -> int:
    """The organization that the box's first start made."""
    row = await db.fetch_one("SELECT min(id) FROM organizations")
    if row is None or row[0] is None:
        raise StartError("This box has no organization yet: start it once with `thunderbox serve`.")
    return int(row[0])


async def _all(db: Database) -> list[ApiKey]:
    return await api_keys.page(db, await _organization(db))


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
