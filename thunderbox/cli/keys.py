"""`thunderbox keys`: API keys, straight in the database, so that a lost key is no lost box."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from thunderbox.cli.database import first_organization, with_database
from thunderbox.cli.options import DEFAULT_DATA, DataOption, out
from thunderbox.errors import ThunderBoxError
from thunderbox.store import api_keys, users
from thunderbox.store.api_keys import ApiKey
from thunderbox.store.database import Database

app = typer.Typer(
    help="List, create and revoke API keys, whether the box runs or not.", no_args_is_help=True
)


@app.command("list")
def list_keys(data: DataOption = DEFAULT_DATA) -> None:
    """Show every key: its beginning, when it was made and last used, and whether it is valid."""
    table = Table("id", "name", "key", "created", "last used", "state")
    for key in with_database(data, _all):
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
        org_id = await first_organization(db)
        owner = await users.owner(db, org_id)
        secret = api_keys.new_secret()
        async with db.transaction() as tx:
            await api_keys.insert(tx, org_id, name, secret, owner.id if owner else None)
        return secret

    out.print(with_database(data, insert), markup=False, soft_wrap=True)


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

    out.print(f'Revoked the key "{with_database(data, end).name}".', markup=False)


async def _all(db: Database) -> list[ApiKey]:
    return await api_keys.page(db, await first_organization(db))


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
